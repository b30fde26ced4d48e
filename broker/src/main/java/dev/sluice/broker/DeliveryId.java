package dev.sluice.broker;

/**
 * Names one delivery of a record within its queue in one number: 10 bits for the lane, 6 for how often the record was delivered before, 48 for the offset in the lane's log. So what a consumer says of a delivery that is no longer
 * its own is not taken for a later one; that is told apart among 64 deliveries of one record in a row. Stateless.
 */
public final class DeliveryId {
    /** Lanes are numbered below this. */
    static final int MOST_LANES = 1 << 10;

    private static final int OFFSET_BITS = 48;
    private static final int COUNT_BITS = 6;
    private static final long COUNT_MASK = (1 << COUNT_BITS) - 1;
    private static final long MOST_OFFSETS = 1L << OFFSET_BITS;

    private DeliveryId() {}

    /** {@code deliveryCount}: how often it was delivered before. */
    static long of(int lane, long offset, int deliveryCount) {
        if (offset >= MOST_OFFSETS) {
            throw new IllegalStateException("a lane has at most " + MOST_OFFSETS + " records");
        }
        return ((long) lane << COUNT_BITS | (deliveryCount & COUNT_MASK)) << OFFSET_BITS | offset;
    }

    /** Index of the lane. */
    public static int lane(long id) {
        return (int) (id >>> (OFFSET_BITS + COUNT_BITS));
    }

    /** Offset in the lane's log. */
    public static long offset(long id) {
        return id & MOST_OFFSETS - 1;
    }
}
