package dev.sluice.broker;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** A shard with a thread of its own and a clock that only the test moves. Thread-safe. */
final class ClockedShard implements Shard {
    private final EventExecutor executor;
    private final AtomicLong nowMs;
    private final List<Scheduled> scheduled = new ArrayList<>();

    private record Scheduled(Runnable task, long dueMs) {}

    ClockedShard(EventExecutor executor, long nowMs) {
        this.executor = executor;
        this.nowMs = new AtomicLong(nowMs);
    }

    @Override
    public int index() {
        return 0;
    }

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
        var entry = new Scheduled(task, nowMs.get() + delayMs);
        synchronized (scheduled) {
            scheduled.add(entry);
        }
        return () -> {
            synchronized (scheduled) {
                scheduled.remove(entry);
            }
        };
    }

    @Override
    public long nowMs() {
        return nowMs.get();
    }

    /** Lets time pass and runs what is due then; returns when it has run. */
    void pass(long ms) {
        executor.submit(() -> {
                    nowMs.addAndGet(ms);
                    takeDue().forEach(due -> due.task.run());
                })
                .syncUninterruptibly();
    }

    private List<Scheduled> takeDue() {
        synchronized (scheduled) {
            List<Scheduled> due = scheduled.stream()
                    .filter(entry -> entry.dueMs <= nowMs.get())
                    .sorted(Comparator.comparingLong(Scheduled::dueMs))
                    .toList();
            scheduled.removeAll(due);
            return due;
        }
    }
}
