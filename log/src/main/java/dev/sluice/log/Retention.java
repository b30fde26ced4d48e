package dev.sluice.log;

/**
 * How long and how much of a log is kept when nobody settles records one by one. Immutable.
 *
 * @param maxAgeMs a record may go when it and all before it are older, in milliseconds; {@link #UNLIMITED} for any age
 * @param maxBytes a segment may go when so many bytes are left behind it; {@link #UNLIMITED} for any number
 */
public record Retention(long maxAgeMs, long maxBytes) {
    public static final long UNLIMITED = -1;

    boolean isTooOld(long maxTimestampMs, long nowMs) {
        return maxAgeMs >= 0 && maxTimestampMs < nowMs - maxAgeMs;
    }

    /** Whether what is left would still be as much as is to be kept. */
    boolean isEnough(long leftBytes) {
        return maxBytes >= 0 && leftBytes >= maxBytes;
    }
}
