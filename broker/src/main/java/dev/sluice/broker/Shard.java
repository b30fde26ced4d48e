package dev.sluice.broker;

import java.util.concurrent.Executor;

/**
 * One thread that owns connections, queues and their state; everything it owns changes on it and nowhere else.
 * Thread-safe: {@link #execute}, {@link #schedule} and {@link #index} may be called from any thread.
 */
public interface Shard extends Executor {
    /** Position of this shard among the shards of its node, from 0. */
    int index();

    /** Whether the calling thread is this shard. */
    boolean isOwner();

    /**
     * Runs {@code task} on this shard after what was submitted before it, never at once. Called on the shard itself, it
     * runs at the end of the present turn: after the input that has already arrived was handled.
     */
    @Override
    void execute(Runnable task);

    /** Runs {@code task} on this shard, not before {@code delayMs} milliseconds from now. */
    Timer schedule(Runnable task, long delayMs);

    /** Wall clock in milliseconds since the epoch. */
    long nowMs();

    /** Stops the calling thread with a clear error when it is not this shard: a bug in the caller. */
    default void assertOwner() {
        if (!isOwner()) {
            throw new IllegalStateException(
                    "called on " + Thread.currentThread().getName() + ", but the state belongs to shard " + index());
        }
    }

    /** A task that has been scheduled. Confined to its shard. */
    interface Timer {
        /** The task does not run any more, if it has not begun. */
        void cancel();
    }
}
