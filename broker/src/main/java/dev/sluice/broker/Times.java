package dev.sluice.broker;

/** Arithmetic with times in milliseconds, of which a client may name any. Stateless. */
final class Times {
    private Times() {}

    /** The sum of two numbers that are not negative; {@link Long#MAX_VALUE} instead of an overflow. */
    static long plus(long ms, long moreMs) {
        long sum = ms + moreMs;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }
}
