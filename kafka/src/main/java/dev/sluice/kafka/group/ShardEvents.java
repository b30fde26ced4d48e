package dev.sluice.kafka.group;

import dev.sluice.broker.Shard;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
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
        refuseIfClosed();
        if (shard.isOwner()) {
            beforeEach.run();
            waiting.addLast(event);
            schedule();
        } else {
            shard.execute(() -> enqueueLast(event));
        }
    }

    @Override
    public void enqueueFirst(CoordinatorEvent event) {
        refuseIfClosed();
        if (shard.isOwner()) {
            waiting.addFirst(event);
            schedule();
        } else {
            shard.execute(() -> enqueueFirst(event));
        }
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new RejectedExecutionException("the group coordinator is closed");
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
        var refused = new RejectedExecutionException("the group coordinator is closed");
        for (CoordinatorEvent event = waiting.pollFirst(); event != null; event = waiting.pollFirst()) {
            event.complete(refused);
        }
    }
}
