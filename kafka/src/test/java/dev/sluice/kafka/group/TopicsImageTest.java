package dev.sluice.kafka.group;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.kafka.group.TopicsImage.Topic;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

class TopicsImageTest {
    private static final Topic STAYS = topic("stays", 1, 1);
    private static final Topic GROWS = topic("grows", 2, 1);
    private static final Topic GROWN = topic("grows", 2, 4);
    private static final Topic GOES = topic("goes", 3, 1);
    private static final Topic RETURNED = topic("goes", 4, 1);

    @Test
    void tellsWhatCameChangedAndWent() {
        var before = new TopicsImage(1, List.of(STAYS, GROWS, GOES));
        var after = new TopicsImage(2, List.of(STAYS, GROWN, RETURNED));
        TopicsImage.Delta delta = after.since(before);
        assertThat(delta.createdTopicIds()).containsExactly(RETURNED.id());
        assertThat(delta.changedTopicIds()).containsExactlyInAnyOrder(GROWN.id(), RETURNED.id());
        assertThat(delta.deletedTopicIds()).containsExactly(GOES.id());
        assertThat(delta.image()).isSameAs(after);
    }

    @Test
    void findsTopicsByNameAndId() {
        var image = new TopicsImage(1, List.of(STAYS));
        assertThat(image.topicMetadata("stays")).contains(STAYS);
        assertThat(image.topicMetadata(STAYS.id())).contains(STAYS);
        assertThat(image.topicMetadata("goes")).isEmpty();
        assertThat(image.isEmpty()).isFalse();
        assertThat(image.emptyDelta().changedTopicIds()).isEmpty();
    }

    private static Topic topic(String name, long id, int partitions) {
        return new Topic(name, new Uuid(0, id), partitions);
    }
}
