package dev.sluice.broker;

import dev.sluice.log.OffsetSet;

/**
 * Which records of a queue are settled for good: everything below the floor, and ranges above it. Confined to the queue's shard. Its memory follows the holes between settled
 * records, and is at most one bit for each record from the floor to the highest settled one, not what is stored.
 */
final class Acknowledged {
    private final OffsetSet above = new OffsetSet();
    private long floor;

    Acknowledged(long floor) {
        this.floor = floor;
    }

    /** Every record below is settled. */
    long floor() {
        return floor;
    }

    /** No record at or above is settled. */
    long end() {
        return above.isEmpty() ? floor : above.last() + 1;
    }

    OffsetSet above() {
        return above;
    }

    boolean contains(long offset) {
        return offset < floor || above.contains(offset);
    }

    /** The first unsettled offset at or after {@code offset}. */
    long nextUnsettled(long offset) {
        return above.firstAbsent(Math.max(offset, floor));
    }

    void add(long first, long last) {
        if (first <= floor) {
            floor = Math.max(floor, last + 1);
            floor = above.firstAbsent(floor);
            above.removeBelow(floor);
        } else {
            above.add(first, last);
        }
    }

    /** How many records at or above the floor and below {@code end} are not settled. */
    long unsettledBelow(long end) {
        return Math.max(0, end - floor) - above.cardinality();
    }
}
