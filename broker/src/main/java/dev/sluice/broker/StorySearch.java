package dev.sluice.broker;

import dev.sluice.broker.StoryEvent.Kind;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.StorageException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** Looks for the events of some records of a queue in its shard's log of stories, a bounded part in each turn. Confined to the queue's shard, but for the future. */
final class StorySearch {
    /** Events looked at in one turn. */
    static final int MOST_PER_TURN = 1024;
    /** Records whose events are told. */
    static final int MOST_RECORDS = 100;

    private final Queue queue;
    private final StoryQuery query;
    private final StoryQuery.Wanted wanted;
    private final CompletableFuture<Story> answer = new CompletableFuture<>();
    private final StoryLog stories;
    private final LogReader reader;
    private final long fromMs;
    /** Of the queue or, for a subscription, of its topic. */
    private final long storedIn;
    /** What is known of each record that is meant so far. */
    private final Map<RecordPosition, Stage> meant = new HashMap<>();

    private final List<StoryEvent> events = new ArrayList<>();
    private final long end;
    private long next;
    private boolean isWhole = true;

    private enum Stage {
        READY,
        WITH_CONSUMER,
        GONE
    }

    StorySearch(Queue queue, QueueStory story, StoryQuery query) {
        this.queue = queue;
        this.query = query;
        this.wanted = query.wanted();
        this.stories = queue.home().storyLog();
        stories.write();
        PartitionLog log = stories.log();
        this.reader = new LogReader(log, this::step);
        this.next = log.startOffset();
        this.end = log.endOffset();
        this.fromMs = queue.shard().nowMs() - story.rememberedMs();
        Lane[] lanes = queue.lanes();
        this.storedIn = (lanes.length > 0 ? lanes[0].partition() : queue.partitions()[0])
                .id()
                .value();
        RecordPosition position = query.position();
        if (position != null) {
            meant.put(position, Stage.READY);
        }
    }

    /** Completes on the queue's shard. */
    CompletableFuture<Story> answer() {
        return answer;
    }

    /** Looks at the next events. */
    void step() {
        if (answer.isDone()) {
            return;
        }
        try {
            for (int i = 0; i < MOST_PER_TURN; i++) {
                if (next >= end || events.size() > query.most()) {
                    end();
                    return;
                }
                if (!lookAtNext()) {
                    return;
                }
            }
        } catch (RuntimeException damaged) {
            reader.close();
            answer.completeExceptionally(damaged);
            return;
        }
        queue.shard().execute(this::step);
    }

    /** False if it has to wait, or there is nothing more to do. */
    private boolean lookAtNext() {
        switch (reader.seek(next)) {
            case AT -> {
                look(reader.record());
                next = reader.record().offset() + 1;
            }
            case MISSING -> next = reader.missingBelow();
            case END -> next = end;
            case PENDING -> {
                return false;
            }
            case FAILED -> {
                StorageException failure = Objects.requireNonNull(reader.failure());
                fail(new Refusal(Refusal.Reason.STORAGE, queue.name(), String.valueOf(failure.getMessage())));
                return false;
            }
        }
        return true;
    }

    private void look(RecordCursor record) {
        long queueId = StoryNote.queueId(record);
        if (record.timestampMs() < fromMs || (queueId != queue.id().value() && queueId != storedIn)) {
            return;
        }
        StoryNote note = StoryNote.decode(record);
        if (note.kind() == Kind.STORED) {
            stored(note, record.timestampMs());
        } else if (note.kind() == Kind.PURGED) {
            purged(note, record.timestampMs());
        } else if (queueId == queue.id().value()) {
            happened(note, record.timestampMs());
        }
    }

    private void stored(StoryNote note, long timeMs) {
        var position = new RecordPosition(note.lane(), note.first());
        if (query.position() == null && !wanted.isMetBy(note.texts())) {
            meant.remove(position); // what had the place was lost in a crash before it was durable
        } else if (query.position() == null && meant.size() == MOST_RECORDS) {
            isWhole = false;
        } else if (query.position() == null || meant.containsKey(position)) {
            meant.put(position, Stage.READY);
            tell(note, timeMs, position);
        }
    }

    private void happened(StoryNote note, long timeMs) {
        var position = new RecordPosition(note.lane(), note.first());
        if (meant.containsKey(position)) {
            meant.put(
                    position,
                    note.kind() == Kind.DELIVERED
                            ? Stage.WITH_CONSUMER
                            : note.kind().isEnd() ? Stage.GONE : Stage.READY);
            tell(note, timeMs, position);
        }
    }

    /** A purge leaves alone what a consumer has. */
    private void purged(StoryNote note, long timeMs) {
        if (note.queueId() != queue.id().value()) {
            return;
        }
        meant.replaceAll((position, stage) -> {
            boolean isPurged = stage == Stage.READY
                    && position.priority() == note.lane()
                    && position.offset() >= note.first()
                    && position.offset() <= note.last();
            if (isPurged) {
                tell(note, timeMs, position);
            }
            return isPurged ? Stage.GONE : stage;
        });
    }

    private void tell(StoryNote note, long timeMs, RecordPosition position) {
        int names = Math.min(note.texts().size(), note.kind() == Kind.STORED ? 4 : StoryNote.MOST_TEXTS);
        events.add(new StoryEvent(
                note.kind(),
                timeMs,
                position,
                note.consumer(),
                note.deliveryCount(),
                note.texts().subList(0, names)));
    }

    private void end() {
        reader.close();
        boolean hasMore = events.size() > query.most();
        List<StoryEvent> told = hasMore ? events.subList(0, query.most()) : events;
        answer.complete(new Story(told, isWhole && !hasMore, stories.leftOut()));
    }

    /** The queue is gone, or the broker stops, or the log cannot be read. */
    void fail(Refusal refusal) {
        reader.close();
        answer.completeExceptionally(new BrokerException(refusal));
    }
}
