package dev.sluice.broker;

import dev.sluice.broker.StoryEvent.Kind;
import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Notes what happens to each record of a queue whose owner wants to be able to ask. Confined to the queue's shard. */
final class QueueStory {
    private final Queue queue;
    private final long rememberedMs;

    private QueueStory(Queue queue, long rememberedMs) {
        this.queue = queue;
        this.rememberedMs = rememberedMs;
    }

    /** Null if nobody is to ask. */
    static @Nullable QueueStory of(Queue queue) {
        long rememberedMs = queue.spec().settings().storyMs();
        return rememberedMs < 0 ? null : new QueueStory(queue, rememberedMs);
    }

    /** How long an event can be asked for. */
    long rememberedMs() {
        return rememberedMs;
    }

    void opened() {
        log().remember(rememberedMs);
    }

    /** The batch is about to be appended to the partition. */
    void stored(Partition partition, ByteBuf batch) {
        long offset = partition.log().endOffset();
        int index = (int) (partition.id().value() - queue.id().value());
        var record = new RecordCursor();
        record.reset(batch, batch.readerIndex());
        while (record.next()) {
            add(Kind.STORED, index, offset, offset, 0, 0, names(record));
            offset++;
        }
    }

    /** As {@link StoryEvent#names}; where there is one, the deduplication id behind them, in hexadecimal digits. */
    private List<String> names(RecordCursor record) {
        var names = new ArrayList<String>(5);
        RouteHeader.Place place = RouteHeader.of(record).or(queue.name());
        names.add(place.exchange());
        names.add(place.routingKey());
        int keyBytes = Math.clamp(record.keyLength(), 0, StoryNote.MOST_TEXT_BYTES);
        names.add(record.buffer().toString(record.keyIndex(), keyBytes, StandardCharsets.UTF_8));
        names.add(MessageId.of(record));
        if (DeduplicationId.isIn(record)) {
            HexFormat hex = HexFormat.of();
            names.add(hex.toHexDigits(DeduplicationId.first(record)) + hex.toHexDigits(DeduplicationId.second(record)));
        }
        return names;
    }

    void delivered(Consumer consumer, Lane lane, long offset, int deliveryCount) {
        long number = consumer.subscribed ? consumer.number : StoryEvent.BY_GET;
        add(Kind.DELIVERED, lane.index(), offset, offset, number, deliveryCount, List.of());
    }

    void happened(Kind kind, Lane lane, long offset) {
        add(kind, lane.index(), offset, offset, 0, 0, List.of());
    }

    /** All that is ready or held back of these, both ends included, is gone. */
    void purged(Lane lane, long first, long last) {
        add(Kind.PURGED, lane.index(), first, last, 0, 0, List.of());
    }

    /** All targets have the records. */
    void moved(Kind kind, RecordMove<?> move) {
        for (MovedRecord record : move.records) {
            var names = new ArrayList<String>();
            record.reached().forEach(target -> names.add(target.name()));
            move.targets.forEach(target -> names.add(target.name()));
            add(kind, move.lane.index(), record.offset(), record.offset(), 0, 0, names);
        }
    }

    /** The dead letter goes to no other queue than those that have it already. */
    void deadLettered(DeadRecord dead) {
        List<String> names = dead.reached().stream().map(Queue::name).toList();
        add(Kind.DEAD_LETTERED, dead.lane.index(), dead.offset, dead.offset, 0, 0, names);
    }

    private void add(Kind kind, int lane, long first, long last, long consumer, int deliveryCount, List<String> names) {
        log().add(new StoryNote(kind, queue.id().value(), lane, first, last, consumer, deliveryCount, names));
    }

    private StoryLog log() {
        return queue.home().storyLog();
    }
}
