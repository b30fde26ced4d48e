package dev.sluice.broker;

import dev.sluice.broker.Outcome.Reply;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a topic makes for those of its consumers who get everything: for each a subscription without a name, which is in memory only and goes with its consumer. Confined to the topic's shard. */
final class TopicReaders {
    private final Queue topic;
    private final Set<Queue> readers = new LinkedHashSet<>();

    TopicReaders(Queue topic) {
        this.topic = topic;
    }

    void subscribe(ConsumerSpec wish, DeliverySink sink, BrokerShard home, Reply<Consumer> reply) {
        StartPosition start = wish.start() == null ? StartPosition.NEXT : wish.start();
        var _ = StartOffsets.of(start, topic.partitions()).whenComplete((offsets, failure) -> {
            if (topic.isDeleted()) {
                reply.on(Outcome.refused(Refusal.Reason.QUEUE_NOT_FOUND, topic.name()));
            } else if (failure != null) {
                reply.on(Outcome.refused(Refusal.Reason.STORAGE, topic.name(), String.valueOf(failure.getMessage())));
            } else {
                readFrom(offsets).consumers().subscribe(wish, sink, home, reply);
            }
        });
    }

    private Queue readFrom(long[] offsets) {
        QueueSettings settings = QueueSettings.DEFAULT.with(QueueProperty.TOPIC, topic.name());
        var spec = new QueueSpec(topic.name(), false, false, false, settings);
        var reader = new Queue(topic.id(), spec, 0, topic.home(), 0, topic);
        reader.consumers().whenUnused(() -> {
            readers.remove(reader);
            reader.delete();
        });
        readers.add(reader);
        CursorState[] cursors = StartOffsets.cursors(offsets, reader.lanes().length);
        for (Lane lane : reader.lanes()) {
            var _ = lane.open(cursors[lane.index()]);
        }
        reader.opened();
        return reader;
    }

    int size() {
        return readers.size();
    }

    /** The topic is gone. */
    void delete() {
        List.copyOf(readers).forEach(Queue::delete);
        readers.clear();
    }

    /** The broker stops. */
    void stop() {
        readers.forEach(Queue::stop);
    }
}
