package dev.sluice.testkit;

import dev.sluice.broker.Shard;

/** Confined to the thread of its {@link SimScheduler}. A shard of a broker on one of the scheduler's executors, with its clock. */
public final class SimShard implements Shard {
    private final int index;
    private final SimScheduler scheduler;
    private final SimExecutor executor;

    public SimShard(int index, SimScheduler scheduler) {
        this.index = index;
        this.scheduler = scheduler;
        this.executor = scheduler.serial("shard " + index);
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public boolean isOwner() {
        return executor.isRunning();
    }

    @Override
    public void execute(Runnable task) {
        executor.execute(task);
    }

    @Override
    public Timer schedule(Runnable task, long delayMs) {
        boolean[] cancelled = {false};
        scheduler.schedule(delayMs, executor, () -> {
            if (!cancelled[0]) {
                task.run();
            }
        });
        return () -> cancelled[0] = true;
    }

    @Override
    public long nowMs() {
        return scheduler.clock().nowMs();
    }
}
