package dev.sluice.benchmarks;

import dev.sluice.broker.Shard;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A shard whose tasks run only while somebody waits for something: so nothing else runs during a measurement. Thread-safe but for {@link #await}, of which there is one at a time. */
final class ManualShard implements Shard {
    private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private volatile Thread owner =
            Thread.currentThread(); // written by the thread that waits, read by any that submits

    /** Runs tasks on the calling thread until the future is complete. */
    <T> T await(CompletableFuture<T> future) {
        owner = Thread.currentThread();
        var _ = future.whenComplete((value, failure) -> tasks.add(() -> {}));
        while (!future.isDone()) {
            try {
                tasks.take().run();
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
        }
        return future.join();
    }

    @Override
    public int index() {
        return 0;
    }

    @Override
    public boolean isOwner() {
        return Thread.currentThread() == owner;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer schedule(Runnable task, long delayMs) {
        var cancelled = new AtomicBoolean();
        CompletableFuture.delayedExecutor(delayMs, TimeUnit.MILLISECONDS, tasks::add)
                .execute(() -> {
                    if (!cancelled.get()) {
                        task.run();
                    }
                });
        return () -> cancelled.set(true);
    }

    @Override
    public long nowMs() {
        return System.currentTimeMillis();
    }
}
