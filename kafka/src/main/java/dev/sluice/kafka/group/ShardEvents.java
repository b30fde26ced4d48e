package dev.sluice.kafka.group;

import dev.sluice.broker.Shard;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.coordinator.common.runtime.CoordinatorEvent;
import org.apache.kafka.coordinator.common.runtime.CoordinatorEventProcessor;

/** Runs what the coordinator has to do, one after another, on a shard. Confined to it, but for what hands events over, which any thread may call. */
final class ShardEvents implements CoordinatorEventProcessor {
    private final Shard shard;
    private final Runnable beforeEach;
    private final ArrayDeque<CoordinatorEvent> waiting = new ArrayDeque<>();
    private final Runnable turn = this::runWaiting;
    private boolean scheduled;
    /** Written on the shard, read by all. */
    private volatile boolean closed;

    /** {@code beforeEach}: runs before an event that comes last is put there; it may put others before it. */
    ShardEvents(Shard shard, Runnable beforeEach) {
        this.shard = shard;
        this.beforeEach = beforeEach;
    }

    @Override
    public void enqueueLast(CoordinatorEvent event) {
        enqueue(event, false);
    }

    @Override
    public void enqueueFirst(CoordinatorEvent event) {
        enqueue(event, true);
    }

    private void enqueue(CoordinatorEvent event, boolean first) {
        if (closed) {
            throw new RejectedExecutionException("the group coordinator is closed");
        }
        if (shard.isOwner()) {
            put(event, first);
        } else {
            shard.execute(() -> put(event, first));
        }
    }

    private void put(CoordinatorEvent event, boolean first) {
        if (closed) {
            event.complete(Errors.NOT_COORDINATOR.exception());
        } else if (first) {
            waiting.addFirst(event);
            schedule();
        } else {
            beforeEach.run();
            waiting.addLast(event);
            schedule();
        }
    }

    private void schedule() {
        if (!scheduled) {
            scheduled = true;
            shard.execute(turn);
        }
    }

    /** Those that come meanwhile have the next turn, so that connections have theirs. */
    private void runWaiting() {
        scheduled = false;
        for (int left = waiting.size(); left > 0 && !waiting.isEmpty(); left--) {
            run(waiting.removeFirst());
        }
        if (!waiting.isEmpty()) {
            schedule();
        }
    }

    /** And what comes of them. */
    void runAll() {
        while (!waiting.isEmpty()) {
            run(waiting.removeFirst());
        }
    }

    private static void run(CoordinatorEvent event) {
        try {
            event.run();
        } catch (RuntimeException failed) {
            event.complete(failed);
        }
    }

    @Override
    public void close() {
        closed = true;
        for (CoordinatorEvent event = waiting.pollFirst(); event != null; event = waiting.pollFirst()) {
            event.complete(Errors.NOT_COORDINATOR.exception());
        }
    }
}
