package dev.sluice.broker;

/** Whether a forecast is borne out by what comes after it: one that something is near is worth a warning when so many samples have grown as it said, by half at least; one large file is no trend. Confined to its owner. */
final class Trend {
    private static final int STEADY_MS = 30_000;
    private static final double MS_PER_SECOND = 1000;

    private boolean isSoon;
    private boolean isSteady;
    /** It was soon when that was last borne out or begun. */
    private long sinceMs;

    private long sinceUsed;

    /**
     * Takes a sample; says whether the forecast is to be believed.
     *
     * @param soon what the forecast says
     * @param perSecond the growth that it says so for
     */
    boolean follow(boolean soon, double perSecond, long clockMs, long used) {
        if (!soon || !isSoon) {
            isSoon = soon;
            isSteady = false;
            sinceMs = clockMs;
            sinceUsed = used;
        } else if (clockMs - sinceMs >= STEADY_MS) {
            isSteady = (used - sinceUsed) * MS_PER_SECOND >= perSecond * (clockMs - sinceMs) / 2;
            sinceMs = clockMs;
            sinceUsed = used;
        }
        return isSteady;
    }
}
