package dev.sluice.broker;

import static dev.sluice.broker.RestartableBroker.texts;
import static dev.sluice.broker.TestSettings.topic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Topics that get more partitions while they are in use. */
@Timeout(60)
class AddedPartitionsTest {
    private static final String TOPIC = "orders";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"fifo", "key", "fair"})
    void subscriptionsAndReadersReadTheNewPartitionsFromTheirBeginning(String ordering) throws InterruptedException {
        try (var broker = new RestartableBroker(folder)) {
            broker.declareTopic(TOPIC, 1);
            QueueSettings settings =
                    QueueSettings.DEFAULT.with(QueueProperty.TOPIC, TOPIC).with(QueueProperty.ORDERING, ordering);
            broker.declare("workers", settings);
            var ofWorkers = new Deliveries();
            var ofReader = new Deliveries();
            try (var _ = broker.consume("workers", 7, ofWorkers::takeAndAck);
                    var _ = broker.embedded().read(TOPIC, StartPosition.FIRST, 7, ofReader::takeAndAck)) {
                publish(broker, 0, 50);
                // Later records of the same keys may be in other partitions, and need not come after these.
                assertThat(ofWorkers.texts(50)).containsExactlyInAnyOrderElementsOf(texts(0, 50));
                assertThat(ofReader.texts(50)).containsExactlyInAnyOrderElementsOf(texts(0, 50));
                broker.embedded().addPartitions(TOPIC, 5);
                publish(broker, 50, 200);
                assertInOrderOfKeys(ofWorkers, 150);
                assertInOrderOfKeys(ofReader, 150);
            }
            assertThat(partitionsInUse(broker)).isEqualTo(5);
            broker.embedded().addPartitions(TOPIC, 6);
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(200);
        }
    }

    private static void assertInOrderOfKeys(Deliveries deliveries, int count) throws InterruptedException {
        Map<String, Integer> last = new HashMap<>();
        for (int i = 0; i < count; i++) {
            Message message = deliveries.next().message();
            String key = new String(Objects.requireNonNull(message.key()), StandardCharsets.UTF_8);
            int number = Integer.parseInt(message.text());
            assertThat(number).as(key).isGreaterThan(last.getOrDefault(key, -1));
            last.put(key, number);
        }
    }

    @Test
    void whatWasPublishedAndSettledInNewPartitionsIsRememberedAcrossRestarts() throws InterruptedException {
        try (var broker = new RestartableBroker(folder)) {
            broker.declareTopic(TOPIC, 2);
            broker.declareSubscription(TOPIC, "early", StartPosition.NEXT);
            publish(broker, 0, 20);
            broker.embedded().addPartitions(TOPIC, 4);
            broker.declareSubscription(TOPIC, "late", StartPosition.NEXT);
            publish(broker, 20, 60);
            broker.take("early", 25);
            broker.restart();
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(60);
            assertThat(broker.statistics("early").ready()).isEqualTo(35);
            assertThat(broker.statistics("late").ready()).isEqualTo(40);
            assertThat(broker.take("late", 40)).containsExactlyInAnyOrderElementsOf(texts(20, 60));
            broker.take("early", 35);
            broker.declareTopic(TOPIC, 4);
            publish(broker, 60, 61);
            assertThat(broker.take("early", 1)).containsExactly("60");
        }
    }

    @Test
    void consumersThatCompeteForATopicShareTheNewPartitionsToo() throws InterruptedException {
        try (var broker = new RestartableBroker(folder)) {
            broker.declare(TOPIC, topic().with(QueueProperty.READERS, QueueSettings.Readers.COMPETE.word()));
            var deliveries = new Deliveries();
            try (var _ = broker.consume(TOPIC, 3, deliveries::takeAndAck);
                    var _ = broker.consume(TOPIC, 3, deliveries::takeAndAck)) {
                publish(broker, 0, 20);
                broker.embedded().addPartitions(TOPIC, 4);
                publish(broker, 20, 100);
                assertThat(deliveries.texts(100)).containsExactlyInAnyOrderElementsOf(texts(0, 100));
                broker.awaitAcknowledged(TOPIC, 100);
            }
            assertThat(partitionsInUse(broker)).isEqualTo(4);
            broker.restart();
            assertThat(broker.statistics(TOPIC).ready()).isZero();
            publish(broker, 100, 101);
            assertThat(broker.take(TOPIC, 1)).containsExactly("100");
        }
    }

    @Test
    void aTopicInMemoryGrowsToo() throws InterruptedException {
        try (var broker = new RestartableBroker(folder)) {
            broker.embedded().declareQueue(new QueueSpec(TOPIC, false, false, false, topic()));
            var deliveries = new Deliveries();
            try (var _ = broker.embedded().read(TOPIC, StartPosition.FIRST, 7, deliveries::takeAndAck)) {
                broker.embedded().addPartitions(TOPIC, 3);
                publish(broker, 0, 30);
                assertInOrderOfKeys(deliveries, 30);
            }
            assertThat(partitionsInUse(broker)).isEqualTo(3);
        }
    }

    @Test
    void whatIsPublishedAgainIsStillStoredOnce() {
        try (var broker = new RestartableBroker(folder)) {
            broker.declare(TOPIC, topic().with(QueueProperty.DEDUPLICATION_WINDOW, 1_000));
            publishWithIds(broker, 0, 20);
            broker.embedded().addPartitions(TOPIC, 3);
            publishWithIds(broker, 0, 40);
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(40);
            broker.restart();
            publishWithIds(broker, 0, 41);
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(41);
        }
    }

    @Test
    void theLimitsAreSharedByAllPartitions() {
        try (var broker = new RestartableBroker(folder)) {
            broker.declareTopic(TOPIC, 1);
            broker.embedded().changeSettings(TOPIC, settings -> settings.with(QueueProperty.MAX_LENGTH, 12));
            broker.embedded().addPartitions(TOPIC, 4);
            publish(broker, 0, 400);
            broker.awaitReady(TOPIC, 12);
        }
    }

    @Test
    void nothingIsLostWhileOthersPublishAndTheSettingsChange() throws Exception {
        try (var broker = ShardedBroker.open(folder, 2);
                ExecutorService publishers = Executors.newFixedThreadPool(4)) {
            declareOnSecondShard(broker);
            var publishing = new ArrayList<Future<?>>();
            for (int i = 0; i < 4; i++) {
                int shard = i % 2;
                publishing.add(publishers.submit(() -> {
                    for (int number = 0; number < 200; number++) {
                        broker.publish(shard, TOPIC, String.valueOf(number));
                    }
                }));
            }
            for (int count = 2; count <= 12; count++) {
                int partitions = count;
                String overflow = count % 2 == 0 ? "block" : "drop-head";
                UnaryOperator<QueueSettings> change = settings -> settings.with(QueueProperty.OVERFLOW, overflow)
                        .with(QueueProperty.MAX_LENGTH, 100_000L + partitions);
                assertThat(broker.<Integer>ask(
                                partitions % 2,
                                (on, reply) -> on.addPartitions(
                                        TOPIC, partitions, change, ShardedBroker.NO_CONNECTION, reply)))
                        .isEqualTo(partitions);
            }
            for (Future<?> one : publishing) {
                one.get();
            }
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(800);
            assertThat(broker.statistics("workers").ready()).isEqualTo(800);
        }
    }

    /** With one partition and the subscription "workers". */
    private static void declareOnSecondShard(ShardedBroker broker) {
        var spec = new QueueSpec(TOPIC, true, false, false, topic());
        broker.<QueueStatus>ask(1, (on, reply) -> on.declareQueue(spec, ShardedBroker.NO_CONNECTION, reply));
        var subscription =
                new QueueSpec("workers", true, false, false, QueueSettings.DEFAULT.with(QueueProperty.TOPIC, TOPIC));
        broker.<QueueStatus>ask(0, (on, reply) -> on.declareQueue(subscription, ShardedBroker.NO_CONNECTION, reply));
    }

    @Test
    void publishersOnOtherShardsSeeThem() {
        try (var broker = ShardedBroker.open(folder, 2)) {
            declareOnSecondShard(broker);
            broker.publish(0, TOPIC, "before");
            int count = broker.<Integer>ask(
                    0,
                    (on, reply) ->
                            on.addPartitions(TOPIC, 3, UnaryOperator.identity(), ShardedBroker.NO_CONNECTION, reply));
            assertThat(count).isEqualTo(3);
            for (int i = 0; i < 30; i++) {
                broker.publish(i % 2, TOPIC, String.valueOf(i));
            }
            for (int shard = 0; shard < 2; shard++) {
                assertThat(broker.<Integer>ask(
                                shard,
                                (on, reply) -> reply.on(Outcome.done(
                                        Objects.requireNonNull(on.topic(TOPIC)).partitionCount()))))
                        .isEqualTo(3);
            }
            assertThat(broker.statistics("workers").ready()).isEqualTo(31);
        }
        try (var broker = ShardedBroker.open(folder, 1)) {
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(31);
            assertThat(broker.statistics("workers").ready()).isEqualTo(31);
        }
    }

    @Test
    void saysWhatCannotBe() {
        try (var broker = new RestartableBroker(folder)) {
            broker.declareTopic(TOPIC, 2);
            broker.declare("queue", QueueSettings.DEFAULT);
            broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
            for (int count : new int[] {-1, 0, 2, DeliveryId.MOST_LANES + 1}) {
                assertThatThrownBy(() -> broker.embedded().addPartitions(TOPIC, count))
                        .hasMessageContaining("it has 2 partitions; there can be more, up to 1024, but not " + count);
            }
            assertThatThrownBy(() -> broker.embedded().addPartitions("queue", 2))
                    .hasMessageContaining("it is no topic");
            assertThatThrownBy(() -> broker.embedded().addPartitions("workers", 3))
                    .hasMessageContaining("it is no topic");
            assertThatThrownBy(() -> broker.embedded().addPartitions("nothing", 2))
                    .hasMessageContaining("QUEUE_NOT_FOUND");
            broker.embedded().addPartitions(TOPIC, DeliveryId.MOST_LANES);
            publish(broker, 0, 1);
            assertThat(broker.statistics("workers").ready()).isEqualTo(1);
        }
    }

    private static long partitionsInUse(RestartableBroker broker) {
        var inUse = new CompletableFuture<Long>();
        BrokerShard view = broker.embedded().view();
        view.shard().execute(() -> {
            TopicHandle topic = Objects.requireNonNull(view.topic(TOPIC));
            var ends = new ArrayList<Long>();
            for (int i = 0; i < topic.partitionCount(); i++) {
                topic.partition(i).bounds(new PartitionStream.BoundsReply() {
                    @Override
                    public void bounds(long startOffset, long endOffset) {
                        ends.add(endOffset);
                    }

                    @Override
                    public void refused(Refusal refusal) {
                        inUse.completeExceptionally(new BrokerException(refusal));
                    }
                });
            }
            inUse.complete(ends.stream().filter(end -> end > 0).count());
        });
        return inUse.join();
    }

    private static void publish(RestartableBroker broker, int from, int to) {
        broker.publishKeyed(TOPIC, 20, from, to);
    }

    private static void publishWithIds(RestartableBroker broker, int from, int to) {
        for (int i = from; i < to; i++) {
            broker.embedded()
                    .publish(
                            TOPIC,
                            Message.of(String.valueOf(i)).withKey("key" + i).withDeduplicationId("id" + i))
                    .join();
        }
    }
}
