package dev.sluice.testkit;

import org.junit.jupiter.api.Test;

/**
 * Appends of several logs that belong together, between others, on a simulated machine: each group is there as a whole or not at all,
 * and one of which anybody was told is there. {@link SimLives} says how to run other seeds.
 */
final class GroupSimTest {
    private static final int GROUP_PERCENT = 25;

    @Test
    void keepsAGroupAsAWholeOrNotAtAllWhateverHappens() {
        SimLives.forEachSeed(
                "GroupSimTest#keepsAGroupAsAWholeOrNotAtAllWhateverHappens",
                8_000,
                seed -> SimLives.eventfulLife(sim(seed), 60));
    }

    @Test
    void survivesACrashAtEveryOperation() {
        SimLives.forEachSeed(
                "GroupSimTest#survivesACrashAtEveryOperation",
                10,
                seed -> SimLives.livesWithACrashAtEveryOperation(() -> new LogSim(seed, 3, GROUP_PERCENT), 40));
    }

    /** Even where groups wait for space, acknowledgements do not. */
    @Test
    void aFullDiskIsLeftByAcknowledgingWhatIsOnIt() {
        SimLives.forEachSeed("GroupSimTest#aFullDiskIsLeftByAcknowledgingWhatIsOnIt", 300, seed -> {
            LogSim sim = sim(seed);
            SimLives.live(sim, () -> {
                sim.start();
                sim.live(sim.random.between(5, 40));
                sim.settle();
                sim.rest();
                sim.fillTheDisk();
                sim.verifyStateIsTakenOnAFullDisk();
                sim.trimEverything();
                sim.verifyRecordsAreTakenAgain();
                sim.verifyEverything();
            });
        });
    }

    @Test
    void aBackupHasNoPartOfAGroup() {
        SimLives.forEachSeed("GroupSimTest#aBackupHasNoPartOfAGroup", 500, seed -> {
            LogSim sim = sim(seed);
            SimLives.live(sim, () -> {
                sim.start();
                sim.live(sim.random.between(5, 80));
                sim.settle();
                sim.restoreABackupMadeWhileInUse();
                sim.verifyEverything();
                sim.live(sim.random.between(1, 40));
                sim.verifyEverything();
            });
        });
    }

    @Test
    void givesBackAllSpaceOfWhatIsNotNeeded() {
        SimLives.forEachSeed("GroupSimTest#givesBackAllSpaceOfWhatIsNotNeeded", 500, seed -> {
            LogSim sim = sim(seed);
            SimLives.live(sim, () -> {
                sim.start();
                sim.live(sim.random.between(10, 150));
                sim.settle();
                sim.verifyEverything();
                sim.verifySpaceIsGivenBack();
            });
        });
    }

    private static LogSim sim(long seed) {
        return new LogSim(seed, LogSim.MANY_LOGS, GROUP_PERCENT);
    }
}
