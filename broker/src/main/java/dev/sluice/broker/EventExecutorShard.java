package dev.sluice.broker;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A shard on one of Netty's single-threaded executors, an event loop among them. Thread-safe: immutable. */
public record EventExecutorShard(int index, EventExecutor executor) implements Shard {
    @Override
    public boolean isOwner() {
        return executor.inEventLoop();
    }

    @Override
    public void execute(Runnable task) {
        executor.execute(task);
    }

    @Override
    public Timer schedule(Runnable task, long delayMs) {
        ScheduledFuture<?> scheduled = executor.schedule(task, delayMs, TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    @Override
    public long nowMs() {
        return System.currentTimeMillis();
    }
}
