package dev.sluice.kafka.group;

import dev.sluice.broker.Shard;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.apache.kafka.server.util.timer.Timer;
import org.apache.kafka.server.util.timer.TimerTask;
import org.apache.kafka.server.util.timer.TimerTaskEntry;
import org.jspecify.annotations.Nullable;

/**
 * The coordinator's timeouts, with one timer of the shard for the first of them. What was cancelled is looked for only when there are twice as many as were left the last time, so that heartbeats, each of which replaces a timeout, cost
 * little. Confined to its shard.
 */
final class ShardTimer implements Timer {
    /** So many may be there before what was cancelled is looked for. */
    static final int LEAST_TO_SWEEP = 256;

    private final Shard shard;
    private final PriorityQueue<TimerTaskEntry> tasks =
            new PriorityQueue<>(Comparator.comparingLong((TimerTaskEntry entry) -> entry.expirationMs));
    private int sweepAbove = LEAST_TO_SWEEP;
    private Shard.@Nullable Timer next;
    /** When {@link #next} runs. */
    private long nextMs;

    private boolean closed;

    ShardTimer(Shard shard) {
        this.shard = shard;
    }

    @Override
    public void add(TimerTask task) {
        if (closed) {
            return;
        }
        if (tasks.size() >= sweepAbove) {
            tasks.removeIf(TimerTaskEntry::cancelled);
            sweepAbove = Math.max(LEAST_TO_SWEEP, 2 * tasks.size());
        }
        tasks.add(new TimerTaskEntry(task, shard.nowMs() + Math.max(0, task.delayMs)));
        scheduleFirst();
    }

    private void scheduleFirst() {
        TimerTaskEntry first = tasks.peek();
        if (first == null || (next != null && nextMs <= first.expirationMs)) {
            return;
        }
        cancelNext();
        nextMs = first.expirationMs;
        next = shard.schedule(this::runDue, Math.max(0, nextMs - shard.nowMs()));
    }

    private void runDue() {
        next = null;
        long nowMs = shard.nowMs();
        for (TimerTaskEntry first = tasks.peek();
                first != null && first.expirationMs <= nowMs && !closed;
                first = tasks.peek()) {
            tasks.remove();
            if (!first.cancelled()) {
                first.timerTask.run();
            }
        }
        scheduleFirst();
    }

    private void cancelNext() {
        if (next != null) {
            next.cancel();
            next = null;
        }
    }

    /** The shard's clock does it. */
    @Override
    public boolean advanceClock(long timeoutMs) {
        return false;
    }

    /** Those that were cancelled may be among them. */
    @Override
    public int size() {
        return tasks.size();
    }

    @Override
    public void close() {
        closed = true;
        cancelNext();
        tasks.clear();
    }
}
