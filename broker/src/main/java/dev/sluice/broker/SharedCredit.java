package dev.sluice.broker;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * How many unsettled deliveries several consumers may have together: a channel's limit over consumers of queues on different shards. Thread-safe: its state is behind its own
 * monitor, which is held for a few instructions and only by consumers that share a limit.
 */
public final class SharedCredit {
    private final Queue<Consumer> waiting = new ArrayDeque<>();
    private int limit;
    private int used;

    /** {@code limit} 0 means any number. */
    public SharedCredit(int limit) {
        this.limit = limit;
    }

    /** Takes effect for the next delivery; what is already out stays out. */
    public void setLimit(int newLimit) {
        synchronized (this) {
            limit = newLimit;
        }
        wake();
    }

    /** Takes one, or notes that {@code consumer} waits for one and will be resumed. */
    synchronized boolean acquireOrWait(Consumer consumer) {
        if (limit == 0 || used < limit) {
            used++;
            return true;
        }
        if (!waiting.contains(consumer)) {
            waiting.add(consumer);
        }
        return false;
    }

    void release(int count) {
        synchronized (this) {
            used -= count;
        }
        wake();
    }

    /** All that wait may try again, since one of them may have nothing to deliver. */
    private void wake() {
        Consumer[] ready;
        synchronized (this) {
            if (waiting.isEmpty() || (limit != 0 && used >= limit)) {
                return;
            }
            ready = waiting.toArray(Consumer[]::new);
            waiting.clear();
        }
        for (Consumer consumer : ready) {
            consumer.resumeFromAnywhere();
        }
    }
}
