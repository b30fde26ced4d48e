package dev.sluice.testkit;

import dev.sluice.broker.DeathReason;
import dev.sluice.broker.RecordAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Confined to the thread of the simulation. What is known of one published record in one of the queues that it was routed to, and in those to which it went from there as a dead letter: it is in one of them at a time.
 */
final class CopyModel {
    /** How it left the broker for good. */
    enum End {
        ACKED,
        REFUSED,
        DROPPED,
        PURGED,
        QUEUE_GONE
    }

    /** That it left a queue. */
    record Left(String queue, DeathReason reason) {}

    final long id;
    final QueueModel origin;
    /** In the order of publishing, by shards and lives. */
    final int publishedOn;

    final int publishedInLife;
    RecordAttributes attributes;
    final int valueBytes;
    /** What it is about; 0 for nothing. */
    final int key;

    /** Where it is, as far as is known. */
    QueueModel at;

    int lane;
    /** Its timestamp is not before this, and not after {@link #latestMs}. */
    long earliestMs;

    long latestMs;
    /** Queues that it left, the last first. */
    final List<Left> left = new ArrayList<>();

    /** The broker has it for sure: it said so, or delivered it, or had all the time to take it. */
    boolean promised;
    /** The highest id of any record when it was promised; 0 before. */
    long promisedAt;
    /** It waited from its first moment to the very end, and nobody had it before. */
    boolean waitedToTheEnd;
    /** Something may have happened to it that nobody can know. */
    boolean mayBeGone;

    @Nullable
    End end;
    /** Whether a crash cannot bring it back. */
    boolean endIsDurable;
    /** When everything was at rest for the first time after what happened to it last. */
    long restingSinceMs = Long.MAX_VALUE;
    /** It leaves its queue for that reason, and goes where dead letters go. */
    @Nullable
    DeathReason leaving;
    /** It left its queue before a crash, so that it is there or where dead letters go. */
    boolean mayHaveMoved;

    SimConsumer.@Nullable Held holder;
    /** Its place in the lane; -1 while nobody was told. */
    long offset = -1;

    boolean deliveredInLife;
    boolean deliveredEver;
    /** How often it came back; more than once possible after a crash, or where nobody can know. */
    int fewestReturns;

    int mostReturns;
    int durableReturns;
    /** It came back, and is not delivered before that time. */
    long notBeforeMs;
    /** It is ready at that time for sure. */
    long readyByMs;
    /** So long after the next quiet point. */
    long waitMs;

    /** Ready since the last quiet point, and nothing but a delivery is to happen to it. */
    boolean ready;
    /** Number of the quiet point since which it is ready without a break; 0 while it is not. */
    int readySince;

    CopyModel(
            long id,
            QueueModel origin,
            int publishedOn,
            int publishedInLife,
            RecordAttributes attributes,
            int valueBytes,
            int key) {
        this.id = id;
        this.origin = origin;
        this.at = origin;
        this.publishedOn = publishedOn;
        this.publishedInLife = publishedInLife;
        this.attributes = attributes;
        this.valueBytes = valueBytes;
        this.key = key;
    }

    void promise(long highestId) {
        if (!promised) {
            promised = true;
            promisedAt = highestId;
        }
    }

    /** It has to be there, unless the queue drops it by its own rules. */
    boolean isOwed() {
        return promised && !mayBeGone && end == null;
    }

    /** It was, or is about to be, in the queue, and nothing is known of its having left. */
    boolean mayBeIn(QueueModel queue) {
        return end == null && at == queue;
    }

    void ends(End how) {
        end = how;
        endIsDurable = false;
        changed();
        holder = null;
        leaving = null;
        notReady();
    }

    /** Something happened to it that is not durable at once. */
    void changed() {
        restingSinceMs = Long.MAX_VALUE;
    }

    void notReady() {
        ready = false;
        readySince = 0;
    }

    /** Milliseconds that it may wait in its queue, from the end of its delay. */
    long ttlMs() {
        long queueMs = at.settings.messageTtlMs();
        long ownMs = attributes.ttlMs();
        return queueMs < 0 || ownMs < 0 ? Math.max(queueMs, ownMs) : Math.min(queueMs, ownMs);
    }

    /** It does not expire before; {@link Long#MAX_VALUE} if it never does. */
    long expiresMs() {
        long ttlMs = ttlMs();
        return ttlMs < 0 ? Long.MAX_VALUE : earliestMs + attributes.delayMs() + ttlMs;
    }

    /** It is in the queue now to which dead letters of its former one go. */
    void movedTo(QueueModel target, DeathReason reason, long nowMs, boolean forSure) {
        left.addFirst(new Left(at.name, reason));
        at = target;
        lane = Math.min(lane, target.lanes() - 1);
        attributes = RecordAttributes.NONE;
        latestMs = nowMs;
        leaving = null;
        mayHaveMoved = false;
        holder = null;
        changed();
        offset = -1;
        deliveredInLife = false;
        deliveredEver = false;
        fewestReturns = 0;
        mostReturns = target.everClosedFromAfar;
        durableReturns = 0;
        notBeforeMs = 0;
        readyByMs = 0;
        waitMs = 0;
        mayBeGone |= !forSure || target.mayVanish() || target.mayLoseUnseen;
        notReady();
    }

    @Override
    public String toString() {
        return "record " + id + (key == 0 ? "" : " about " + key) + " of " + origin.name
                + (at == origin ? "" : " in " + at.name)
                + (offset < 0 ? "" : " at " + lane + ":" + offset)
                + (end == null ? "" : ", " + end + (endIsDurable ? " for ever" : ""))
                + (leaving == null ? "" : ", leaving: " + leaving)
                + (mayHaveMoved ? ", perhaps moved" : "")
                + (isOwed() ? "" : ", not owed");
    }
}
