package dev.sluice.testkit;

import static dev.sluice.testkit.BrokerModel.require;

/** Stateless. Whether something is missing in the end that had to come. */
final class LossCheck {
    private LossCheck() {}

    /** Every queue was emptied by consumers that acknowledge all: what is owed has come. */
    static void drained(BrokerModel model) {
        for (CopyModel copy : model.copies()) {
            if (copy.end == null && copy.isOwed()) {
                require(mayBeMissing(model, copy), "lost: " + copy);
                requireNoLowerWasSpared(model, copy);
            }
        }
    }

    private static boolean mayBeMissing(BrokerModel model, CopyModel copy) {
        QueueModel queue = copy.at;
        boolean leaves = copy.leaving != null || copy.mayHaveMoved;
        for (boolean isFirst = true; ; isFirst = false) {
            boolean gaveUp = isFirst
                    ? leaves || queue.mayGiveUp(copy, model.nowMs())
                    : queue.dropsAtLimit() || queue.settings.messageTtlMs() >= 0;
            QueueModel target = queue.deadLetterTarget;
            if (!gaveUp) {
                return queue.mayVanish();
            }
            if (target == null || !target.isThere() || target.mayLoseUnseen || target.sendsRefusedToDeadLetters()) {
                return true;
            }
            queue = target;
        }
    }

    /** Where the lowest priority is dropped first, nothing is dropped while something lower is ready. */
    private static void requireNoLowerWasSpared(BrokerModel model, CopyModel missing) {
        QueueModel queue = missing.at;
        if (!queue.dropsAtLimit()
                || queue.mayDropOutOfTurn
                || missing.expiresMs() != Long.MAX_VALUE
                || missing.mayHaveMoved) {
            return;
        }
        for (CopyModel other : model.copies()) {
            boolean wasSpared = other.waitedToTheEnd
                    && other.at == queue
                    && other.lane < missing.lane
                    && other.promisedAt <= missing.id
                    && other.attributes.delayMs() == 0;
            require(!wasSpared, missing + " was dropped, and not " + other);
        }
    }
}
