package dev.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Consume, process and produce in transactions over queues of two shards, on a machine that crashes. {@link SimLives} says how to run other seeds. */
final class TransactionSimTest {
    private static final int MOST_LIVES = 5;

    @Test
    void everyTokenIsProcessedOnceWhateverHappens() {
        int[] committed = {0};
        SimLives.forEachSeed("TransactionSimTest#everyTokenIsProcessedOnceWhateverHappens", 400, seed -> {
            var sim = new TransactionSim(seed);
            try {
                sim.begin();
                for (int i = 0; i < MOST_LIVES; i++) {
                    sim.live(30, false);
                }
                for (int i = 0; i < MOST_LIVES && sim.isAnyWaiting(); i++) {
                    sim.live(200, true);
                }
                sim.close();
            } catch (RuntimeException | Error e) {
                throw new AssertionError(sim.trace.toString(), e);
            }
            committed[0] += sim.committed();
        });
        assertThat(committed[0]).isPositive();
    }
}
