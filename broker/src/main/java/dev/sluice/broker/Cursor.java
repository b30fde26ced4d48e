package dev.sluice.broker;

import dev.sluice.log.OffsetSet;
import dev.sluice.log.PartitionLog;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import org.jspecify.annotations.Nullable;

/**
 * What outlives the process of how far a queue has come in one lane: which records are settled for good, and how often those that came back were delivered. Knows what of it is still to be written, and whose storage may be given back
 * then. Confined to the queue's shard.
 */
final class Cursor {
    /** So many records may be settled above the floor before their storage is given back piece by piece. */
    private static final int DISCARD_EVERY = 4096;
    /** So many ranges are given back at once at the most: after a start there may be millions. */
    private static final int MOST_RANGES_TO_DISCARD = 2 * DISCARD_EVERY;

    private final Acknowledged acknowledged;
    private final LongObjectMap<Integer> deliveryCounts = new LongObjectHashMap<>(2);
    /** Records below may have been delivered by a process that is gone. */
    private final long deliveredBefore;

    // What is still to be written.
    private final OffsetSet changedRanges = new OffsetSet();
    private final LongObjectMap<Integer> changedCounts = new LongObjectHashMap<>(2);
    private boolean changed;
    /** Settled above the floor and written, and their storage not given back yet. */
    private final OffsetSet toDiscard;

    /** Goes on from what is remembered. What the log has lost, or given up, is settled. */
    Cursor(CursorState state, PartitionLog log) {
        this.acknowledged = state.acknowledged;
        this.deliveredBefore = state.deliveredBelow;
        state.deliveryCounts.forEach((offset, count) -> {
            if (!acknowledged.contains(offset)) {
                deliveryCounts.put(offset.longValue(), count);
            }
        });
        // The log does not remember what was given back of it before it was opened.
        this.toDiscard = acknowledged.above().copyOf(0, Long.MAX_VALUE);
        passOverLost(state.knownBelow(), log);
        acknowledged.add(0, log.startOffset() - 1); // given up by its topic, whether settled or not
    }

    /** What is known of and was not durable when the machine went down: its offsets are not given out again. */
    private void passOverLost(long knownBelow, PartitionLog log) {
        long end = log.endOffset();
        if (end < knownBelow) {
            log.skipTo(knownBelow);
            settle(end, knownBelow - 1);
        }
    }

    /** Every record below is settled. */
    long floor() {
        return acknowledged.floor();
    }

    boolean isSettled(long offset) {
        return acknowledged.contains(offset);
    }

    /** The first record at or after {@code offset} that is not settled, or the end. */
    long nextUnsettled(long offset) {
        return acknowledged.nextUnsettled(offset);
    }

    /** How many records below {@code end} are not settled. */
    long unsettledBelow(long end) {
        return acknowledged.unsettledBelow(end);
    }

    /** The record is settled for good. */
    void settle(long offset) {
        settle(offset, offset);
        if (!deliveryCounts.isEmpty()) {
            deliveryCounts.remove(offset);
        }
    }

    /** All from the first to the last are settled for good. How often one of them was delivered is known until {@link #forgetSettled}. */
    void settle(long first, long last) {
        acknowledged.add(first, last);
        changedRanges.add(first, last);
        changed = true;
    }

    /** Nobody asks any more how often those that are settled were delivered. */
    void forgetSettled() {
        deliveryCounts.keySet().removeIf(acknowledged::contains);
    }

    /** A record that was delivered comes back. */
    void countReturn(long offset) {
        int count = deliveryCount(offset) + 1;
        deliveryCounts.put(offset, (Integer) count);
        changedCounts.put(offset, (Integer) count);
        changed = true;
    }

    /** How often the record was delivered and came back. */
    int deliveryCount(long offset) {
        Integer count = deliveryCounts.isEmpty() ? null : deliveryCounts.get(offset);
        return count == null ? 0 : count;
    }

    boolean mayHaveBeenDelivered(long offset) {
        return offset < deliveredBefore || deliveryCount(offset) > 0;
    }

    /** Whether something happened since the last {@link #writeChange} that has to outlive the process. */
    boolean isChanged() {
        return changed;
    }

    /** Writes what changed since the last call. {@code deliveredBelow}: no record at or above was ever delivered. */
    void writeChange(CursorChangeWriter out, long laneId, long deliveredBelow) {
        changedRanges.removeBelow(acknowledged.floor());
        out.write(laneId, acknowledged.floor(), deliveredBelow, changedRanges, changedCounts);
        forgetChanges();
    }

    /** Writes everything. What changed is still to be written: only then may its storage be given back. */
    void writeSnapshot(CursorChangeWriter out, long laneId, long deliveredBelow) {
        out.write(
                laneId,
                acknowledged.floor(),
                Math.max(deliveredBelow, deliveredBefore),
                acknowledged.above(),
                deliveryCounts);
    }

    /** Instead of {@link #writeChange} for a queue that does not outlive the process. */
    void forgetChanges() {
        changedRanges.removeBelow(acknowledged.floor());
        toDiscard.addAll(changedRanges);
        changedRanges.clear();
        changedCounts.clear();
        changed = false;
    }

    /** What may be given back once everything written so far by {@link #writeChange} is durable; each record is in one of the answers. */
    Reclaim reclaimable() {
        long floor = acknowledged.floor();
        toDiscard.removeBelow(floor);
        return toDiscard.cardinality() < DISCARD_EVERY
                ? new Reclaim(floor, null)
                : new Reclaim(floor, toDiscard.takeFirst(MOST_RANGES_TO_DISCARD));
    }

    /** Settled records whose storage is no longer needed: those below the floor and, now and then, what was settled above it since the last time. */
    record Reclaim(long floor, @Nullable OffsetSet above) {
        void giveBack(PartitionLog log) {
            log.trim(floor);
            if (above != null) {
                above.forEachRange(log::discard);
            }
        }
    }
}
