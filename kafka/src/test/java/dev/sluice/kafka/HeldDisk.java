package dev.sluice.kafka;

import dev.sluice.broker.BrokerLimits;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import dev.sluice.log.StorageThreads;
import dev.sluice.testkit.Seeded;
import dev.sluice.testkit.SimDisk;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A disk in memory that can be made to take its time: nothing that is published meanwhile is confirmed. All that the storage does runs on one thread. Thread-safe. */
final class HeldDisk implements StorageThreads {
    /** Much more than anything that a test stores. */
    private static final int BALLAST_BYTES = 8 << 20;

    private final ScheduledThreadPoolExecutor thread =
            new ScheduledThreadPoolExecutor(1, new ThreadPoolExecutor.DiscardPolicy());
    private final SimDisk disk = new SimDisk(new Seeded(1));
    private final Deque<Runnable> heldBack = new ArrayDeque<>();
    private boolean isHeld;

    HeldDisk() {
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    RunningKafka open() throws Exception {
        return open(BrokerLimits.defaults());
    }

    /** On a disk of which so many hundredths are free at first. */
    RunningKafka open(BrokerLimits limits, int freePercent) throws Exception {
        disk.create("ballast", BALLAST_BYTES);
        disk.faults().capacityBytes = BALLAST_BYTES * 100L / (100 - freePercent);
        return open(limits);
    }

    private RunningKafka open(BrokerLimits limits) throws Exception {
        return new RunningKafka(Storage.open(disk, StorageConfig.small(), this), limits, KafkaSettings.DEFAULT);
    }

    synchronized void hold() {
        isHeld = true;
    }

    synchronized void letGo() {
        isHeld = false;
        heldBack.forEach(thread::execute);
        heldBack.clear();
    }

    private synchronized void journal(Runnable task) {
        if (isHeld) {
            heldBack.add(task);
        } else {
            thread.execute(task);
        }
    }

    @Override
    public Executor journal() {
        return this::journal;
    }

    @Override
    public Executor metadata() {
        return thread;
    }

    @Override
    public Executor flusher() {
        return thread;
    }

    @Override
    public Executor background() {
        return thread;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the task reports by itself
    public void schedule(long delayMs, Runnable task) {
        thread.schedule(task, delayMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        thread.close();
    }
}
