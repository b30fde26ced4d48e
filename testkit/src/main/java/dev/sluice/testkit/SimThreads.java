package dev.sluice.testkit;

import dev.sluice.log.StorageThreads;
import java.util.concurrent.Executor;

/** Confined to the thread of its {@link SimScheduler}. The threads of a storage, simulated. */
public final class SimThreads implements StorageThreads {
    private final SimScheduler scheduler;
    private final SimExecutor journal;
    private final SimExecutor metadata;
    private final SimExecutor flusher;
    private final SimExecutor background;

    public SimThreads(SimScheduler scheduler) {
        this.scheduler = scheduler;
        journal = scheduler.serial("journal");
        metadata = scheduler.serial("metadata");
        flusher = scheduler.serial("flusher");
        background = scheduler.concurrent("background");
    }

    @Override
    public Executor journal() {
        return journal;
    }

    @Override
    public Executor metadata() {
        return metadata;
    }

    @Override
    public Executor flusher() {
        return flusher;
    }

    @Override
    public Executor background() {
        return background;
    }

    @Override
    public void schedule(long delayMs, Runnable task) {
        scheduler.schedule(delayMs, background, task);
    }

    @Override
    public void close() {
        // Tasks end with the scheduler.
    }
}
