package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records of a topic that are given up below an offset, as somebody wants it. */
@Timeout(60)
class DeletedRecordsTest {
    private static final String TOPIC = "orders";

    @TempDir
    private Path parent;

    @Test
    void areGoneForAllAtOnceAndAlsoForTheNextStartAfterACrash() throws IOException, InterruptedException {
        Path folder = parent.resolve("first");
        Path second = parent.resolve("second");
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareTopic(TOPIC, 1);
            broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
            publish(broker, 0, 20);
            assertThat(broker.deleteRecords(TOPIC, 0, 12)).isEqualTo(12);
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(8);
            assertThat(broker.statistics("workers").ready()).isEqualTo(8);
            assertThat(broker.statistics("workers").purged()).isEqualTo(12);
            assertThat(broker.deleteRecords(TOPIC, 0, 5))
                    .as("nothing comes back")
                    .isEqualTo(12);
            assertThat(read(broker, 8)).isEqualTo(texts(12, 20));
            FolderCopy.of(folder, second);
        }
        try (var broker = EmbeddedBroker.open(second)) {
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(8);
            assertThat(broker.statistics("workers").ready()).isEqualTo(8);
            assertThat(read(broker, 8)).isEqualTo(texts(12, 20));
            assertThat(broker.deleteRecords(TOPIC, 0, BrokerShard.ALL_RECORDS)).isEqualTo(20);
            assertThat(broker.statistics("workers").ready()).isZero();
            publish(broker, 20, 22);
            assertThat(read(broker, 2)).isEqualTo(texts(20, 22));
        }
        try (var broker = EmbeddedBroker.open(second)) {
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(2);
            assertThat(read(broker, 2)).isEqualTo(texts(20, 22));
        }
    }

    @Test
    void areThoseOfOnePartitionWhateverBecomesOfTheTopicElse() {
        try (var broker = EmbeddedBroker.open(parent)) {
            broker.declareTopic(TOPIC, 1);
            publish(broker, 0, 10);
            assertThat(broker.deleteRecords(TOPIC, 0, 4)).isEqualTo(4);
            broker.addPartitions(TOPIC, 3);
            assertThat(broker.deleteRecords(TOPIC, 2, 0)).isZero();
            broker.changeSettings(TOPIC, settings -> settings.with(QueueProperty.MAX_AGE, 3_600_000));
            assertThat(broker.deleteRecords(TOPIC, 0, 6)).isEqualTo(6);
        }
        try (var broker = EmbeddedBroker.open(parent)) {
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(4);
            assertThat(broker.deleteRecords(TOPIC, 2, BrokerShard.ALL_RECORDS)).isZero();
        }
    }

    @Test
    void maySayWhichIdsAreKnownAllTheSame() {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC)
                .with(QueueProperty.DEDUPLICATION_WINDOW, 100);
        try (var broker = EmbeddedBroker.open(parent)) {
            broker.declareQueue(new QueueSpec(TOPIC, true, false, false, settings));
            publishWithId(broker, "a");
            publishWithId(broker, "b");
            assertThat(broker.deleteRecords(TOPIC, 0, 1)).isEqualTo(1);
        }
        try (var broker = EmbeddedBroker.open(parent)) {
            publishWithId(broker, "a");
            publishWithId(broker, "b");
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(1);
        }
    }

    private static void publishWithId(EmbeddedBroker broker, String id) {
        broker.publish(TOPIC, Message.of("m").withDeduplicationId(id)).join();
    }

    @Test
    void deliveriesOfThemCanStillBeSettledAndDoNotComeBack() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(parent)) {
            broker.declareTopic(TOPIC, 1);
            broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
            publish(broker, 0, 4);
            var deliveries = new Deliveries();
            try (var _ = broker.consume("workers", 2, deliveries::take)) {
                Delivery acknowledged = deliveries.next();
                Delivery released = deliveries.next();
                assertThat(broker.deleteRecords(TOPIC, 0, 3)).isEqualTo(3);
                acknowledged.ack();
                released.release();
                assertThat(deliveries.next().message().text()).isEqualTo("3");
            }
        }
    }

    @Test
    void areGoneForTheWorkersOfATopicWhoseReadersCompete() throws InterruptedException {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC)
                .with(QueueProperty.READERS, QueueSettings.Readers.COMPETE.word());
        try (var broker = EmbeddedBroker.open(parent)) {
            broker.declareQueue(new QueueSpec(TOPIC, true, false, false, settings));
            publish(broker, 0, 10);
            assertThat(broker.deleteRecords(TOPIC, 0, 7)).isEqualTo(7);
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(3);
            assertThat(broker.statistics(TOPIC).purged()).isEqualTo(7);
        }
        try (var broker = EmbeddedBroker.open(parent)) {
            var deliveries = new Deliveries();
            try (var _ = broker.consume(TOPIC, 10, deliveries::takeAndAck)) {
                assertThat(deliveries.texts(3)).isEqualTo(texts(7, 10));
            }
        }
    }

    @Test
    void saysWhatCannotBe() {
        try (var broker = EmbeddedBroker.open(parent)) {
            broker.declareTopic(TOPIC, 2);
            broker.declareQueue("queue");
            assertThatThrownBy(() -> broker.deleteRecords(TOPIC, 0, 1))
                    .hasMessageContaining("OFFSET_OUT_OF_RANGE orders: partition 0 ends at 0, and nothing is below 1");
            assertThatThrownBy(() -> broker.deleteRecords(TOPIC, 0, -2)).hasMessageContaining("OFFSET_OUT_OF_RANGE");
            assertThatThrownBy(() -> broker.deleteRecords(TOPIC, 2, 0))
                    .hasMessageContaining("PARTITION_NOT_FOUND orders: its partitions are 0 to 1, not 2");
            assertThatThrownBy(() -> broker.deleteRecords("queue", 0, 0)).hasMessageContaining("it is no topic");
        }
    }

    private static void publish(EmbeddedBroker broker, int from, int to) {
        for (int i = from; i < to; i++) {
            broker.publish(TOPIC, Message.of(String.valueOf(i))).join();
        }
    }

    private static List<String> read(EmbeddedBroker broker, int count) throws InterruptedException {
        var deliveries = new Deliveries();
        try (var _ = broker.read(TOPIC, StartPosition.FIRST, 100, deliveries::takeAndAck)) {
            return deliveries.texts(count);
        }
    }

    private static List<String> texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(String::valueOf).toList();
    }
}
