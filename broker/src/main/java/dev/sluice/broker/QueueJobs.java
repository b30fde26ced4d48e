package dev.sluice.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What operators have a queue do beside its work. Confined to the queue's shard. */
final class QueueJobs {
    /** So many look at the queue at the same time. */
    static final int MOST_PEEKS = 16;

    /** So many ask for stories of its records at the same time. */
    static final int MOST_SEARCHES = 4;

    private static final String TOPIC = "it is a topic, which is read by its subscriptions: name one of those";

    private final Queue queue;
    private final List<Peek> peeks = new ArrayList<>(1);

    private final List<StorySearch> searches = new ArrayList<>(0);
    private final QueueCounters counters;
    /** The one that goes on, or the last one; null if there was none. */
    private @Nullable Transfer transfer;

    QueueJobs(Queue queue, QueueCounters counters) {
        this.queue = queue;
        this.counters = counters;
    }

    /** Looks at some records. */
    CompletableFuture<PeekPage> peek(PeekRequest request) {
        if (isOnlyTopic()) {
            return refused(Refusal.Reason.INVALID, TOPIC);
        }
        if (peeks.size() == MOST_PEEKS) {
            return refused(Refusal.Reason.BUSY, MOST_PEEKS + " others look at it now; try again in a moment");
        }
        var peek = new Peek(queue, request);
        peeks.add(peek);
        var _ = peek.answer().whenComplete((page, failure) -> peeks.remove(peek));
        peek.step();
        return peek.answer();
    }

    /** Tells what happened to some records. */
    CompletableFuture<Story> story(StoryQuery query) {
        QueueStory story = queue.story();
        if (story == null) {
            return refused(
                    Refusal.Reason.INVALID,
                    "nothing is remembered of its records: declare it with " + QueueProperty.STORY.propertyName());
        }
        if (searches.size() == MOST_SEARCHES) {
            return refused(Refusal.Reason.BUSY, MOST_SEARCHES + " others ask for stories now; try again in a moment");
        }
        var search = new StorySearch(queue, story, query);
        searches.add(search);
        var _ = search.answer().whenComplete((told, failure) -> searches.remove(search));
        search.step();
        return search.answer();
    }

    /** Drops what is ready or held back. */
    CompletableFuture<Long> purge() {
        return isOnlyTopic()
                ? refused(Refusal.Reason.INVALID, TOPIC)
                : CompletableFuture.completedFuture(queue.purge());
    }

    /** Begins to move, copy or drop records. */
    CompletableFuture<TransferProgress> start(TransferRequest request) {
        if (isOnlyTopic()) {
            return refused(Refusal.Reason.INVALID, TOPIC);
        }
        if (transfer != null && !transfer.isOver()) {
            return refused(
                    Refusal.Reason.BUSY, "another transfer of its records goes on: wait for its end, or stop it");
        }
        var begun = new Transfer(queue, counters, request);
        Refusal refusal = begun.refusal();
        if (refusal != null) {
            return CompletableFuture.failedFuture(new BrokerException(refusal));
        }
        transfer = begun;
        begun.step();
        return CompletableFuture.completedFuture(begun.progress());
    }

    /** How far the transfer has come; null if there was none. */
    @Nullable
    TransferProgress progress() {
        return transfer == null ? null : transfer.progress();
    }

    /** Ends the transfer, if one goes on. */
    void stop() {
        if (transfer != null) {
            transfer.stop();
        }
    }

    private boolean isOnlyTopic() {
        return queue.lanes().length == 0;
    }

    private <T> CompletableFuture<T> refused(Refusal.Reason reason, String detail) {
        return CompletableFuture.failedFuture(new BrokerException(new Refusal(reason, queue.name(), detail)));
    }

    /** The queue is gone, or the broker stops. */
    void close(Refusal.Reason reason) {
        for (Peek peek : List.copyOf(peeks)) {
            peek.fail(new Refusal(reason, queue.name()));
        }
        for (StorySearch search : List.copyOf(searches)) {
            search.fail(new Refusal(reason, queue.name()));
        }
        if (transfer != null) {
            transfer.close();
        }
    }
}
