package dev.sluice.broker;

import dev.sluice.log.OffsetSet;
import java.util.Arrays;

/**
 * The ready records of a queue that were passed over on the way to others, since their key is locked. Whoever passed them over remembers why, and here is which of them are still there: the oldest may be dropped at the queue's limit, and
 * nobody reads it then. One or two bits a record where they are dense. Confined to the queue's shard.
 */
final class PassedOver {
    /** When there are so many, nothing more that comes new is passed over. */
    static final int MOST = 1_000_000;

    private final OffsetSet places = new OffsetSet();
    private final int most;
    private long[] counts;
    private long dropped;

    PassedOver(int lanes, int most) {
        this.counts = new long[lanes];
        this.most = most;
    }

    /** There are so many lanes now. */
    void grow(int lanes) {
        counts = Arrays.copyOf(counts, lanes);
    }

    boolean isFull() {
        return places.cardinality() >= most;
    }

    void add(long place) {
        places.add(place, place);
        counts[RecordPlace.lane(place)]++;
    }

    /** The record is at its turn again, or settled; it was there. */
    void remove(long place) {
        places.remove(place, place);
        counts[RecordPlace.lane(place)]--;
    }

    boolean contains(long place) {
        return places.contains(place);
    }

    long countOf(int lane) {
        return counts[lane];
    }

    /** Offset of the lane's oldest, {@link Long#MAX_VALUE} if it has none. */
    long oldestOf(int lane) {
        return counts[lane] == 0 ? Long.MAX_VALUE : RecordPlace.offset(places.firstPresent(RecordPlace.firstOf(lane)));
    }

    /** As {@link #remove}, without a word to whoever passed it over; false if it is not there. */
    boolean drop(long place) {
        boolean isThere = places.contains(place);
        if (isThere) {
            remove(place);
            dropped++;
        }
        return isThere;
    }

    /** Drops those of the lane below the offset and shows their ranges; returns how many they were. */
    long dropBelow(int lane, long offset, OffsetSet.RangeVisitor visitor) {
        if (counts[lane] == 0) {
            return 0;
        }
        long first = RecordPlace.firstOf(lane);
        long last = RecordPlace.of(lane, offset) - 1;
        long before = places.cardinality();
        places.forEachRange(first, last, (from, to) -> visitor.range(RecordPlace.offset(from), RecordPlace.offset(to)));
        places.remove(first, last);
        long removed = before - places.cardinality();
        counts[lane] -= removed;
        dropped += removed;
        return removed;
    }

    /** Whether those who pass records over should look which of them were dropped; true once for as many as may be there. */
    boolean takeManyDropped() {
        boolean many = dropped >= most;
        if (many) {
            dropped = 0;
        }
        return many;
    }
}
