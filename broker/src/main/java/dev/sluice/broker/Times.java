package dev.sluice.broker;

/** Arithmetic with times in milliseconds, of which a client may name any. Stateless. */
final class Times {
    private Times() {}

    /** The sum of two numbers that are not negative; {@link Long#MAX_VALUE} instead of an overflow. */
    static long plus(long ms, long moreMs) {
        long sum = ms + moreMs;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }

    /** The shorter of two times, of which one below 0 stands for no limit. */
    static long shorter(long ms, long otherMs) {
        if (ms < 0 || otherMs < 0) {
            return Math.max(ms, otherMs);
        }
        return Math.min(ms, otherMs);
    }
}
