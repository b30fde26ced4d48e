package dev.sluice.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * Confined to the thread of its {@link SimScheduler}. Stands for one thread, or for several: then its tasks run side by
 * side.
 */
public final class SimExecutor implements Executor {
    private final SimScheduler scheduler;
    private final String name;
    private final boolean serial;
    private final List<SimTask> tasks = new ArrayList<>();
    private boolean running;

    SimExecutor(SimScheduler scheduler, String name, boolean serial) {
        this.scheduler = scheduler;
        this.name = name;
        this.serial = serial;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(new SimTask(task));
        if (scheduler.isBlocking() && !running) {
            drain();
        }
    }

    boolean isRunnable() {
        return !tasks.isEmpty();
    }

    /** Whether one of its tasks is on the stack. */
    boolean isRunning() {
        return running;
    }

    /** Runs one task up to where it pauses or ends. */
    void step(Seeded random) {
        SimTask task = serial ? tasks.getFirst() : random.pick(tasks);
        running = true;
        try {
            task.resume();
        } finally {
            running = false;
            if (task.isDone()) {
                tasks.remove(task);
            }
        }
    }

    private void drain() {
        while (!tasks.isEmpty()) {
            SimTask task = tasks.getFirst();
            running = true;
            try {
                task.resume();
            } finally {
                running = false;
                if (task.isDone()) {
                    tasks.remove(task);
                }
            }
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
