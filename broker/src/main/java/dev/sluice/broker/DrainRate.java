package dev.sluice.broker;

/** How fast something that only grows has grown in the last seconds, such as the records that left a queue. Confined to its owner. */
final class DrainRate {
    private static final double WINDOW_S = 10;
    private static final double MS_PER_SECOND = 1000;

    private boolean begun;
    private long lastMs;
    private long lastTotal;
    private double seconds;
    private double amount;

    /** Times do not go back; a sample that comes too early is left out. */
    void sample(long timeMs, long total) {
        if (begun && timeMs <= lastMs) {
            return;
        }
        if (begun) {
            double passed = (timeMs - lastMs) / MS_PER_SECOND;
            double fade = Math.exp(-passed / WINDOW_S);
            // What came in a long time counts as if it had come evenly.
            double share = WINDOW_S * (1 - fade) / passed;
            seconds = fade * seconds + share * passed;
            amount = fade * amount + share * (total - lastTotal);
        }
        begun = true;
        lastMs = timeMs;
        lastTotal = total;
    }

    /** 0 while nothing is known, or if it does not grow. */
    double perSecond() {
        return seconds > 0 ? Math.max(0, amount / seconds) : 0;
    }
}
