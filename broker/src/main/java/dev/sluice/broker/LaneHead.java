package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import org.jspecify.annotations.Nullable;

/**
 * The next record of one lane, and whether it may be delivered now: what waited too long is given up on the way to it, and what is not due yet held back. Records that ask for nothing cost the look at their first header. Confined to the queue's shard.
 */
final class LaneHead {
    /** Records that are passed over in one turn, so that many that are over at once do not keep a shard from its other queues. */
    private static final int MOST_PASSED_PER_TURN = 1024;

    private static final long NONE = -1;

    private final Queue queue;
    private final Lane lane;
    private final QueueCounters counters;
    private final long queueTtlMs;
    /** Milliseconds after which what waits gives way; below 0 for never. */
    private final long dropAgeMs;

    private final @Nullable KeyOrder keys;
    private int passed;
    /** Of the record that the backlog stands at. */
    private long key;
    /** Nothing new is looked at before some of what was passed over is settled. */
    private boolean blocked;

    /** Offset of the head that was looked at last, so that a head that stays is not read again. */
    private long seen = NONE;

    private long seenSinceMs;
    private long seenExpiryMs;

    LaneHead(Queue queue, Lane lane, QueueCounters counters) {
        this.queue = queue;
        this.lane = lane;
        this.counters = counters;
        QueueSettings settings = queue.spec().settings();
        this.queueTtlMs = settings.messageTtlMs();
        this.dropAgeMs = settings.overflow().isDrop() ? settings.maxAgeMs() : QueueSettings.UNLIMITED;
        this.keys = queue.keys();
    }

    /** Makes ready what was held back until now. */
    void beginTurn() {
        passed = 0;
        long nowMs = queue.home().turnTimeMs();
        HeldBack held = lane.heldBack();
        if (held.firstDueMs() <= nowMs) {
            held.bringBack(nowMs, MOST_PASSED_PER_TURN, lane.backlog());
        }
    }

    /**
     * Whether the lane's backlog stands at a record that may be delivered now.
     *
     * @param wanted whether somebody takes it at once: then it may be one that may not wait at all
     */
    boolean toNext(boolean wanted) {
        blocked = false;
        while (lane.toNextReadable(counters)) {
            if (passed == MOST_PASSED_PER_TURN) {
                queue.wake();
                return false;
            }
            RecordCursor record = lane.backlog().record();
            long offset = record.offset();
            boolean asks = RecordAttributes.isIn(record);
            long ttlMs = asks ? shorter(queueTtlMs, RecordAttributes.ttlMs(record)) : queueTtlMs;
            long readyMs =
                    asks ? Times.plus(record.timestampMs(), RecordAttributes.delayMs(record)) : record.timestampMs();
            long nowMs = queue.home().turnTimeMs();
            if (asks && readyMs > nowMs) {
                holdBack(offset, readyMs);
                continue;
            }
            DeathReason death = isOver(readyMs, ttlMs, nowMs, wanted)
                    ? DeathReason.EXPIRED
                    : isOver(readyMs, dropAgeMs, nowMs, true) ? DeathReason.LENGTH_LIMIT : null;
            if (death == null && keys != null && !isAdmitted(keys, record)) {
                if (!passOver(keys, offset)) {
                    return false;
                }
                continue;
            }
            if (death == null) {
                seen = offset;
                seenSinceMs = readyMs;
                long endMs = shorter(ttlMs, dropAgeMs);
                seenExpiryMs = endMs < 0 ? Long.MAX_VALUE : Times.plus(readyMs, endMs);
                return true;
            }
            if (queue.mayLetNoneGo()) {
                return false;
            }
            passed++;
            lane.backlog().take();
            queue.settling().giveUp(lane, offset, death);
        }
        return false;
    }

    private boolean isAdmitted(KeyOrder order, RecordCursor record) {
        key = order.numberOf(record);
        return order.admits(RecordPlace.of(lane.index(), record.offset()), key);
    }

    /** False if too many were passed over already. Those that were met before are fewer than the keys that are locked, and may hide what sets them free. */
    private boolean passOver(KeyOrder order, long offset) {
        if (order.passedOver().isFull() && lane.backlog().isNew()) {
            blocked = true;
            return false;
        }
        passed++;
        lane.backlog().passOver();
        order.passedOver(RecordPlace.of(lane.index(), offset), key);
        return true;
    }

    /** The record that the backlog stands at is on its way to a consumer now. */
    void take(long offset) {
        lane.backlog().take();
        if (keys != null) {
            keys.delivered(RecordPlace.of(lane.index(), offset), key);
        }
    }

    /** Whether a record that may be delivered can come up without anything being settled. */
    boolean isComing() {
        return !blocked && lane.backlog().ahead() > 0;
    }

    private void holdBack(long offset, long dueMs) {
        passed++;
        lane.backlog().setAside();
        lane.heldBack().add(offset, dueMs);
    }

    /** Looks at the lane whether or not somebody consumes; returns when to look again, {@link Long#MAX_VALUE} if no time comes by itself. */
    long look() {
        long expiryMs = lookAtHead();
        return Math.min(expiryMs, lane.heldBack().firstDueMs());
    }

    /** Returns when the record that is next is over. */
    private long lookAtHead() {
        Backlog backlog = lane.backlog();
        if (backlog.ready() == 0) {
            return Long.MAX_VALUE;
        }
        boolean isKnown = backlog.head() == seen && seenExpiryMs > queue.home().turnTimeMs();
        if (!isKnown && !toNext(false)) {
            return Long.MAX_VALUE;
        }
        if (seenExpiryMs == Long.MAX_VALUE && queue.isIdle()) {
            backlog.letGo();
        }
        return seenExpiryMs;
    }

    /** Since when the head that was looked at last waits; {@link Long#MAX_VALUE} if it is gone. */
    long waitsSinceMs() {
        Backlog backlog = lane.backlog();
        return backlog.ready() > 0 && backlog.head() == seen ? seenSinceMs : Long.MAX_VALUE;
    }

    /** A record that may not wait at all is over unless somebody takes it at once. */
    private static boolean isOver(long fromMs, long ttlMs, long nowMs, boolean wanted) {
        if (ttlMs <= 0) {
            return ttlMs == 0 && !wanted;
        }
        return Times.plus(fromMs, ttlMs) <= nowMs;
    }

    static long shorter(long ttlMs, long otherMs) {
        if (ttlMs < 0 || otherMs < 0) {
            return Math.max(ttlMs, otherMs);
        }
        return Math.min(ttlMs, otherMs);
    }
}
