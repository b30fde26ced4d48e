package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import org.jspecify.annotations.Nullable;

/**
 * The next record of one lane, and whether it may be delivered now: what waited too long is given up on the way to it, what is not due yet held back, and what has to wait for others passed over. Records that ask for nothing
 * cost the look at their first header. Confined to the queue's shard.
 */
final class LaneHead {
    /** Records that are passed in one turn, so that many that are over at once do not keep a shard from its other queues. */
    private static final int MOST_PASSED_PER_TURN = 1024;

    /** So long a record that may not wait at all is on its way to somebody who waits for it, since the storage has to take it. */
    private static final long AT_ONCE_MS = 1_000;

    private static final long NONE = -1;

    private final Queue queue;
    private final Lane lane;
    private final long queueTtlMs;
    /** Milliseconds after which what waits gives way; below 0 for never. */
    private final long dropAgeMs;
    /** While nobody consumes it, a topic is not read: perhaps nobody ever does, and what its oldest record is changes with all that is published. */
    private final boolean isLeftAlone;

    private final OrderingKey orderingKey;
    private final @Nullable KeyOrder keys;
    private final @Nullable FairOrder fair;
    /** Of a topic that keeps no others. */
    private final @Nullable LastValues lastValues;

    private int passed;
    private int readAhead;
    /** Of the record that the backlog stands at. */
    private long key;
    /** Nothing new is looked at before some of what was passed over is settled. */
    private boolean blocked;

    /** Offset of the oldest that was looked at last, so that one that stays is not read again. */
    private long seen = NONE;

    private long seenSinceMs;
    private long seenExpiryMs;

    LaneHead(Queue queue, Lane lane) {
        this.queue = queue;
        this.lane = lane;
        QueueSettings settings = queue.spec().settings();
        this.queueTtlMs = settings.messageTtlMs();
        this.dropAgeMs = settings.overflow().isDrop() ? queue.spec().maxWaitMs() : QueueSettings.UNLIMITED;
        this.isLeftAlone = queue.spec().isTopic() && queueTtlMs < 0;
        this.orderingKey = new OrderingKey(settings.orderingKeyHeader());
        this.keys = queue.order() instanceof KeyOrder order ? order : null;
        this.fair = queue.order() instanceof FairOrder order ? order : null;
        this.lastValues = lane.partition().lastValues();
    }

    /** Makes ready what was held back until now, and reads ahead, if somebody consumes. */
    void beginTurn() {
        passed = 0;
        readAhead = 0;
        long nowMs = queue.home().turnTimeMs();
        HeldBack held = lane.heldBack();
        if (held.firstDueMs() <= nowMs) {
            held.bringBack(nowMs, MOST_PASSED_PER_TURN, lane.backlog());
        }
        if (fair != null && !queue.isIdle()) {
            readAhead(fair);
        }
    }

    /** Whether the lane's backlog stands at a record that may be delivered now. Somebody has to take it at once: it may be one that may not wait at all. */
    boolean toNext() {
        return fair == null ? toNextInLine() : toNextInTurn(fair);
    }

    private boolean toNextInLine() {
        blocked = false;
        while (lane.toNextReadable() && !isTurnOver()) {
            switch (look(true)) {
                case NEXT -> {
                    return true;
                }
                case WAITS -> {
                    if (!passOver()) {
                        return false;
                    }
                }
                case STUCK -> {
                    return false;
                }
                case WENT -> {}
            }
        }
        return false;
    }

    private boolean toNextInTurn(FairOrder order) {
        while (!isTurnOver()) {
            if (!toChosen(order) && (lane.isBeingRead() || !(readAhead(order) && toChosen(order)))) {
                return false;
            }
            switch (look(true)) {
                case NEXT, WAITS -> {
                    return true;
                }
                case STUCK -> {
                    return false;
                }
                case WENT -> {}
            }
        }
        return false;
    }

    private boolean toChosen(FairOrder order) {
        return order.choose(lane.index(), offset -> lane.toReadable(offset));
    }

    /** Learns whose the next records are; false if there was none. */
    private boolean readAhead(FairOrder order) {
        int before = readAhead;
        while (readAhead < MOST_PASSED_PER_TURN && !order.passedOver().isFull() && lane.toNextReadable()) {
            readAhead++;
            Fate fate = look(true);
            if (fate == Fate.STUCK) {
                break;
            }
            if (fate != Fate.WENT) {
                RecordCursor record = lane.backlog().record();
                long place = RecordPlace.of(lane.index(), record.offset());
                key = orderingKey.of(record);
                lane.backlog().leave();
                order.waits(place, key);
            }
        }
        if (readAhead == MOST_PASSED_PER_TURN) {
            queue.wake();
        }
        return readAhead > before;
    }

    /** Whether the lane's backlog stands at the oldest ready record, though it perhaps may not be delivered. */
    private boolean toOldest() {
        while (lane.toOldestReadable() && !isTurnOver()) {
            switch (look(false)) {
                case NEXT, WAITS -> {
                    return true;
                }
                case STUCK -> {
                    return false;
                }
                case WENT -> {}
            }
        }
        return false;
    }

    private boolean isTurnOver() {
        if (passed == MOST_PASSED_PER_TURN) {
            queue.wake();
            return true;
        }
        return false;
    }

    /** What is to become of a ready record. */
    private enum Fate {
        /** It may be delivered, and is wanted. */
        NEXT,
        WAITS,
        WENT,
        /** It should go, and cannot now. */
        STUCK
    }

    /** Looks at the record that the backlog stands at, which is given up or held back if it is time for that. */
    private Fate look(boolean wanted) {
        Backlog backlog = lane.backlog();
        RecordCursor record = backlog.record();
        long offset = record.offset();
        if (lastValues != null && lastValues.superseded().contains(offset)) {
            passed++;
            queue.counters().superseded++;
            backlog.take();
            backlog.settleInFlight(offset);
            return Fate.WENT;
        }
        boolean asks = RecordAttributes.isIn(record);
        long ttlMs = asks ? Times.shorter(queueTtlMs, RecordAttributes.ttlMs(record)) : queueTtlMs;
        long readyMs = asks ? Times.plus(record.timestampMs(), RecordAttributes.delayMs(record)) : record.timestampMs();
        long nowMs = queue.home().turnTimeMs();
        if (asks && readyMs > nowMs) {
            passed++;
            backlog.setAside();
            lane.heldBack().add(offset, readyMs);
            return Fate.WENT;
        }
        boolean isNext = wanted && isAdmitted(record);
        DeathReason death = isOver(readyMs, ttlMs, nowMs, isNext)
                ? DeathReason.EXPIRED
                : isOver(readyMs, dropAgeMs, nowMs, true) ? DeathReason.LENGTH_LIMIT : null;
        if (death == null) {
            if (offset == backlog.oldest()) {
                seen = offset;
                seenSinceMs = readyMs;
                long endMs = Times.shorter(ttlMs, dropAgeMs);
                seenExpiryMs = endMs < 0 ? Long.MAX_VALUE : Times.plus(readyMs, endMs);
            }
            return isNext ? Fate.NEXT : Fate.WAITS;
        }
        if (queue.settling().mayLetNoneGo()) {
            return Fate.STUCK;
        }
        passed++;
        backlog.take();
        queue.settling().giveUp(lane, offset, death);
        return Fate.WENT;
    }

    private boolean isAdmitted(RecordCursor record) {
        if (keys == null) {
            return true;
        }
        key = orderingKey.of(record);
        return keys.admits(RecordPlace.of(lane.index(), record.offset()), key);
    }

    /** False if it has to wait where it is, since too many were passed over already. Those that were met before are fewer than the keys that are locked, and may hide what sets them free. */
    private boolean passOver() {
        Backlog backlog = lane.backlog();
        if (keys == null || (keys.passedOver().isFull() && backlog.reader().among() == BacklogReader.Among.NEW)) {
            blocked = true;
            return false;
        }
        passed++;
        long place = RecordPlace.of(lane.index(), backlog.record().offset());
        backlog.leave();
        keys.waits(place, key);
        return true;
    }

    /** The record that {@link #toNext} found is on its way to a consumer now. */
    void take(long offset) {
        lane.backlog().take();
        ServingOrder order = queue.order();
        if (order != null) {
            order.delivered(RecordPlace.of(lane.index(), offset), key);
        }
    }

    /** Whether a record that may be delivered can come up without anything being settled. */
    boolean isComing() {
        return fair == null
                ? !blocked && lane.backlog().ahead() > 0
                : lane.backlog().ready() > 0;
    }

    /** Looks at the lane whether or not somebody consumes; returns when to look again, {@link Long#MAX_VALUE} if no time comes by itself. */
    long look() {
        long expiryMs = lookAtOldest();
        return Math.min(expiryMs, lane.heldBack().firstDueMs());
    }

    /** Returns when the oldest record that is ready is over. */
    private long lookAtOldest() {
        Backlog backlog = lane.backlog();
        if (backlog.ready() == 0 || (isLeftAlone && queue.isIdle())) {
            return Long.MAX_VALUE;
        }
        boolean isKnown = backlog.oldest() == seen
                && seenExpiryMs > queue.home().turnTimeMs()
                && !lane.partition().isOutOfReach(); // which only reading ends
        if (!isKnown && !toOldest()) {
            return Long.MAX_VALUE;
        }
        if (seenExpiryMs == Long.MAX_VALUE
                && queue.isIdle()
                && !queue.limitKeeping().isOverLimit()) {
            backlog.reader().release();
        }
        return seenExpiryMs;
    }

    /** Since when the oldest that was looked at last waits; {@link Long#MAX_VALUE} if it is gone. */
    long waitsSinceMs() {
        Backlog backlog = lane.backlog();
        return backlog.ready() > 0 && backlog.oldest() == seen ? seenSinceMs : Long.MAX_VALUE;
    }

    /** A record that may not wait at all is over unless somebody takes it at once; if it stood behind others meanwhile, that is too late. */
    private static boolean isOver(long fromMs, long ttlMs, long nowMs, boolean wanted) {
        if (ttlMs < 0) {
            return false;
        }
        return Times.plus(fromMs, ttlMs == 0 && wanted ? AT_ONCE_MS : ttlMs) <= nowMs;
    }
}
