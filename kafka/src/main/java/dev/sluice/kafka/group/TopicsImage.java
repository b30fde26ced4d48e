package dev.sluice.kafka.group;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.coordinator.common.runtime.CoordinatorMetadataDelta;
import org.apache.kafka.coordinator.common.runtime.CoordinatorMetadataImage;

/** Which topics there were at one moment. Immutable. */
final class TopicsImage implements CoordinatorMetadataImage {
    private final long version;
    private final Map<String, TopicMetadata> byName = new HashMap<>();
    private final Map<Uuid, TopicMetadata> byId = new HashMap<>();

    /** A topic; all its partitions are on the only node. */
    record Topic(String name, Uuid id, int partitionCount) implements TopicMetadata {
        /** A list that the coordinator may sort. */
        @Override
        public List<String> partitionRacks(int partition) {
            return new ArrayList<>(0);
        }
    }

    /** {@code version}: greater than those of images before. */
    TopicsImage(long version, Collection<Topic> topics) {
        this.version = version;
        for (Topic topic : topics) {
            byName.put(topic.name(), topic);
            byId.put(topic.id(), topic);
        }
    }

    /** What is different in this one from the one before. */
    Delta since(TopicsImage before) {
        var created = new HashSet<Uuid>();
        var changed = new HashSet<Uuid>();
        byId.forEach((id, topic) -> {
            TopicMetadata was = before.byId.get(id);
            if (was == null) {
                created.add(id);
            }
            if (!topic.equals(was)) {
                changed.add(id);
            }
        });
        var deleted = new HashSet<>(before.byId.keySet());
        deleted.removeAll(byId.keySet());
        return new Delta(this, created, changed, deleted);
    }

    /** {@code changedTopicIds}: those that were created, too. */
    record Delta(TopicsImage image, Set<Uuid> createdTopicIds, Set<Uuid> changedTopicIds, Set<Uuid> deletedTopicIds)
            implements CoordinatorMetadataDelta {}

    @Override
    public Set<Uuid> topicIds() {
        return byId.keySet();
    }

    @Override
    public Set<String> topicNames() {
        return byName.keySet();
    }

    @Override
    public Optional<TopicMetadata> topicMetadata(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    @Override
    public Optional<TopicMetadata> topicMetadata(Uuid id) {
        return Optional.ofNullable(byId.get(id));
    }

    @Override
    public CoordinatorMetadataDelta emptyDelta() {
        return new Delta(this, Set.of(), Set.of(), Set.of());
    }

    @Override
    public long version() {
        return version;
    }

    @Override
    public boolean isEmpty() {
        return byId.isEmpty();
    }
}
