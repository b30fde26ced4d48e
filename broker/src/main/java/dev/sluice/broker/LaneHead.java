package dev.sluice.broker;

import dev.sluice.log.RecordCursor;

/**
 * The next record of one lane, and whether it may be delivered now: what waited too long is given up on the way to it, and what is not due yet held back. Records that ask for nothing cost the look at their first header. Confined to the queue's shard.
 */
final class LaneHead {
    /** Records that are passed over in one turn, so that many that are over at once do not keep a shard from its other queues. */
    private static final int MOST_PASSED_PER_TURN = 1024;

    /** So long a record that may not wait at all is on its way to somebody who waits for it, since the storage has to take it. */
    private static final long AT_ONCE_MS = 1_000;

    private static final long NONE = -1;

    private final Queue queue;
    private final Lane lane;
    private final QueueCounters counters;
    private final long queueTtlMs;
    private int passed;
    /** Offset of the head that was looked at last, so that a head that stays is not read again. */
    private long seen = NONE;

    private long seenExpiryMs;

    LaneHead(Queue queue, Lane lane, QueueCounters counters, long queueTtlMs) {
        this.queue = queue;
        this.lane = lane;
        this.counters = counters;
        this.queueTtlMs = queueTtlMs;
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
        while (lane.toNextReadable(counters)) {
            if (passed == MOST_PASSED_PER_TURN) {
                queue.wake();
                return false;
            }
            RecordCursor record = lane.backlog().record();
            boolean asks = RecordAttributes.isIn(record);
            long ttlMs = asks ? shorter(queueTtlMs, RecordAttributes.ttlMs(record)) : queueTtlMs;
            long readyMs =
                    asks ? Times.plus(record.timestampMs(), RecordAttributes.delayMs(record)) : record.timestampMs();
            long nowMs = queue.home().turnTimeMs();
            if (asks && readyMs > nowMs) {
                holdBack(record.offset(), readyMs);
            } else if (isOver(readyMs, ttlMs, nowMs, wanted)) {
                if (queue.mayLetNoneGo()) {
                    return false;
                }
                expire(record.offset());
            } else {
                seen = record.offset();
                seenExpiryMs = ttlMs < 0 ? Long.MAX_VALUE : Times.plus(readyMs, ttlMs);
                return true;
            }
        }
        return false;
    }

    private void holdBack(long offset, long dueMs) {
        passed++;
        lane.backlog().setAside();
        lane.heldBack().add(offset, dueMs);
    }

    private void expire(long offset) {
        passed++;
        lane.backlog().take();
        queue.settling().giveUp(lane, offset, DeathReason.EXPIRED);
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

    /** A record that may not wait at all is over unless somebody takes it at once; if it stood behind others meanwhile, that is too late. */
    private static boolean isOver(long fromMs, long ttlMs, long nowMs, boolean wanted) {
        if (ttlMs < 0) {
            return false;
        }
        return Times.plus(fromMs, ttlMs == 0 && wanted ? AT_ONCE_MS : ttlMs) <= nowMs;
    }

    private static long shorter(long ttlMs, long otherMs) {
        if (ttlMs < 0 || otherMs < 0) {
            return Math.max(ttlMs, otherMs);
        }
        return Math.min(ttlMs, otherMs);
    }
}
