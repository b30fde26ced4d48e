package dev.sluice.broker;

import java.util.ArrayList;
import java.util.List;

/** A shard that does nothing by itself: what is scheduled waits for the test to run it. Confined to its test. */
final class StillShard implements Shard {
    private final List<Runnable> scheduled = new ArrayList<>();
    private long nowMs;

    @Override
    public int index() {
        return 0;
    }

    @Override
    public boolean isOwner() {
        return true;
    }

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public Timer schedule(Runnable task, long delayMs) {
        scheduled.add(task);
        return () -> scheduled.remove(task);
    }

    @Override
    public long nowMs() {
        return nowMs;
    }

    /** Lets time pass and runs what was scheduled before. */
    void pass(long ms) {
        nowMs += ms;
        List<Runnable> due = List.copyOf(scheduled);
        scheduled.clear();
        due.forEach(Runnable::run);
    }

    int scheduled() {
        return scheduled.size();
    }
}
