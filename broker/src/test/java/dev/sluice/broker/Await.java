package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waits for what another thread does. Stateless. */
final class Await {
    private Await() {}

    /** Returns when it is so; fails if it is not within 20 s. */
    static void await(BooleanSupplier condition) {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within 20 s").isLessThan(endNs);
            Thread.onSpinWait();
        }
    }
}
