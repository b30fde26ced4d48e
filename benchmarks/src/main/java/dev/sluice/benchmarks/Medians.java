package dev.sluice.benchmarks;

import java.util.Arrays;

/** The middle of several measurements. Stateless. */
final class Medians {
    private Medians() {}

    static double of(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
