package dev.sluice.benchmarks;

import java.util.Arrays;
import java.util.Locale;

/** Collects durations in nanoseconds. Confined to one thread at a time. */
final class Latencies {
    private long[] nanos = new long[1 << 16];
    private int count;

    void add(long duration) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = duration;
    }

    int count() {
        return count;
    }

    /** In milliseconds; {@code share} is from 0 to 1. */
    double quantileMs(double share) {
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return count == 0 ? Double.NaN : sorted[(int) Math.min(count - 1, (long) (count * share))] / 1e6;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT, "median %7.3f ms, 99th percentile %7.3f ms", quantileMs(0.5), quantileMs(0.99));
    }
}
