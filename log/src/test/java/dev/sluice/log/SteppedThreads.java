package dev.sluice.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;

/** All threads of a storage, and its owners, as one queue that the test runs by itself. */
final class SteppedThreads implements StorageThreads {
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final List<Runnable> timers = new ArrayList<>();
    private final Executor owner = tasks::add;

    /** Runs everything that is waiting and what comes of it; timers wait for {@link #fireTimers}. */
    void runAll() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    void fireTimers() {
        List<Runnable> due = List.copyOf(timers);
        timers.clear();
        tasks.addAll(due);
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
        timers.add(task);
    }

    @Override
    public void close() {}
}
