package dev.sluice.broker;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * What operators do with queues, those of single connections included: looking at records without taking them, pausing and resuming, moving, copying and dropping them. Thread-safe. Futures complete on some shard, which nobody may block, and fail with {@link BrokerException}.
 */
public final class QueueTools {
    /** An operator has none. */
    private static final long NO_CONNECTION = 0;

    private final Broker broker;

    QueueTools(Broker broker) {
        this.broker = broker;
    }

    /** All queues, by their names. */
    public CompletableFuture<List<QueueOverview>> list() {
        BrokerShard first = broker.on(broker.shards().at(0));
        return CompletableFuture.supplyAsync(() -> List.copyOf(first.topology().queues()), first.shard())
                .thenCompose(queues -> {
                    var parts = new ArrayList<CompletableFuture<List<QueueOverview>>>();
                    for (Shard shard : broker.shards().all()) {
                        List<Queue> there = queues.stream()
                                .filter(queue -> queue.shard().index() == shard.index())
                                .toList();
                        parts.add(new QueueListing(shard, there).run());
                    }
                    return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                            .thenApply(done -> parts.stream()
                                    .flatMap(part -> part.join().stream())
                                    .sorted(Comparator.comparing(
                                            queue -> queue.spec().name()))
                                    .toList());
                });
    }

    /** Drops all that is ready or held back; returns how many records that was. */
    public CompletableFuture<Long> purge(String queue) {
        return on(queue, found -> found.jobs().purge());
    }

    /**
     * Copies of some records that the queue stores, whether they are ready or not. Changes nothing, neither their order nor their time to live, and does not slow consumers down. What is not durable yet is not there yet.
     */
    public CompletableFuture<PeekPage> peek(String queue, PeekRequest request) {
        return on(queue, found -> found.jobs().peek(request));
    }

    /**
     * What happened to some records of a queue with a {@linkplain QueueProperty#STORY story}, whether they are still there or not, in the order in which it happened. Looks through all that the queue's shard remembers, without slowing it down.
     */
    public CompletableFuture<Story> story(String queue, StoryQuery query) {
        return on(queue, found -> found.jobs().story(query));
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
        broker.controller(controller -> controller.queues().pauseQueue(queue, change, completing(answer)));
        return answer;
    }

    /**
     * Gives a queue or topic that is in use other settings, at once and for good.
     *
     * @param change from the present settings to others, of which only those with {@link QueueProperty.Change#AT_ANY_TIME} may differ; runs on a shard
     * @return what they are then
     */
    public CompletableFuture<QueueSettings> changeSettings(String queue, UnaryOperator<QueueSettings> change) {
        var answer = new CompletableFuture<QueueSettings>();
        broker.controller(controller ->
                controller.queueChanges().changeSettings(queue, change, NO_CONNECTION, completing(answer)));
        return answer;
    }

    private static <T> Outcome.Reply<T> completing(CompletableFuture<T> answer) {
        return outcome -> {
            switch (outcome) {
                case Outcome.Done<T>(T value) -> answer.complete(value);
                case Outcome.Refused<T>(Refusal refusal) -> answer.completeExceptionally(new BrokerException(refusal));
            }
        };
    }

    /**
     * Begins to move, copy or drop records of the queue that are ready now, as the request says, and goes on in the background: one transfer at a time for each queue, until it is over, is stopped or the broker is. A move is
     * atomic for each record; what a target refuses waits and is tried again.
     *
     * @return how far it has come at once
     */
    public CompletableFuture<TransferProgress> start(String queue, TransferRequest request) {
        return on(queue, found -> found.jobs().start(request));
    }

    /** How far the queue's transfer has come, or did come if it is over; nothing if there was none since the broker was started. */
    public CompletableFuture<Optional<TransferProgress>> progress(String queue) {
        return on(
                queue,
                found -> CompletableFuture.completedFuture(
                        Optional.ofNullable(found.jobs().progress())));
    }

    /** Ends the queue's transfer, if there is one, as soon as what is on its way has arrived. */
    public CompletableFuture<Optional<TransferProgress>> stop(String queue) {
        return on(queue, found -> {
            found.jobs().stop();
            return CompletableFuture.completedFuture(
                    Optional.ofNullable(found.jobs().progress()));
        });
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
