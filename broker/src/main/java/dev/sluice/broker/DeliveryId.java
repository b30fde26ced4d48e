package dev.sluice.broker;

/**
 * Names a record within its queue in one number: 16 bits for the lane, 48 for the offset in the lane's log. In a queue with one lane it is the offset. Stateless.
 */
public final class DeliveryId {
    /** Lanes are numbered below this. */
    static final int MOST_LANES = 1 << 16;

    private static final int OFFSET_BITS = 48;
    private static final long MOST_OFFSETS = 1L << OFFSET_BITS;

    private DeliveryId() {}

    static long of(int lane, long offset) {
        if (offset >= MOST_OFFSETS) {
            throw new IllegalStateException("a lane has at most " + MOST_OFFSETS + " records");
        }
        return (long) lane << OFFSET_BITS | offset;
    }

    /** Index of the lane. */
    public static int lane(long id) {
        return (int) (id >>> OFFSET_BITS);
    }

    /** Offset in the lane's log. */
    public static long offset(long id) {
        return id & MOST_OFFSETS - 1;
    }
}
