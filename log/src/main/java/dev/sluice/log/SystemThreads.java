package dev.sluice.log;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The threads of a running node; all but the timer end when idle. Thread-safe. */
final class SystemThreads implements StorageThreads {
    private static final int READERS = 4;
    private static final long IDLE_SECONDS = 10;

    private final ThreadPoolExecutor journal = pool("sluice-journal", 1);
    private final ThreadPoolExecutor metadata = pool("sluice-metadata", 1);
    private final ThreadPoolExecutor flusher = pool("sluice-flusher", 1);
    private final ThreadPoolExecutor background = pool("sluice-reader", READERS);
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(1, daemon("sluice-storage-timer"));

    SystemThreads() {
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    private static ThreadPoolExecutor pool(String name, int threads) {
        // The queue is bounded by what is in flight: each log has at most a few tasks here.
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                threads,
                threads,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedTransferQueue<>(),
                daemon(name),
                // Once the storage has ended, what comes back to its threads has nothing left to do.
                new ThreadPoolExecutor.DiscardPolicy());
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static ThreadFactory daemon(String name) {
        return Thread.ofPlatform().daemon().name(name)::unstarted;
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
    @SuppressWarnings("FutureReturnValueIgnored") // the task reports by itself
    public void schedule(long delayMs, Runnable task) {
        if (!timer.isShutdown()) {
            timer.schedule(() -> background.execute(task), delayMs, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        for (ThreadPoolExecutor pool : new ThreadPoolExecutor[] {journal, flusher, background, metadata}) {
            pool.close();
        }
    }
}
