package dev.sluice.log;

import java.util.concurrent.Executor;

/**
 * Where the storage's own work runs. In production these are threads ({@link SystemThreads}); a simulation passes
 * executors that it steps by itself, on one thread. Thread-safe.
 */
public interface StorageThreads extends AutoCloseable {

    /** Runs one task at a time, in order: the journal writer. */
    Executor journal();

    /** Runs one task at a time, in order: the metadata writer. */
    Executor metadata();

    /** Runs one task at a time, in order: writing tails to segments, rewriting and merging segments. */
    Executor flusher();

    /** Runs several tasks at a time in any order: reading segments, preparing and deleting files. */
    Executor background();

    /** Hands the task to {@link #background()} after about the delay. */
    void schedule(long delayMs, Runnable task);

    /** Ends the threads after the tasks handed in so far. */
    @Override
    void close();
}
