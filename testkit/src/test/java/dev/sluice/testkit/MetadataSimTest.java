package dev.sluice.testkit;

import org.junit.jupiter.api.Test;

/** The metadata of a storage on a simulated machine; {@link SimLives} says how to run other seeds. */
final class MetadataSimTest {
    private static final int NO_LOGS = 0;

    @Test
    void keepsWhatItConfirmedWhateverHappens() {
        SimLives.forEachSeed(
                "MetadataSimTest#keepsWhatItConfirmedWhateverHappens",
                2_000,
                seed -> SimLives.eventfulLife(seed, NO_LOGS, 30));
    }

    @Test
    void survivesACrashAtEveryOperation() {
        SimLives.forEachSeed(
                "MetadataSimTest#survivesACrashAtEveryOperation",
                20,
                seed -> SimLives.livesWithACrashAtEveryOperation(() -> new LogSim(seed, NO_LOGS), 20));
    }
}
