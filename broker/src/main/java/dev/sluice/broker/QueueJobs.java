package dev.sluice.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What operators have a queue do beside its work. Confined to the queue's shard. */
final class QueueJobs {
    /** So many look at the queue at the same time. */
    static final int MOST_PEEKS = 16;

    private final Queue queue;
    private final List<Peek> peeks = new ArrayList<>(1);

    QueueJobs(Queue queue) {
        this.queue = queue;
    }

    /** Looks at some records. */
    CompletableFuture<PeekPage> peek(PeekRequest request) {
        if (peeks.size() == MOST_PEEKS) {
            return CompletableFuture.failedFuture(new BrokerException(new Refusal(
                    Refusal.Reason.BUSY, queue.name(), MOST_PEEKS + " others look at it now; try again in a moment")));
        }
        var peek = new Peek(queue, request);
        peeks.add(peek);
        var _ = peek.answer().whenComplete((page, failure) -> peeks.remove(peek));
        peek.step();
        return peek.answer();
    }

    /** The queue is gone, or the broker stops. */
    void close(Refusal.Reason reason) {
        for (Peek peek : List.copyOf(peeks)) {
            peek.fail(new Refusal(reason, queue.name()));
        }
    }
}
