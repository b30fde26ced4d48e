package dev.sluice.broker;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * What operators do with queues, those of single connections included: looking at records without taking them, pausing and resuming. Thread-safe. Futures complete on some shard, which nobody may block, and fail with {@link BrokerException}.
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

    /**
     * Pauses publishing, consuming or both, also across restarts; what is paused already stays so.
     *
     * @return what is paused now
     */
    public CompletableFuture<QueuePauses> pause(String queue, QueuePauses what) {
        return change(queue, pauses -> pauses.with(what));
    }

    /**
     * Lets go on what was paused.
     *
     * @return what is still paused
     */
    public CompletableFuture<QueuePauses> resume(String queue, QueuePauses what) {
        return change(queue, pauses -> pauses.without(what));
    }

    private CompletableFuture<QueuePauses> change(String queue, UnaryOperator<QueuePauses> change) {
        var answer = new CompletableFuture<QueuePauses>();
        broker.controller(controller -> controller.pauseQueue(queue, change, outcome -> {
            switch (outcome) {
                case Outcome.Done<QueuePauses>(QueuePauses pauses) -> answer.complete(pauses);
                case Outcome.Refused<QueuePauses>(Refusal refusal) ->
                    answer.completeExceptionally(new BrokerException(refusal));
            }
        }));
        return answer;
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
