package dev.sluice.testkit;

import static dev.sluice.testkit.BrokerModel.require;

import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueSettings.Ordering;
import dev.sluice.broker.QueueStatistics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Confined to the thread of the simulation. What queues say of themselves while nothing goes on, compared with the model: nothing vanishes uncounted, and nobody waits for what is there. */
final class StatisticsCheck {
    private final Map<QueueModel, QueueStatistics> now = new HashMap<>();
    /** What a queue held when its present life began, as far as its own numbers tell. */
    private final Map<QueueModel, Long> heldAtFirst = new HashMap<>();
    /** What it held when its last life ended in good order. */
    private final Map<QueueModel, Long> heldAtEnd = new HashMap<>();

    void begun() {
        heldAtFirst.clear();
        now.clear();
    }

    /** The clients have gone, and the process ends. */
    void ended() {
        heldAtEnd.clear();
        now.forEach((queue, statistics) -> {
            if (queue.spec.durable()) {
                heldAtEnd.put(queue, held(statistics));
            }
        });
    }

    void crashed() {
        heldAtEnd.clear();
    }

    void ask(BrokerSim sim) {
        now.clear();
        for (QueueModel queue : sim.model.queuesThere()) {
            sim.on(
                    0,
                    view -> view.queueStatistics(
                            queue.name,
                            0,
                            outcome -> sim.hears(() -> {
                                switch (outcome) {
                                    case Outcome.Done<QueueStatistics>(QueueStatistics statistics) ->
                                        now.put(queue, statistics);
                                    case Outcome.Refused<QueueStatistics> refused ->
                                        throw new AssertionError(queue + " has no statistics: " + refused);
                                }
                            })));
        }
    }

    void compare(BrokerModel model, List<SimConsumer> consumers) {
        for (QueueModel queue : model.queuesThere()) {
            QueueStatistics statistics = now.get(queue);
            if (statistics == null) {
                throw new AssertionError(queue + " does not tell its statistics");
            }
            try {
                requireConservation(queue, statistics);
                requireTally(queue, statistics);
                requireContent(model, queue, statistics);
                requireLimit(queue, statistics);
                requireNobodyWaits(queue, statistics);
                requireServed(queue, statistics, consumers);
            } catch (AssertionError found) {
                throw new AssertionError(
                        queue + ": " + found.getMessage() + "\n  " + statistics + "\n  known: " + queue.copies, found);
            }
        }
    }

    void requireAllEmpty() {
        now.forEach((queue, statistics) -> require(held(statistics) == 0, queue + " is not emptied: " + statistics));
    }

    private static long held(QueueStatistics statistics) {
        return statistics.ready() + statistics.unsettled() + statistics.held();
    }

    /** What came in is what went out, for a reason that is counted, and what is there. */
    private void requireConservation(QueueModel queue, QueueStatistics statistics) {
        require(statistics.damaged() == 0, "records are missing");
        if (queue.sendsRefusedToDeadLetters() && queue.isTarget) {
            return; // refused dead letters count as refused, and are not sent on
        }
        long out = statistics.acknowledged() + statistics.purged();
        if (queue.hasDeadLetterExchange()) {
            out += statistics.deadLettered() + statistics.deadLettersDropped();
            if (queue.sendsRefusedToDeadLetters()) {
                out -= statistics.refusedAtLimit();
            }
        } else {
            out += statistics.rejected()
                    + statistics.expired()
                    + statistics.deliveryLimitExceeded()
                    + statistics.droppedAtLimit();
        }
        long first = held(statistics) + out - statistics.published();
        Long before = heldAtFirst.putIfAbsent(queue, first);
        require(before == null || before == first, "it began with " + before + ", and now with " + first);
        @Nullable Long atEnd = heldAtEnd.get(queue);
        require(atEnd == null || atEnd == first, "it ended with " + atEnd + ", and began with " + first);
    }

    private static void requireTally(QueueModel queue, QueueStatistics statistics) {
        QueueModel.Tally tally = queue.tally;
        require(queue.dropsAtLimit() || statistics.droppedAtLimit() == 0, "it drops without a limit");
        boolean mayExpire = queue.settings.messageTtlMs() >= 0 || tally.hasTtl;
        require(mayExpire || statistics.expired() == 0, "records expire that live for ever");
        require(queue.pauses.mayBe(statistics.paused()), "it says that something else is paused");
        require(statistics.parked() == 0, "records are parked without a circle");
        if (tally.isUncertain) {
            return;
        }
        require(
                queue.isTarget || statistics.published() == tally.accepted,
                "it took " + statistics.published() + " of " + tally.accepted);
        require(statistics.delivered() == tally.delivered, "it delivered, and consumers got " + tally.delivered);
        require(statistics.acknowledged() == tally.acked, "consumers acknowledged " + tally.acked);
        require(statistics.rejected() == tally.rejected, "consumers rejected " + tally.rejected);
        require(statistics.deliveryLimitExceeded() == tally.tooOften, tally.tooOften + " came back too often");
    }

    /** What it holds are records that it may hold, and all that it has to. */
    private static void requireContent(BrokerModel model, QueueModel queue, QueueStatistics statistics) {
        long owed = 0;
        long possible = 0;
        long withConsumers = 0;
        boolean leasesAreOpen = false;
        for (CopyModel copy : model.copies()) {
            if (copy.end != null) {
                continue;
            }
            possible += copy.at == queue || leadsTo(copy.at, queue) ? 1 : 0;
            if (copy.at != queue) {
                continue;
            }
            boolean isSure = copy.isOwed() && !copy.mayHaveMoved && copy.leaving == null;
            boolean isHeld = copy.holder != null && !copy.holder.mayBeOverAt(model.nowMs());
            owed += isSure && (isHeld || !queue.mayGiveUp(copy, model.nowMs())) ? 1 : 0;
            withConsumers += copy.holder != null ? 1 : 0;
            leasesAreOpen |= copy.holder != null && copy.holder.mayBeOverAt(model.nowMs());
        }
        long held = held(statistics);
        require(held >= owed, "it holds " + held + " and has to hold " + owed);
        QueueModel target = queue.deadLetterTarget;
        boolean mayWaitInVain = target != null && !target.isThere() && target.letsDeadLettersWait();
        require(held <= possible || mayWaitInVain, "it holds " + held + " and can have " + possible);
        if (!leasesAreOpen && !queue.tally.isUncertain) {
            boolean isExact = !queue.hasDeadLetterExchange();
            require(
                    isExact ? statistics.unsettled() == withConsumers : statistics.unsettled() >= withConsumers,
                    withConsumers + " are with consumers");
        }
    }

    private static boolean leadsTo(QueueModel from, QueueModel queue) {
        for (QueueModel next = from.deadLetterTarget; next != null; next = next.deadLetterTarget) {
            if (next == queue) {
                return true;
            }
        }
        return false;
    }

    private static void requireLimit(QueueModel queue, QueueStatistics statistics) {
        long maxLength = queue.settings.maxLength();
        long maxBytes = queue.settings.maxLengthBytes();
        require(
                !queue.dropsAtLimit() || maxLength < 0 || statistics.ready() <= maxLength,
                "it is longer than its limit");
        require(
                !queue.dropsAtLimit() || maxBytes < 0 || statistics.readyBytes() <= maxBytes,
                "it has more bytes than its limit");
    }

    /** Nobody waits for room where there is some. */
    private static void requireNobodyWaits(QueueModel queue, QueueStatistics statistics) {
        long maxLength = queue.settings.maxLength();
        long maxBytes = queue.settings.maxLengthBytes();
        boolean isFull = (maxLength >= 0 && statistics.ready() >= Math.max(1, maxLength))
                || (maxBytes >= 0 && statistics.readyBytes() >= Math.max(1, maxBytes))
                || (queue.settings.maxAgeMs() >= 0 && statistics.ready() > 0);
        boolean mayHold = queue.pauses.mayHoldPublishers();
        require(isFull || mayHold || queue.waiting == 0, queue.waiting + " publishers wait, and there is room");
    }

    /** Nobody who could take a record waits while one is ready. */
    private static void requireServed(QueueModel queue, QueueStatistics statistics, List<SimConsumer> consumers) {
        List<SimConsumer> subscribed = consumers.stream()
                .filter(consumer -> consumer.queue == queue && !consumer.isGetter)
                .filter(consumer -> consumer.state == SimConsumer.State.ACTIVE)
                .toList();
        boolean isServed = queue.settings.singleActiveConsumer()
                ? subscribed.size() == 1 && subscribed.getFirst().canTake()
                : subscribed.stream().anyMatch(SimConsumer::canTake);
        boolean mayWait = queue.pauses.mayHoldConsumers() || areAllLocked(queue);
        require(!isServed || statistics.ready() == 0 || mayWait, "consumers wait, and records too");
    }

    private static boolean areAllLocked(QueueModel queue) {
        return queue.ordering == Ordering.KEY
                && queue.copies.stream().noneMatch(copy -> copy.ready && OrderCheck.isSurelyFree(copy));
    }
}
