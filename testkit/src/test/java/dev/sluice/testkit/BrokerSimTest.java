package dev.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A whole broker on a simulated machine, with clients that do anything and crashes at any step; {@link SimLives} says how to run other seeds, {@link BrokerModel} what is proved. */
final class BrokerSimTest {
    private static final int MOST_OPERATIONS = 120;
    private static final int USUAL_LIVES = 2_000;

    @Test
    void keepsItsPromisesWhateverHappens() {
        SimLives.forEachSeed("BrokerSimTest#keepsItsPromisesWhateverHappens", USUAL_LIVES, BrokerSimTest::life);
    }

    @Test
    void theSameSeedGivesTheSameLives() {
        SimLives.forEachSeed(
                "BrokerSimTest#theSameSeedGivesTheSameLives",
                10,
                seed -> assertThat(life(seed)).isEqualTo(life(seed)));
    }

    /** Returns the hash of all that happened. */
    private static long life(long seed) {
        var sim = new BrokerSim(seed);
        SimLives.live(sim.trace, sim::close, () -> {
            sim.start();
            int operations = sim.random.between(10, MOST_OPERATIONS);
            for (int i = 0; i < operations; i++) {
                sim.act();
            }
            sim.drain();
        });
        return sim.trace.hash();
    }
}
