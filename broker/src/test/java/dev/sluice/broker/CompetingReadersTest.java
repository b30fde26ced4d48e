package dev.sluice.broker;

import static dev.sluice.broker.Await.await;
import static dev.sluice.broker.RestartableBroker.texts;
import static dev.sluice.broker.TestSettings.topic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.apache.kafka.common.compress.Compression;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A topic that is consumed under its own name as a queue is. */
@Timeout(60)
class CompetingReadersTest {
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 3;
    private static final QueueSettings SETTINGS = topic().with(QueueProperty.PARTITIONS, PARTITIONS)
            .with(QueueProperty.READERS, QueueSettings.Readers.COMPETE.word());

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

    @Test
    void consumersShareTheRecordsOfAllPartitionsAndNoneGoes() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        var one = new Deliveries();
        var other = new Deliveries();
        try (var _ = broker.consume(TOPIC, 1, one::takeAndAck);
                var _ = broker.consume(TOPIC, 1, other::takeAndAck)) {
            broker.publish(TOPIC, 0, 300);
            broker.awaitAcknowledged(TOPIC, 300);
        }
        var got = new ArrayList<String>(one.texts(one.waiting()));
        got.addAll(other.texts(other.waiting()));
        assertThat(got).containsExactlyInAnyOrderElementsOf(texts(0, 300));
        assertThat(broker.statistics(TOPIC).ready()).isZero();
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 300)).containsExactlyInAnyOrderElementsOf(texts(0, 300));
    }

    @Test
    void workersBeginWithWhatWasThereBeforeThem() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        broker.publish(TOPIC, 0, 30);
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(30);
        broker.restart();
        assertThat(broker.take(TOPIC, 30)).containsExactlyInAnyOrderElementsOf(texts(0, 30));
    }

    @Test
    void whatIsAcknowledgedStaysSoAfterARestartAndTheRestComesBack() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        broker.publish(TOPIC, 0, 60);
        var got = new ArrayList<>(broker.take(TOPIC, 25));
        var unsettled = new Deliveries();
        try (var _ = broker.consume(TOPIC, 10, unsettled::take)) {
            assertThat(unsettled.texts(10)).doesNotContainAnyElementsOf(got);
            assertThat(broker.statistics(TOPIC).unsettled()).isEqualTo(10);
            assertThat(broker.statistics(TOPIC).ready()).isEqualTo(25);
        }
        broker.restart();
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(35);
        got.addAll(broker.take(TOPIC, 35));
        assertThat(got).containsExactlyInAnyOrderElementsOf(texts(0, 60));
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 60)).hasSize(60);
    }

    @Test
    void noPartitionWaitsForTheOthers() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            String[] batch = new String[100];
            Arrays.fill(batch, "partition " + partition);
            broker.append(TOPIC, partition, KafkaBatches.of(Compression.NONE, batch));
        }
        assertThat(broker.take(TOPIC, PARTITIONS))
                .containsExactlyInAnyOrder("partition 0", "partition 1", "partition 2");
    }

    @Test
    void partitionsThatAreAddedAreReadToo() throws InterruptedException {
        broker.declare("dead", QueueSettings.DEFAULT);
        broker.declare(
                TOPIC,
                SETTINGS.with(QueueProperty.PARTITIONS, 1)
                        .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                        .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead"));
        broker.publish(TOPIC, 0, 3);
        var deliveries = new Deliveries();
        try (var _ = broker.consume(TOPIC, 1, deliveries::takeAndAck)) {
            assertThat(deliveries.texts(3)).isEqualTo(texts(0, 3));
            broker.embedded().addPartitions(TOPIC, PARTITIONS);
            broker.append(TOPIC, 2, KafkaBatches.of(Compression.NONE, "third"));
            assertThat(deliveries.texts(1)).containsExactly("third");
        }
        broker.append(TOPIC, 1, KafkaBatches.of(Compression.NONE, "second"));
        try (var _ = broker.consume(TOPIC, 1, deliveries::take)) {
            deliveries.next().reject();
            await(() -> broker.statistics("dead").ready() != 0);
        }
        broker.restart();
        assertThat(broker.statistics(TOPIC).ready()).isZero();
        broker.publish(TOPIC, 3, 9);
        assertThat(broker.take(TOPIC, 6)).containsExactlyInAnyOrderElementsOf(texts(3, 9));
    }

    @Test
    void batchesOfProducersAreTakenRecordByRecord() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        broker.append(TOPIC, 1, KafkaBatches.of(Compression.zstd().build(), "a-0", "b-1", "a-2"));
        assertThat(broker.take(TOPIC, 2)).containsExactly("a-0", "b-1");
        broker.restart();
        var deliveries = new Deliveries();
        try (var _ = broker.consume(TOPIC, 1, deliveries::takeAndAck)) {
            Message message = deliveries.next().message();
            assertThat(message.text()).isEqualTo("a-2");
            assertThat(message.key()).isEqualTo(new byte[] {'a'});
        }
    }

    @Test
    void whatComesBackTooOftenGoesToTheDeadLettersAndStaysInTheTopic() throws InterruptedException {
        broker.declare("dead", QueueSettings.DEFAULT);
        broker.declare(
                TOPIC,
                SETTINGS.with(QueueProperty.DELIVERY_LIMIT, 2)
                        .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                        .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead"));
        broker.append(TOPIC, 2, KafkaBatches.of(Compression.gzip().build(), "k-poison"));
        var deliveries = new Deliveries();
        try (var _ = broker.consume(TOPIC, 1, deliveries::take)) {
            for (int count = 0; count <= 2; count++) {
                Delivery delivery = deliveries.next();
                assertThat(delivery.deliveryCount()).isEqualTo(count);
                delivery.release();
            }
        }
        try (var _ = broker.consume("dead", 1, deliveries::takeAndAck)) {
            Delivery dead = deliveries.next();
            assertThat(dead.message().text()).isEqualTo("k-poison");
            Death death = dead.deaths().getFirst();
            assertThat(death.queue()).isEqualTo(TOPIC);
            assertThat(death.routingKey()).isEqualTo(TOPIC);
        }
        assertThat(broker.statistics(TOPIC).ready()).isZero();
        broker.restart();
        assertThat(broker.statistics(TOPIC).ready()).isZero();
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 1)).containsExactly("k-poison");
    }

    @Test
    void deadLettersAreNotBroughtBackForOthersToReadThemTwice() throws InterruptedException {
        broker.declare("dead", QueueSettings.DEFAULT);
        broker.declare(
                TOPIC,
                SETTINGS.with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                        .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead"));
        broker.publish(TOPIC, 0, 1);
        var deliveries = new Deliveries();
        try (var _ = broker.consume(TOPIC, 1, deliveries::take)) {
            deliveries.next().reject();
            await(() -> broker.statistics("dead").ready() != 0);
        }
        QueueTools tools = broker.embedded().tools();
        tools.start("dead", TransferRequest.redrive()).join();
        await(() -> tools.progress("dead").join().orElseThrow().state().isOver());
        assertThat(broker.statistics("dead").ready()).isEqualTo(1);
        assertThat(broker.statistics(TOPIC).published()).isEqualTo(1);
    }

    @Test
    void passesOverWhatTheTopicDoesNotKeep() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS.with(QueueProperty.MAX_LENGTH, 30));
        broker.publish(TOPIC, 0, 20);
        broker.take(TOPIC, 20);
        broker.publish(TOPIC, 20, 320);
        awaitReadyAtMost(30);
        QueueStatistics statistics = broker.statistics(TOPIC);
        assertThat(statistics.droppedAtLimit()).isEqualTo(300 - statistics.ready());
        int left = (int) statistics.ready();
        assertThat(left).isGreaterThan(20);
        broker.restart();
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(left);
        assertThat(broker.take(TOPIC, left)).hasSize(left).isSubsetOf(texts(20, 320));
    }

    private void awaitReadyAtMost(long most) {
        await(() -> broker.statistics(TOPIC).ready() <= most);
    }

    @Test
    void whatIsTooOldGoesFromTheTopicAndNotToTheDeadLetters(@TempDir Path other) throws InterruptedException {
        QueueSettings settings = SETTINGS.with(QueueProperty.MAX_AGE, 1_000)
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
        try (var timed = TimedBroker.open(other, settings)) {
            timed.broker.declareQueue("dead");
            timed.publish("old");
            timed.pass(2_000);
            timed.publish("new");
            timed.pass(200);
            assertThat(timed.broker.statistics("dead").published()).isZero();
            timed.subscribe(2);
            String first = timed.next().message().text();
            assertThat(first).isEqualTo("new");
            timed.expectNothing();
        }
    }

    @Test
    void whatExpiresIsSettledForTheWorkers(@TempDir Path other) throws InterruptedException {
        try (var timed = TimedBroker.open(other, SETTINGS.with(QueueProperty.MESSAGE_TTL, 1_000))) {
            timed.publish("late");
            timed.pass(2_000);
            assertThat(timed.statistics().expired()).isEqualTo(1);
            assertThat(timed.statistics().ready()).isZero();
        }
    }

    @Test
    void anExpirationIsHeededAsSoonAsSomebodyConsumes(@TempDir Path other) throws InterruptedException {
        try (var timed = TimedBroker.open(other, SETTINGS)) {
            timed.publish("late", RecordAttributes.NONE.withTtlMs(1_000));
            timed.publish("in time");
            timed.pass(2_000);
            timed.subscribe(2);
            timed.next("in time");
            assertThat(timed.statistics().expired()).isEqualTo(1);
        }
    }

    @Test
    void publishersAreRefusedByWhatTheTopicStores() throws InterruptedException {
        broker.declare(
                TOPIC,
                SETTINGS.with(QueueProperty.OVERFLOW, QueueSettings.Overflow.REJECT.word())
                        .with(QueueProperty.MAX_LENGTH, 3));
        for (int i = 0; i < 3; i++) {
            broker.embedded().publish(TOPIC, Message.of(String.valueOf(i))).join();
        }
        broker.take(TOPIC, 3);
        assertThatThrownBy(
                        () -> broker.embedded().publish(TOPIC, Message.of("3")).join())
                .hasMessageContaining("it holds its limit of 3");
    }

    @Test
    void purgeSettlesForTheWorkersAndNobodyElse() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        broker.publish(TOPIC, 0, 20);
        assertThat(broker.embedded().purgeQueue(TOPIC)).isEqualTo(20);
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 20)).hasSize(20);
        broker.restart();
        assertThat(broker.statistics(TOPIC).ready()).isZero();
        broker.publish(TOPIC, 20, 21);
        assertThat(broker.take(TOPIC, 1)).containsExactly("20");
        broker.publish(TOPIC, 21, 23);
        assertThat(broker.embedded().tools().purge(TOPIC).join()).isEqualTo(2);
    }

    @Test
    void whoSaysWhereToBeginGetsEverythingAndTakesNothing() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        broker.publish(TOPIC, 0, 10);
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 10)).containsExactlyInAnyOrderElementsOf(texts(0, 10));
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(10);
        broker.declareSubscription(TOPIC, "audit", StartPosition.FIRST);
        broker.take(TOPIC, 10);
        assertThat(broker.statistics("audit").ready()).isEqualTo(10);
    }

    @Test
    void whoDeclaresAQueueGetsTheTopic() {
        broker.declare(TOPIC, SETTINGS);
        broker.publish(TOPIC, 0, 5);
        QueueStatus status =
                broker.embedded().declareQueue(new QueueSpec(TOPIC, true, false, false, QueueSettings.DEFAULT));
        assertThat(status.readyCount()).isEqualTo(5);
        broker.declare(TOPIC, SETTINGS);
        assertThatThrownBy(() -> broker.declare(TOPIC, SETTINGS.with(QueueProperty.PARTITIONS, 4)))
                .hasMessageContaining("partitions");
        assertThatThrownBy(() -> broker.declare(TOPIC, QueueSettings.DEFAULT.with(QueueProperty.MESSAGE_TTL, 5)))
                .hasMessageContaining("message-ttl");
        assertThatThrownBy(() -> broker.embedded()
                        .declareQueue(new QueueSpec(TOPIC, false, false, false, QueueSettings.DEFAULT)))
                .hasMessageContaining("durable");
        broker.declareTopic("each", 1);
        assertThatThrownBy(() -> broker.embedded().declareQueue("each")).hasMessageContaining("queue-type");
    }

    @Test
    void hasTheSettingsOfAQueueOnlyIfItIsOne() {
        assertThatThrownBy(() -> broker.declare(TOPIC, topic().with(QueueProperty.DELIVERY_LIMIT, 3)))
                .hasMessageContaining("delivery-limit means nothing to a topic whose readers do not compete");
        assertThatThrownBy(() -> broker.declare(TOPIC, SETTINGS.with(QueueProperty.MAX_PRIORITY, 3)))
                .hasMessageContaining("max-priority means nothing to a topic");
        assertThatThrownBy(() -> broker.declare(
                        TOPIC, QueueSettings.DEFAULT.with(QueueProperty.READERS, QueueSettings.Readers.COMPETE.word())))
                .hasMessageContaining("readers means nothing to a queue");
    }

    @Test
    void operatorsLookAtItAndPauseItAsAQueue() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        broker.publish(TOPIC, 0, 6);
        PeekPage page =
                broker.embedded().tools().peek(TOPIC, PeekRequest.first(10)).join();
        assertThat(page.records()).hasSize(6);
        assertThat(page.records().getFirst().routingKey()).isEqualTo(TOPIC);

        broker.embedded().tools().pause(TOPIC, QueuePauses.CONSUMING).join();
        var deliveries = new Deliveries();
        try (var _ = broker.consume(TOPIC, 1, deliveries::takeAndAck)) {
            broker.publish(TOPIC, 6, 7);
            assertThat(broker.statistics(TOPIC).delivered()).isZero();
            broker.embedded().tools().resume(TOPIC, QueuePauses.CONSUMING).join();
            assertThat(deliveries.texts(7)).hasSize(7);
        }
    }

    @Test
    void movingRecordsOutOfItSettlesThemForTheWorkers() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        broker.declare("other", QueueSettings.DEFAULT);
        broker.publish(TOPIC, 0, 9);
        broker.embedded()
                .tools()
                .start(TOPIC, TransferRequest.move(new TransferTarget.ToQueue("other")))
                .join();
        await(() -> broker.statistics("other").ready() >= 9);
        broker.restart();
        assertThat(broker.statistics(TOPIC).ready()).isZero();
        assertThat(broker.statistics("other").ready()).isEqualTo(9);
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 9)).hasSize(9);
    }

    @Test
    void aTransactionSettlesInSeveralPartitions() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS);
        broker.declare("out", QueueSettings.DEFAULT);
        broker.publish(TOPIC, 0, 12);
        var deliveries = new Deliveries();
        try (var _ = broker.consume(TOPIC, 12, deliveries::take);
                Transaction tx = broker.embedded().beginTransaction()) {
            for (int i = 0; i < 12; i++) {
                tx.ack(deliveries.next());
            }
            tx.publish("out", Message.of("done"));
            tx.commit();
        }
        broker.restart();
        assertThat(broker.statistics(TOPIC).ready()).isZero();
        assertThat(broker.statistics("out").ready()).isEqualTo(1);
    }

    @Test
    void oneOfEachKeyIsOnItsWayWhereThatIsAsked() throws InterruptedException {
        broker.declare(TOPIC, SETTINGS.with(QueueProperty.ORDERING, QueueSettings.Ordering.KEY.word()));
        Map<String, Integer> last = new HashMap<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            String[] batch = IntStream.range(0, 20)
                    .mapToObj(i -> "key" + i % 4 + "-" + i)
                    .toArray(String[]::new);
            broker.append(TOPIC, partition, KafkaBatches.of(Compression.NONE, batch));
        }
        var deliveries = new Deliveries();
        try (var _ = broker.consume(TOPIC, 100, deliveries::take)) {
            for (int round = 0; round < 15; round++) {
                var turn = new ArrayList<Delivery>();
                for (int i = 0; i < 4; i++) {
                    turn.add(deliveries.next());
                }
                assertThat(turn)
                        .extracting(delivery -> new String(
                                Objects.requireNonNull(delivery.message().key()), StandardCharsets.UTF_8))
                        .doesNotHaveDuplicates();
                turn.forEach(delivery -> last.merge(delivery.message().text(), 1, Integer::sum));
                turn.forEach(Delivery::ack);
            }
        }
        assertThat(last.values()).containsOnly(PARTITIONS);
    }

    @Test
    void topicsDoNotNoticeEachOther() throws InterruptedException {
        for (String topic : List.of("a", "b", "c")) {
            broker.declare(topic, SETTINGS);
            broker.embedded().publish(topic, Message.of("of " + topic)).join();
        }
        assertThat(broker.embedded().deleteQueue("b")).isEqualTo(1);
        var deliveries = new Deliveries();
        try (var _ = broker.consume("a", 1, deliveries::takeAndAck)) {
            assertThat(deliveries.texts(1)).containsExactly("of a");
        }
        broker.restart();
        assertThat(broker.statistics("a").ready()).isZero();
        assertThat(broker.statistics("c").ready()).isEqualTo(1);
        assertThatThrownBy(() -> broker.statistics("b")).hasMessageContaining("QUEUE_NOT_FOUND");
    }
}
