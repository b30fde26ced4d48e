package dev.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Publishers that publish again and again what they gave an id, on a machine that crashes. {@link SimLives} says how to run other seeds. */
final class DeduplicationSimTest {
    private static final int LIVES = 6;

    @Test
    void everyNumberIsStoredOnceWhateverHappens() {
        int[] duplicates = {0};
        SimLives.forEachSeed("DeduplicationSimTest#everyNumberIsStoredOnceWhateverHappens", 400, seed -> {
            var sim = new DeduplicationSim(seed);
            try {
                sim.begin();
                for (int i = 0; i < LIVES; i++) {
                    sim.live(40);
                }
                sim.close();
            } catch (RuntimeException | Error e) {
                throw new AssertionError(sim.trace.toString(), e);
            }
            duplicates[0] += sim.duplicates();
        });
        assertThat(duplicates[0]).isPositive();
    }
}
