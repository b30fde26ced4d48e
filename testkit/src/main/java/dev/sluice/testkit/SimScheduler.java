package dev.sluice.testkit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Confined to the thread that made it. Runs the tasks of all its executors on that one thread, one step at a time, and
 * chooses by the seed whose turn it is: the same seed gives the same run. A step ends where the task ends or comes to a
 * {@link #pause}, which a {@link SimDisk} does around every operation; so whatever several threads could do to each other
 * around I/O happens here too.
 */
public final class SimScheduler {
    private static final int PAUSE_PERCENT = 30;
    private static final int EARLY_TIMER_ONE_IN = 50;

    private record Timer(long timeMs, long number, Executor executor, Runnable task) {}

    private final Seeded random;
    private final SimClock clock = new SimClock();
    private final List<SimExecutor> executors = new ArrayList<>();
    private final List<SimExecutor> runnable = new ArrayList<>();
    private final PriorityQueue<Timer> timers =
            new PriorityQueue<>(Comparator.comparingLong(Timer::timeMs).thenComparingLong(Timer::number));
    private long timersMade;
    private boolean blocking;

    public SimScheduler(Seeded random) {
        this(random, 0);
    }

    /** One whose clock begins at this time. */
    public SimScheduler(Seeded random, long startMs) {
        this.random = random;
        clock.advanceTo(startMs);
    }

    public SimClock clock() {
        return clock;
    }

    /** Runs one task at a time, in order. */
    public SimExecutor serial(String name) {
        return add(new SimExecutor(this, name, true));
    }

    /** Runs its tasks in any order and side by side. */
    public SimExecutor concurrent(String name) {
        return add(new SimExecutor(this, name, false));
    }

    private SimExecutor add(SimExecutor executor) {
        executors.add(executor);
        return executor;
    }

    public void schedule(long delayMs, Executor executor, Runnable task) {
        timers.add(new Timer(clock.nowMs() + delayMs, timersMade++, executor, task));
    }

    /** Whether no task can go on before the clock moves. */
    public boolean isIdle() {
        return executors.stream().noneMatch(SimExecutor::isRunnable);
    }

    /** Runs one step of a task, and leaves the clock alone; false if there is none. */
    public boolean stepTask() {
        findRunnable();
        if (runnable.isEmpty()) {
            return false;
        }
        random.pick(runnable).step(random);
        return true;
    }

    /** Moves the clock to the next timer, if that is not later than {@code timeMs}, and hands in what it has to do; otherwise to {@code timeMs}, and returns false. */
    public boolean passUpTo(long timeMs) {
        Timer next = timers.peek();
        if (next == null || next.timeMs > timeMs) {
            clock.advanceTo(timeMs);
            return false;
        }
        timers.remove();
        clock.advanceTo(next.timeMs);
        next.executor.execute(next.task);
        return true;
    }

    private void findRunnable() {
        runnable.clear();
        for (SimExecutor executor : executors) {
            if (executor.isRunnable()) {
                runnable.add(executor);
            }
        }
    }

    /** Runs one step of a task, or moves the clock to the next timer; false if there is neither. */
    public boolean step() {
        findRunnable();
        if (runnable.isEmpty() || random.oneIn(EARLY_TIMER_ONE_IN)) {
            Timer next = timers.poll();
            if (next != null) {
                clock.advanceTo(next.timeMs);
                next.executor.execute(next.task);
                return true;
            }
        }
        if (runnable.isEmpty()) {
            return false;
        }
        random.pick(runnable).step(random);
        return true;
    }

    /**
     * Steps until the condition holds.
     *
     * @return false if it does not within so many steps, or nothing is left to do before
     */
    public boolean runUntil(BooleanSupplier condition, int maxSteps) {
        for (int i = 0; i < maxSteps; i++) {
            if (condition.getAsBoolean()) {
                return true;
            }
            if (!step()) {
                return condition.getAsBoolean();
            }
        }
        return condition.getAsBoolean();
    }

    /**
     * Makes a call that waits for tasks of these executors: each runs at once, as soon as it is handed in, since nobody else
     * could run it while the only thread waits.
     */
    public <T> T blocking(Supplier<T> call) {
        blocking = true;
        try {
            return call.get();
        } finally {
            blocking = false;
        }
    }

    boolean isBlocking() {
        return blocking;
    }

    /** Where a thread might lose its turn: now and then the running task stops here and another goes on. */
    public void pause() {
        if (!blocking && random.percent(PAUSE_PERCENT)) {
            SimTask.pause();
        }
    }
}
