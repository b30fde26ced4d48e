package dev.sluice.broker;

/**
 * Names a record of a queue in one number that is not negative. The numbers ascend in the order in which records are to be served: the highest lane first, and in a lane by the offset. Stateless.
 */
final class RecordPlace {
    /** No record. */
    static final long NONE = -1;

    private static final int OFFSET_BITS = 48;
    private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;

    private RecordPlace() {}

    static long of(int lane, long offset) {
        return firstOf(lane) | offset;
    }

    /** That of the lane's first record. */
    static long firstOf(int lane) {
        return (long) (DeliveryId.MOST_LANES - 1 - lane) << OFFSET_BITS;
    }

    static int lane(long place) {
        return DeliveryId.MOST_LANES - 1 - (int) (place >>> OFFSET_BITS);
    }

    static long offset(long place) {
        return place & OFFSET_MASK;
    }
}
