package dev.sluice.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One owner thread as the storage sees it: the way to it, and its open logs. The logs are confined to the owner thread;
 * {@link #complete} and {@link #deliver} are called by the journal thread.
 */
final class OwnerLane {
    private static final Logger LOG = LoggerFactory.getLogger(OwnerLane.class);

    private final Executor executor;
    private final List<PartitionLog> logs = new ArrayList<>();

    /** Counts appends and reads of memory, so that logs can be told by when they were used last. Owner thread only. */
    private long uses;

    // Entries of the frame just written, in order. Journal thread only.
    private @Nullable Entry firstCompleted;
    private @Nullable Entry lastCompleted;

    OwnerLane(Executor executor) {
        this.executor = executor;
    }

    Executor executor() {
        return executor;
    }

    /**
     * Runs the task on the owner thread.
     *
     * @return false if the owner has ended; then the task never runs
     */
    boolean execute(Runnable task) {
        try {
            executor.execute(task);
            return true;
        } catch (RejectedExecutionException ended) {
            // The owner has shut down before the storage; nobody is left to hear it.
            LOG.debug("An owner thread has ended: {}", ended.toString());
            return false;
        }
    }

    long nextUse() {
        return ++uses;
    }

    /** The open logs of this owner. Owner thread only. */
    List<PartitionLog> logs() {
        return logs;
    }

    /**
     * Adds an entry that has just become durable.
     *
     * @return true if it is the first of this frame: then {@link #deliver} has to be called
     */
    boolean complete(Entry entry) {
        entry.next = null;
        Entry last = lastCompleted;
        lastCompleted = entry;
        if (last == null) {
            firstCompleted = entry;
            return true;
        }
        last.next = entry;
        return false;
    }

    /** Hands all completed entries to the owner as one task. */
    void deliver() {
        Entry first = firstCompleted;
        firstCompleted = null;
        lastCompleted = null;
        execute(() -> onDurable(first));
    }

    private static void onDurable(@Nullable Entry first) {
        for (Entry entry = first; entry != null; entry = entry.next) {
            entry.log.onDurable(entry);
        }
        Entry entry = first;
        while (entry != null) {
            Entry next = entry.next;
            entry.next = null;
            entry.log.tellDurable();
            entry = next;
        }
    }
}
