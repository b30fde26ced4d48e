package dev.sluice.testkit;

import org.junit.jupiter.api.Test;

/** The metadata of a storage on a simulated machine; {@link SimLives} says how to run other seeds. */
final class MetadataSimTest {

    @Test
    void keepsWhatItConfirmedWhateverHappens() {
        SimLives.forEachSeed("MetadataSimTest#keepsWhatItConfirmedWhateverHappens", 2_000, seed -> {
            LogSim sim = new LogSim(seed, 0);
            SimLives.live(sim, () -> {
                sim.start();
                int chapters = sim.random.between(1, 8);
                for (int i = 0; i < chapters; i++) {
                    sim.live(sim.random.between(1, 30));
                    sim.disturb();
                }
                sim.verifyEverything();
                sim.stopCleanly();
                sim.start();
                sim.verifyEverything();
            });
        });
    }

    @Test
    void survivesACrashAtEveryOperation() {
        SimLives.forEachSeed("MetadataSimTest#survivesACrashAtEveryOperation", 20, seed -> {
            long operations = Long.MAX_VALUE;
            for (long at = 0; at < operations; at++) {
                operations = Math.min(operations, lifeWithCrashAt(seed, at));
            }
        });
    }

    private static long lifeWithCrashAt(long seed, long operation) {
        LogSim sim = new LogSim(seed, 0);
        long[] operations = {0};
        SimLives.live(sim, () -> {
            SimDisk first = sim.disk;
            first.crashAt(operation, SimDisk.Crash.POWER);
            sim.start();
            sim.live(20);
            operations[0] = sim.disk == first ? first.operations() : Long.MAX_VALUE;
            sim.verifyEverything();
        });
        return operations[0];
    }
}
