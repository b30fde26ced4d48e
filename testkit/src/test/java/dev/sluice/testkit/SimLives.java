package dev.sluice.testkit;

import io.netty.util.ResourceLeakDetector;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * Stateless. Runs lives of a simulation, a seed each, and tells how to see one again. {@code -Dsim.seeds=} sets how
 * many, {@code -Dsim.first=} the first, {@code -Dsim.seed=} runs one.
 */
final class SimLives {
    private static final long STUCK_SECONDS = 60;

    /** Following every buffer is slow, and what leaks, leaks soon. */
    private static final int LEAK_CHECKED_LIVES = 20;

    private SimLives() {}

    static void forEachSeed(String test, int usually, LongConsumer life) {
        Long only = Long.getLong("sim.seed");
        long first = only != null ? only : Long.getLong("sim.first", 0L);
        long count = only != null ? 1 : Long.getLong("sim.seeds", usually);
        ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
        try {
            for (long seed = first; seed < first + count; seed++) {
                if (seed - first == LEAK_CHECKED_LIVES) {
                    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
                }
                watched(test, seed, life);
            }
        } finally {
            ResourceLeakDetector.setLevel(level);
        }
    }

    /** One life that says what happened last if it ends badly. */
    static void live(LogSim sim, Runnable life) {
        live(sim.trace, sim::close, life);
    }

    /** As {@link #live(LogSim, Runnable)}, of any simulation with that trace. */
    static void live(SimTrace trace, Runnable close, Runnable life) {
        try {
            life.run();
        } catch (RuntimeException | Error e) {
            throw new AssertionError(trace.toString(), e);
        }
        close.run();
    }

    /** Chapters of random actions with crashes and faults between them, then a clean stop; all that was confirmed must be there. */
    static void eventfulLife(long seed, int maxLogs, int mostActions) {
        eventfulLife(new LogSim(seed, maxLogs), mostActions);
    }

    static void eventfulLife(LogSim sim, int mostActions) {
        live(sim, () -> {
            sim.start();
            int chapters = sim.random.between(1, 8);
            for (int i = 0; i < chapters; i++) {
                sim.live(sim.random.between(1, mostActions));
                sim.disturb();
            }
            sim.verifyEverything();
            sim.stopCleanly();
            sim.start();
            sim.verifyEverything();
        });
    }

    /** The same life again and again, with a crash at its first operation of the disk, then at its second, and so on. */
    static void livesWithACrashAtEveryOperation(Supplier<LogSim> sims, int actions) {
        long operations = Long.MAX_VALUE;
        for (long at = 0; at < operations; at++) {
            operations = Math.min(operations, lifeWithCrashAt(sims.get(), actions, at));
        }
    }

    private static long lifeWithCrashAt(LogSim sim, int actions, long operation) {
        long[] operations = {0};
        live(sim, () -> {
            SimDisk first = sim.disk;
            first.crashAt(operation, operation % 3 == 0 ? SimDisk.Crash.KILL : SimDisk.Crash.POWER);
            sim.start();
            sim.live(actions);
            operations[0] = sim.disk == first ? first.operations() : Long.MAX_VALUE;
            sim.verifyEverything();
        });
        return operations[0];
    }

    private static void watched(String test, long seed, LongConsumer life) {
        CountDownLatch ended = new CountDownLatch(1);
        Thread lives = Thread.currentThread();
        Thread.ofVirtual().start(() -> giveUpWhenStuck(test, seed, ended, lives));
        try {
            life.accept(seed);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(again(test, seed), e);
        } finally {
            ended.countDown();
        }
    }

    /** The only thread that runs tasks waits for one: nothing can end that but the end of the JVM. */
    private static void giveUpWhenStuck(String test, long seed, CountDownLatch ended, Thread lives) {
        try {
            if (!ended.await(STUCK_SECONDS, TimeUnit.SECONDS)) {
                AssertionError stuck = new AssertionError(again(test, seed));
                stuck.setStackTrace(lives.getStackTrace());
                stuck.printStackTrace();
                Runtime.getRuntime().halt(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String again(String test, long seed) {
        return "seed " + seed + " failed; to see it again:\n  mvn -o -pl testkit -am verify"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dtest='" + test + "' -Dsim.seed=" + seed + "\n";
    }
}
