package dev.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Producers that number their batches and send them more than once, on a machine that crashes. {@link SimLives} says how to run other seeds. */
final class ProducerSimTest {
    private static final int LIVES = 6;

    @Test
    void everyBatchIsStoredOnceAndInOrderWhateverHappens() {
        int[] repetitions = {0};
        SimLives.forEachSeed("ProducerSimTest#everyBatchIsStoredOnceAndInOrderWhateverHappens", 400, seed -> {
            var sim = new ProducerSim(seed);
            SimLives.live(sim.trace, sim::close, () -> {
                sim.begin();
                for (int i = 0; i < LIVES; i++) {
                    sim.live(60);
                }
                sim.settleAll();
            });
            repetitions[0] += sim.repetitions();
        });
        assertThat(repetitions[0]).isPositive();
    }
}
