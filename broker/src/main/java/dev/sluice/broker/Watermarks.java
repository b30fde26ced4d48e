package dev.sluice.broker;

/**
 * At how much of a resource in use something happens to publishers. Immutable.
 *
 * @param warnBytes people are warned
 * @param slowBytes publishers are slowed, more and more up to
 * @param stopBytes where they are stopped
 */
public record Watermarks(long warnBytes, long slowBytes, long stopBytes) {
    /** Nothing happens. */
    static final Watermarks NONE = new Watermarks(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

    public Watermarks {
        if (warnBytes > stopBytes || slowBytes > stopBytes) {
            throw new IllegalArgumentException("publishers are warned and slowed before they are stopped: " + warnBytes
                    + ", " + slowBytes + ", " + stopBytes);
        }
    }

    boolean isNone() {
        return stopBytes == Long.MAX_VALUE;
    }

    /** From 0, up to where publishers are slowed, to 1, where they are stopped. */
    double pressure(long usedBytes) {
        if (usedBytes >= stopBytes) {
            return 1;
        }
        return usedBytes <= slowBytes ? 0 : (usedBytes - slowBytes) / (double) (stopBytes - slowBytes);
    }

    /** Publishers that were stopped go on, slowly, when no more than this is in use: half way back, so that it does not flutter. */
    public long reopenBytes() {
        return stopBytes - (stopBytes - slowBytes) / 2;
    }
}
