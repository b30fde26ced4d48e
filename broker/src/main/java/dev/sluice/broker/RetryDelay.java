package dev.sluice.broker;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * How long a record that came back waits until it is ready again. Immutable.
 *
 * @param leastMs after the first time
 * @param mostMs at the most, {@link QueueSettings#UNLIMITED} for no end
 */
record RetryDelay(Type type, long leastMs, long mostMs) {
    /** So much more or less at the most, of a delay that grows exponentially: what failed together is not tried again together. */
    private static final double JITTER = 0.2;

    /** How the delay grows. */
    enum Type {
        /** No delay. */
        DISABLED("disabled"),
        /** Always the least delay. */
        FIXED("fixed"),
        /** The least delay, times the number of times that it came back. */
        LINEAR("linear"),
        /** The least delay, twice as long each time, more or less. */
        EXPONENTIAL("exponential");

        private final String word;

        Type(String word) {
            this.word = word;
        }

        /** The value of {@link QueueProperty#DELAYED_RETRY_TYPE}. */
        String word() {
            return word;
        }

        static List<String> words() {
            return Arrays.stream(values()).map(Type::word).toList();
        }

        static Type of(String word) {
            return Arrays.stream(values())
                    .filter(type -> type.word.equals(word))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Milliseconds until a record is ready that came back for the {@code count}th time, from 1. */
    long delayMs(int count, RandomGenerator random) {
        long delayMs = switch (type) {
            case DISABLED -> 0;
            case FIXED -> leastMs;
            case LINEAR -> times(count);
            case EXPONENTIAL -> jittered(times(Math.scalb(1.0, count - 1)), random);
        };
        return mostMs < 0 ? delayMs : Math.min(delayMs, mostMs);
    }

    /** Beyond what a long holds, the largest. */
    private long times(double factor) {
        return (long) (leastMs * factor);
    }

    private static long jittered(long delayMs, RandomGenerator random) {
        return (long) (delayMs * (1 - JITTER + 2 * JITTER * random.nextDouble()));
    }
}
