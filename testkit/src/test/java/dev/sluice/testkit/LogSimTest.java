package dev.sluice.testkit;

import dev.sluice.log.StorageCheck;
import dev.sluice.log.StorageException;
import dev.sluice.log.StorageRepair;
import dev.sluice.log.StorageReport;
import org.junit.jupiter.api.Test;

/** Logs in a journal and in segments on a simulated machine; {@link SimLives} says how to run other seeds. */
final class LogSimTest {

    /** Crashes, torn and reordered writes, failed syncs, errors of any call, full disks. */
    @Test
    void keepsWhatItConfirmedWhateverHappens() {
        SimLives.forEachSeed(
                "LogSimTest#keepsWhatItConfirmedWhateverHappens",
                10_000,
                seed -> SimLives.eventfulLife(seed, LogSim.MANY_LOGS, 60));
    }

    @Test
    void survivesACrashAtEveryOperation() {
        SimLives.forEachSeed(
                "LogSimTest#survivesACrashAtEveryOperation",
                20,
                seed -> SimLives.livesWithACrashAtEveryOperation(() -> new LogSim(seed, 2), 40));
    }

    /** A bit that changes at rest is refused or repaired, never read as something else. */
    @Test
    void neverReadsDamageAsData() {
        SimLives.forEachSeed("LogSimTest#neverReadsDamageAsData", 3_000, seed -> {
            LogSim sim = new LogSim(seed, LogSim.MANY_LOGS);
            SimLives.live(sim, () -> {
                sim.start();
                sim.live(sim.random.between(10, 80));
                sim.settle();
                boolean endsCleanly = sim.random.oneIn(2);
                if (endsCleanly) {
                    sim.stopCleanly();
                } else {
                    sim.crash(SimDisk.Crash.POWER);
                }
                sim.damageIsExpected = true;
                SimDamage damage = SimDamage.inflict(sim, endsCleanly);
                sim.trace.add("damage: " + damage);
                if (damage.isUntold()) {
                    return;
                }
                boolean calledSound = StorageCheck.run(sim.disk).isSound();
                sim.start();
                if (sim.isUp()) {
                    sim.verifyEverything();
                }
                damage.checkRefusals(sim);
                LogSim.require(!calledSound || !sim.hasRefused(), "a check calls sound what is refused");
            });
        });
    }

    /** On a disk that nothing but the log fills and empties, so that only the reserve leads out of it. */
    @Test
    void aFullDiskIsLeftByAcknowledgingWhatIsOnIt() {
        SimLives.forEachSeed("LogSimTest#aFullDiskIsLeftByAcknowledgingWhatIsOnIt", 500, seed -> {
            LogSim sim = new LogSim(seed, LogSim.MANY_LOGS);
            SimLives.live(sim, () -> {
                sim.start();
                sim.live(sim.random.between(5, 40));
                sim.settle();
                sim.fillTheDisk();
                sim.verifyStateIsTakenOnAFullDisk();
                sim.trimEverything();
                sim.verifyRecordsAreTakenAgain();
                sim.verifyEverything();
            });
        });
    }

    @Test
    void aRepairLeavesAllThatIsSound() {
        SimLives.forEachSeed("LogSimTest#aRepairLeavesAllThatIsSound", 3_000, seed -> {
            LogSim sim = new LogSim(seed, LogSim.MANY_LOGS);
            SimLives.live(sim, () -> {
                sim.start();
                sim.live(sim.random.between(10, 80));
                sim.settle();
                boolean endsCleanly = sim.random.oneIn(2);
                if (endsCleanly) {
                    sim.stopCleanly();
                } else {
                    sim.crash(SimDisk.Crash.POWER);
                }
                SimDamage damage = SimDamage.inflict(sim, endsCleanly);
                sim.trace.add("damage: " + damage);
                if (StorageCheck.run(sim.disk).isSound()) {
                    return;
                }
                try {
                    sim.trace.add("repair: " + StorageRepair.run(sim.disk));
                } catch (StorageException tooLittle) {
                    LogSim.require(damage.isOfMetadata(), "no repair: " + tooLittle);
                    return;
                }
                StorageReport report = StorageCheck.run(sim.disk);
                LogSim.require(report.isSound(), "a repaired disk is damaged: " + report);
                LogSim.require(StorageRepair.run(sim.disk).findings().isEmpty(), "there is more to repair");
                if (damage.isOfMetadata()) {
                    sim.openAndClose();
                    return;
                }
                damage.allowLossAfterRepair(sim);
                sim.start();
                sim.verifyEverything();
                sim.live(sim.random.between(1, 20));
                sim.verifyEverything();
            });
        });
    }

    /** What was durable when it began is in it, and nothing that was not appended. */
    @Test
    void aBackupOfARunningStorageIsAStorage() {
        SimLives.forEachSeed("LogSimTest#aBackupOfARunningStorageIsAStorage", 1_000, seed -> {
            LogSim sim = new LogSim(seed, LogSim.MANY_LOGS);
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
        SimLives.forEachSeed("LogSimTest#givesBackAllSpaceOfWhatIsNotNeeded", 2_000, seed -> {
            LogSim sim = new LogSim(seed, LogSim.MANY_LOGS);
            SimLives.live(sim, () -> {
                sim.start();
                sim.live(sim.random.between(10, 150));
                sim.settle();
                sim.verifyEverything();
                sim.verifySpaceIsGivenBack();
            });
        });
    }
}
