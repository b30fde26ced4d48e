package dev.sluice.log;

/**
 * The name of one partition log, unique for ever: an id is never given to a second log, not even after the first was
 * deleted. Immutable.
 */
public record LogId(long value) implements Comparable<LogId> {

    /** @throws IllegalArgumentException if the value is not positive */
    public LogId {
        if (value <= 0) {
            throw new IllegalArgumentException("a log id is positive, not " + value);
        }
    }

    @Override
    public int compareTo(LogId other) {
        return Long.compare(value, other.value);
    }

    /** Sixteen hexadecimal digits, so that names sort like ids. */
    @Override
    public String toString() {
        return String.format("%016x", value);
    }
}
