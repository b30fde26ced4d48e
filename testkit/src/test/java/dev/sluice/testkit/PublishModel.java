package dev.sluice.testkit;

import static dev.sluice.testkit.BrokerModel.require;

import dev.sluice.broker.DeathReason;
import dev.sluice.broker.Refusal;
import dev.sluice.testkit.CopyModel.End;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Confined to the thread of the simulation. What is published, and what publishers may be told of it. */
final class PublishModel {
    private final BrokerModel model;
    private final List<Publication> unanswered = new ArrayList<>();

    PublishModel(BrokerModel model) {
        this.model = model;
    }

    /** A record that was published, and the copies for which somebody has to answer. */
    static final class Publication {
        final List<CopyModel> copies;
        private final boolean isStoredWhenConfirmed;
        private int unanswered;
        /** Waited for so long already that a queue has to refuse the record, unless somebody takes this first. */
        private @Nullable CopyModel tooOld;

        private int tooOldSince;
        /** A queue takes nothing until somebody lets it go on. */
        private boolean isHeld;

        private void tooOld(@Nullable CopyModel found) {
            if (found != null) {
                tooOld = found;
                tooOldSince = found.readySince;
            }
        }

        private void requireNotHeld() {
            boolean isStillHeld = isHeld
                    && copies.size() == 1
                    && copies.getFirst().origin.pauses.surelyHoldsPublishers(Integer.MAX_VALUE);
            require(!isStillHeld, copies + " is taken while publishing is paused");
        }

        private boolean mayBeTaken() {
            return tooOld == null || !tooOld.ready || !tooOld.isOwed() || tooOld.readySince != tooOldSince;
        }

        Publication(List<CopyModel> copies, boolean isStoredWhenConfirmed, int answers) {
            this.copies = copies;
            this.isStoredWhenConfirmed = isStoredWhenConfirmed;
            this.unanswered = answers;
        }
    }

    /** A record is on its way into these queues. */
    Publication published(List<CopyModel> its, boolean wantsAnswer, boolean isStoredWhenConfirmed) {
        var publication = new Publication(its, isStoredWhenConfirmed, its.size());
        for (CopyModel copy : its) {
            QueueModel queue = copy.at;
            copy.earliestMs = model.quietMs();
            copy.latestMs = model.nowMs();
            copy.mayBeGone = queue.purging > 0 || !queue.isThere();
            model.add(copy);
            publication.tooOld(queue.findTooOld(model.quietMs()));
            queue.copies.add(copy);
            model.mayHaveComeAndGone(copy);
            queue.tally.accepted++;
            queue.tally.hasTtl |= copy.attributes.ttlMs() >= 0;
            boolean mayBeRefused = model.isDisturbed() || queue.pauses.mayHoldPublishers();
            queue.tally.isUncertain |= !wantsAnswer && (queue.refusesAtLimit() || mayBeRefused);
            copy.mayBeGone |= !wantsAnswer && mayBeRefused;
            publication.isHeld |= queue.pauses.surelyHoldsPublishers(model.quietPoints()) && !queue.blocksAtLimit();
        }
        if (wantsAnswer) {
            unanswered.add(publication);
        }
        return publication;
    }

    void stored(Publication publication) {
        require(publication.unanswered > 0, "a publisher is told too often");
        require(
                publication.mayBeTaken() || publication.copies.size() > 1,
                publication.copies + " is taken, while " + publication.tooOld + " waits for too long");
        publication.requireNotHeld();
        answered(publication);
    }

    void refused(Publication publication, String queue, Refusal.Reason reason) {
        require(publication.unanswered > 0, "a publisher is told too often");
        for (CopyModel copy : publication.copies) {
            if (copy.origin.name.equals(queue)) {
                refused(copy, reason);
            }
        }
        answered(publication);
    }

    private void refused(CopyModel copy, Refusal.Reason reason) {
        QueueModel queue = copy.origin;
        boolean isPaused =
                reason == Refusal.Reason.QUEUE_PAUSED && queue.pauses.mayHaveHeldPublishers(model.quietPoints());
        boolean isFull = reason == Refusal.Reason.QUEUE_FULL;
        boolean isByStorage = reason == Refusal.Reason.STORAGE && model.isDisturbed();
        require(!isFull || queue.refusesAtLimit(), copy + " is refused by a queue that takes all");
        require(isFull || isByStorage || isPaused || !queue.isThere(), copy + " is refused by a queue that is there");
        require(copy.at != queue || !copy.deliveredEver, copy + " was delivered, and is refused");
        queue.tally.accepted--;
        if (queue.sendsRefusedToDeadLetters() && isFull) {
            QueueModel target = queue.deadLetterTarget;
            if (copy.at == queue && target != null) {
                model.move(copy, target, DeathReason.LENGTH_LIMIT, false);
                copy.earliestMs = model.quietMs();
            } else if (copy.at == queue) {
                copy.ends(End.REFUSED);
                copy.endIsDurable = true;
            }
        } else {
            copy.ends(End.REFUSED);
            copy.endIsDurable = true;
        }
    }

    private void answered(Publication publication) {
        publication.unanswered--;
        if (publication.unanswered == 0) {
            unanswered.remove(publication);
            for (CopyModel copy : publication.copies) {
                if (copy.end == null && publication.isStoredWhenConfirmed && copy.at == copy.origin) {
                    copy.promise(model.lastId());
                }
            }
        }
    }

    /** Nothing goes on: whoever wanted an answer has it. */
    void quiet() {
        require(unanswered.isEmpty(), "nobody says what became of what was published: " + unanswered.size());
    }

    /** The process ended: whoever has no answer gets none. */
    void ended() {
        unanswered.clear();
    }
}
