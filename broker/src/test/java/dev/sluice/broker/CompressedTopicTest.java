package dev.sluice.broker;

import static dev.sluice.broker.Await.await;
import static dev.sluice.broker.TestSettings.topic;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.RecordCursor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.compress.Compression;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Topics that producers of Kafka write compressed batches to. */
@Timeout(60)
class CompressedTopicTest {
    static final List<Compression> CODECS = KafkaBatches.CODECS;

    private static final String TOPIC = "orders";

    @TempDir
    private Path folder;

    private RestartableBroker broker;

    @BeforeEach
    void open() {
        broker = new RestartableBroker(folder);
    }

    @AfterEach
    void close() {
        broker.close();
    }

    @ParameterizedTest
    @FieldSource("CODECS")
    void workersGetEachRecordAlsoAfterARestart(Compression codec) throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        broker.append(TOPIC, 0, KafkaBatches.of(codec, "a-1", "b-2", "3"));
        broker.append(TOPIC, 0, KafkaBatches.of(codec, "c-4", "5"));
        assertThat(broker.take("workers", 2)).containsExactly("a-1", "b-2");

        broker.restart();
        assertThat(broker.statistics("workers").ready()).isEqualTo(3);
        assertThat(broker.take("workers", 3)).containsExactly("3", "c-4", "5");
    }

    @Test
    void whatComesBackIsReadAgain() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        broker.append(TOPIC, 0, KafkaBatches.of(Compression.zstd().build(), "0", "1", "2", "3", "4"));
        var deliveries = new Deliveries();
        try (var _ = broker.consume("workers", 5, deliveries::take)) {
            var got = new ArrayList<Delivery>();
            for (int i = 0; i < 5; i++) {
                got.add(deliveries.next());
            }
            got.get(3).release();
            got.get(1).release();
            assertThat(deliveries.texts(2)).containsExactlyInAnyOrder("1", "3");
        }
    }

    @Test
    void keepsTheLastOfEachKey() throws InterruptedException {
        QueueSettings settings = topic().with(QueueProperty.KEEP, TopicKeeping.Keep.LAST_PER_KEY.word());
        broker.declare(TOPIC, settings);
        broker.append(TOPIC, 0, KafkaBatches.of(Compression.gzip().build(), "a-1", "b-1", "a-2"));
        broker.append(TOPIC, 0, KafkaBatches.of(Compression.snappy().build(), "b-2", "c-1"));
        await(() -> broker.statistics(TOPIC).ready() <= 3);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        assertThat(broker.take("workers", 3)).containsExactly("a-2", "b-2", "c-1");
    }

    @Test
    void recordsThatCannotBeMadeOutAreCountedAndPassedOver() throws InterruptedException {
        Compression codec = Compression.lz4().build();
        broker.declareTopic(TOPIC, 1);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        broker.append(TOPIC, 0, KafkaBatches.of(codec, "0", "1"));
        broker.append(TOPIC, 0, KafkaBatches.damaged(codec, "2", "3", "4"));
        broker.append(TOPIC, 0, KafkaBatches.damaged(codec, "5"));
        broker.append(TOPIC, 0, KafkaBatches.of(codec, "6", "7"));

        var deliveries = new Deliveries();
        try (var _ = broker.embedded().read(TOPIC, StartPosition.FIRST, 10, deliveries::takeAndAck)) {
            assertThat(deliveries.texts(4)).containsExactly("0", "1", "6", "7");
        }
        broker.restart();
        assertThat(broker.take("workers", 4)).containsExactly("0", "1", "6", "7");
        assertThat(broker.statistics("workers").damaged()).isEqualTo(4);
        assertThat(broker.statistics("workers").ready()).isZero();
        broker.append(TOPIC, 0, KafkaBatches.damaged(codec, "8"));
        broker.append(TOPIC, 0, KafkaBatches.of(codec, "9"));
        assertThat(broker.take("workers", 1)).containsExactly("9");
    }

    @Test
    void aConsumerOnAnotherShardGetsThemToo(@TempDir Path other) throws InterruptedException {
        var sink = new Texts();
        try (var sharded = ShardedBroker.open(other, 2)) {
            var spec = new QueueSpec(TOPIC, true, false, false, topic());
            sharded.<QueueStatus>ask(0, (on, reply) -> on.declareQueue(spec, ShardedBroker.NO_CONNECTION, reply));
            BrokerShard home = sharded.ask(0, (on, reply) -> reply.on(Outcome.done(on)));
            KafkaBatches.append(
                    home, TOPIC, 0, KafkaBatches.of(Compression.zstd().build(), "0", "1", "2"));
            var wish = new ConsumerSpec(true, false, 0, null).withStart(StartPosition.FIRST);
            sharded.<Consumer>ask(
                    1, (on, reply) -> on.subscribe(TOPIC, wish, sink, ShardedBroker.NO_CONNECTION, reply));
            for (String text : List.of("0", "1", "2")) {
                assertThat(sink.got.poll(10, TimeUnit.SECONDS)).isEqualTo(text);
            }
        }
    }

    /** What was delivered. Thread-safe. */
    private static final class Texts implements DeliverySink {
        private final BlockingQueue<String> got = new LinkedBlockingQueue<>();

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(Consumer consumer, long delivery, RecordCursor record, int deliveryCount, boolean again) {
            got.add(SteppedBroker.text(record));
        }

        @Override
        public void flush() {}

        @Override
        public void cancelled(Consumer consumer) {}
    }
}
