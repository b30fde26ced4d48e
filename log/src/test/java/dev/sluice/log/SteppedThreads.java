package dev.sluice.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;

/** All threads of a storage, and its owners, as one queue that the test runs by itself. */
final class SteppedThreads implements StorageThreads {
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final List<Timer> timers = new ArrayList<>();

    private record Timer(long delayMs, Runnable task) {}

    private final Executor owner = tasks::add;

    /** Runs everything that is waiting and what comes of it; timers wait for {@link #fireTimers}. */
    void runAll() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    void fireTimers() {
        fireTimers(Long.MAX_VALUE);
    }

    /** Those that wait for so long at most. */
    void fireTimers(long delayMs) {
        List<Timer> due =
                timers.stream().filter(timer -> timer.delayMs <= delayMs).toList();
        timers.removeAll(due);
        due.forEach(timer -> tasks.add(timer.task));
        runAll();
    }

    Executor owner() {
        return owner;
    }

    @Override
    public Executor journal() {
        return tasks::add;
    }

    @Override
    public Executor metadata() {
        return tasks::add;
    }

    @Override
    public Executor flusher() {
        return tasks::add;
    }

    @Override
    public Executor background() {
        return tasks::add;
    }

    @Override
    public void schedule(long delayMs, Runnable task) {
        timers.add(new Timer(delayMs, task));
    }

    @Override
    public void close() {}
}
