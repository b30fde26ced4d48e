package dev.sluice.broker;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A token bucket that slows and never refuses: whoever takes more than there is goes into debt, and is told how long to wait before it takes again. Times are of one clock such as {@link System#nanoTime}, given by the caller.
 * Thread-safe: the whole state is one atomic, the time at which all debts are paid.
 */
public final class RateLimit {
    private static final double NS_PER_SECOND = 1e9;
    private static final long NS_PER_MS = 1_000_000;

    /** What one take may cost, so that no sum overflows. */
    private static final double MOST_COST_NS = 3600 * NS_PER_SECOND;

    private final long burstNs;
    private final AtomicLong paidAtNs;
    private volatile double nsPerUnit; // set by who owns the limit, read by who takes

    /**
     * Begins with a full bucket.
     *
     * @param perSecond units, above 0
     * @param burstMs how long a pause is made up for: what the bucket holds, in milliseconds of the rate
     */
    public RateLimit(double perSecond, long burstMs, long nowNs) {
        this.burstNs = burstMs * NS_PER_MS;
        this.paidAtNs = new AtomicLong(nowNs - burstNs);
        setPerSecond(perSecond);
    }

    /** Changes the rate for what is taken from now on; debts stay as long as they are. */
    public void setPerSecond(double perSecond) {
        if (!(perSecond > 0)) {
            throw new IllegalArgumentException("a rate must be above 0, not " + perSecond);
        }
        nsPerUnit = NS_PER_SECOND / perSecond;
    }

    /** Takes so many units, and returns what {@link #waitNs} does after it. */
    public long take(long units, long nowNs) {
        long costNs = (long) Math.min(units * nsPerUnit, MOST_COST_NS);
        while (true) {
            long paidAt = paidAtNs.get();
            boolean isFull = paidAt - (nowNs - burstNs) < 0;
            long next = (isFull ? nowNs - burstNs : paidAt) + costNs;
            if (paidAtNs.compareAndSet(paidAt, next)) {
                return Math.max(0, next - nowNs);
            }
        }
    }

    /** Nanoseconds until the debts are paid; 0 when there are none. */
    public long waitNs(long nowNs) {
        return Math.max(0, paidAtNs.get() - nowNs);
    }
}
