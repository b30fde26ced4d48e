package dev.sluice.log;

import java.util.Optional;

/**
 * When an appended record counts as stored, and so may be confirmed and read. Immutable.
 *
 * @param delayMs how long a record may wait in memory for its write to the journal, in milliseconds; it shares any write that comes
 *     before. 0: it counts as stored only once it was written
 */
public record Durability(long delayMs) {
    private static final long NONE_MS = 1_000;
    private static final long MOST_MS = 60_000;
    private static final String INTERVAL_PREFIX = "interval=";
    private static final String INTERVAL_SUFFIX = "ms";

    /** It survives a power cut from the moment when it is confirmed. */
    public static final Durability SYNC = new Durability(0);

    /** Confirmed at once. Nothing is promised, though no write is put off for more than a second. */
    public static final Durability NONE = new Durability(-1);

    /** Confirmed at once; an end of the process without a stop loses what was confirmed in the last {@code delayMs} at most. */
    public static Durability interval(long delayMs) {
        if (delayMs < 1 || delayMs > MOST_MS) {
            throw new IllegalArgumentException("an interval is from 1 to " + MOST_MS + " ms, not " + delayMs);
        }
        return new Durability(delayMs);
    }

    /** The value of {@code sync}, {@code interval=100ms} or {@code none}; empty for any other text. */
    public static Optional<Durability> parse(String text) {
        if (text.equals("sync")) {
            return Optional.of(SYNC);
        }
        if (text.equals("none")) {
            return Optional.of(NONE);
        }
        if (!text.matches(INTERVAL_PREFIX + "[1-9][0-9]{0,4}" + INTERVAL_SUFFIX)) {
            return Optional.empty();
        }
        long ms = Long.parseLong(text.substring(INTERVAL_PREFIX.length(), text.length() - INTERVAL_SUFFIX.length()));
        return ms <= MOST_MS ? Optional.of(new Durability(ms)) : Optional.empty();
    }

    /** Whether a record counts as stored only once it was written. */
    public boolean isSync() {
        return delayMs == 0;
    }

    long writeDelayMs() {
        return delayMs < 0 ? NONE_MS : delayMs;
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return isSync() ? "sync" : delayMs < 0 ? "none" : INTERVAL_PREFIX + delayMs + INTERVAL_SUFFIX;
    }
}
