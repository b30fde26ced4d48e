package dev.sluice.broker;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * What operators do with queues, those of single connections included: looking at records without taking them. Thread-safe. Futures complete on some shard, which nobody may block, and fail with {@link BrokerException}.
 */
public final class QueueTools {
    private final Broker broker;

    QueueTools(Broker broker) {
        this.broker = broker;
    }

    /**
     * Copies of some records that the queue stores, whether they are ready or not. Changes nothing, neither their order nor their time to live, and does not slow consumers down. What is not durable yet is not there yet.
     */
    public CompletableFuture<PeekPage> peek(String queue, PeekRequest request) {
        return on(queue, found -> found.jobs().peek(request));
    }

    /** Runs {@code action} on the queue's shard. */
    private <T> CompletableFuture<T> on(String name, Function<Queue, CompletableFuture<T>> action) {
        var answer = new CompletableFuture<T>();
        BrokerShard first = broker.on(broker.shards().at(0));
        first.shard().execute(() -> {
            Queue found = first.topology().queue(name);
            Refusal refusal = found == null ? notFound(name) : found.unavailable();
            if (found == null || refusal != null) {
                answer.completeExceptionally(new BrokerException(Objects.requireNonNull(refusal)));
            } else {
                found.shard().execute(() -> start(found, action, answer));
            }
        });
        return answer;
    }

    private static <T> void start(
            Queue queue, Function<Queue, CompletableFuture<T>> action, CompletableFuture<T> answer) {
        try {
            CompletableFuture<T> started = queue.isDeleted()
                    ? CompletableFuture.failedFuture(new BrokerException(notFound(queue.name())))
                    : action.apply(queue);
            var _ = started.whenComplete((value, failure) -> {
                if (failure == null) {
                    answer.complete(value);
                } else {
                    answer.completeExceptionally(failure);
                }
            });
        } catch (RuntimeException bug) {
            answer.completeExceptionally(bug);
        }
    }

    private static Refusal notFound(String queue) {
        return new Refusal(Refusal.Reason.QUEUE_NOT_FOUND, queue);
    }
}
