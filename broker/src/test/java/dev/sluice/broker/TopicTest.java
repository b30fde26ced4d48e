package dev.sluice.broker;

import static dev.sluice.broker.RestartableBroker.texts;
import static dev.sluice.broker.TestSettings.topic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopicTest {
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

    @Test
    void eachSubscriptionGetsEveryRecordOfOneStoredCopy() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        for (int i = 0; i < 100; i++) {
            broker.declareSubscription(TOPIC, "reader" + i, StartPosition.FIRST);
        }
        broker.publish(TOPIC, 0, 50);
        for (int i = 0; i < 100; i++) {
            assertThat(broker.take("reader" + i, 50)).isEqualTo(texts(0, 50));
        }
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(50);
        assertThat(broker.statistics(TOPIC).published()).isEqualTo(50);
    }

    @Test
    void consumersOfASubscriptionShareItsRecords() throws InterruptedException {
        broker.declareTopic(TOPIC, 3);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        var one = new Deliveries();
        var other = new Deliveries();
        try (var _ = broker.consume("workers", 1, one::takeAndAck);
                var _ = broker.consume("workers", 1, other::takeAndAck)) {
            broker.publish(TOPIC, 0, 200);
            broker.awaitAcknowledged("workers", 200);
        }
        var got = new ArrayList<String>(one.texts(one.waiting()));
        got.addAll(other.texts(other.waiting()));
        assertThat(got).containsExactlyInAnyOrderElementsOf(texts(0, 200));
    }

    @Test
    void recordsOfOneKeyAreInOnePartitionAndInOrder() throws InterruptedException {
        broker.declareTopic(TOPIC, 7);
        broker.declareSubscription(TOPIC, "reader", StartPosition.FIRST);
        broker.publishKeyed(TOPIC, 20, 0, 500);
        var deliveries = new Deliveries();
        Map<String, Integer> last = new HashMap<>();
        try (var _ = broker.consume("reader", 10, deliveries::takeAndAck)) {
            for (int i = 0; i < 500; i++) {
                Message message = deliveries.next().message();
                String key = new String(Objects.requireNonNull(message.key()), StandardCharsets.UTF_8);
                int number = Integer.parseInt(message.text());
                assertThat(number).isGreaterThan(last.getOrDefault(key, -1));
                last.put(key, number);
            }
        }
        assertThat(last).hasSize(20);
    }

    @Test
    void aSubscriptionGoesOnWhereItWasAfterARestart() throws InterruptedException {
        broker.declareTopic(TOPIC, 2);
        broker.publish(TOPIC, 0, 10);
        broker.declareSubscription(TOPIC, "late", StartPosition.NEXT);
        broker.declareSubscription(TOPIC, "early", StartPosition.FIRST);
        broker.publish(TOPIC, 10, 20);
        var got = new ArrayList<>(broker.take("early", 12));
        broker.restart();
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(20);
        got.addAll(broker.take("early", 8));
        assertThat(got).containsExactlyInAnyOrderElementsOf(texts(0, 20));
        assertThat(broker.take("late", 10)).containsExactlyInAnyOrderElementsOf(texts(10, 20));
        assertThat(broker.statistics("late").ready()).isZero();
    }

    @Test
    void beginsWhereItIsAsked() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.publish(TOPIC, 0, 10);
        long timeMs = System.currentTimeMillis() + 1;
        while (System.currentTimeMillis() <= timeMs) {
            Thread.onSpinWait();
        }
        broker.publish(TOPIC, 10, 20);
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 20)).isEqualTo(texts(0, 20));
        assertThat(broker.read(TOPIC, StartPosition.LAST, 1)).containsExactly("19");
        assertThat(broker.read(TOPIC, new StartPosition.AtOffset(15), 5)).isEqualTo(texts(15, 20));
        assertThat(broker.read(TOPIC, new StartPosition.AtTime(timeMs), 10)).isEqualTo(texts(10, 20));
        var next = new Deliveries();
        try (var _ = broker.embedded().read(TOPIC, StartPosition.NEXT, 10, next::takeAndAck)) {
            broker.publish(TOPIC, 20, 21);
            assertThat(next.texts(1)).containsExactly("20");
        }
    }

    @Test
    void aReaderDisturbsNobodyAndIsForgotten() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        broker.publish(TOPIC, 0, 5);
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 5)).isEqualTo(texts(0, 5));
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 5)).isEqualTo(texts(0, 5));
        assertThat(broker.statistics("workers").ready()).isEqualTo(5);
        assertThat(broker.embedded().deleteQueue("workers")).isEqualTo(5);
    }

    @Test
    void replaysFromWhereItIsSought() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        broker.publish(TOPIC, 0, 10);
        assertThat(broker.take("workers", 10)).isEqualTo(texts(0, 10));
        broker.embedded().seek("workers", new StartPosition.AtOffset(4));
        assertThat(broker.take("workers", 3)).isEqualTo(texts(4, 7));
        broker.restart();
        assertThat(broker.take("workers", 3)).isEqualTo(texts(7, 10));
        broker.embedded().seek("workers", StartPosition.FIRST);
        broker.restart();
        assertThat(broker.take("workers", 10)).isEqualTo(texts(0, 10));
        try (var _ = broker.consume("workers", 1, Delivery::ack)) {
            assertRefused(() -> broker.embedded().seek("workers", StartPosition.FIRST), Refusal.Reason.QUEUE_IN_USE);
        }
    }

    @Test
    void keepsAtMostItsLengthAndCountsWhatASubscriptionMisses() throws InterruptedException {
        broker.declare(TOPIC, topic().with(QueueProperty.MAX_LENGTH, 10));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        broker.publish(TOPIC, 0, 25);
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(10);
        assertThat(broker.statistics("slow").droppedAtLimit()).isEqualTo(15);
        assertThat(broker.statistics("slow").ready()).isEqualTo(10);
        assertThat(broker.take("slow", 10)).isEqualTo(texts(15, 25));
        broker.restart();
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 10)).isEqualTo(texts(15, 25));
    }

    @Test
    void givesUpWhatIsTooOld(@TempDir Path other) throws InterruptedException {
        try (var timed = TimedBroker.open(other, topic().with(QueueProperty.MAX_AGE, 10_000))) {
            timed.broker.declareSubscription(TimedBroker.QUEUE, "slow", StartPosition.FIRST);
            timed.publish("old");
            timed.pass(6_000);
            timed.publish("new");
            timed.pass(3_000);
            assertThat(timed.statistics().ready()).isEqualTo(2);
            timed.pass(2_000);
            assertThat(timed.statistics().ready()).isEqualTo(1);
            assertThat(timed.broker.statistics("slow").droppedAtLimit()).isEqualTo(1);
            timed.subscribe("slow", 1);
            assertThat(timed.next("new").offset()).isEqualTo(1);
        }
    }

    @Test
    void keepsOnlyWhatIsUnsettledIfItIsToldTo() throws InterruptedException {
        broker.declare(TOPIC, topic().with(QueueProperty.KEEP, "unsettled"));
        broker.publish(TOPIC, 0, 5);
        broker.awaitReady(TOPIC, 0);
        broker.declareSubscription(TOPIC, "fast", StartPosition.FIRST);
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        broker.publish(TOPIC, 5, 15);
        assertThat(broker.take("fast", 10)).isEqualTo(texts(5, 15));
        assertThat(broker.take("slow", 4)).isEqualTo(texts(5, 9));
        broker.awaitReady(TOPIC, 6);
        broker.restart();
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(6);
        assertThat(broker.take("slow", 6)).isEqualTo(texts(9, 15));
        broker.awaitReady(TOPIC, 0);
    }

    @Test
    void keepsTheLastOfEachKeyIfItIsToldTo() throws InterruptedException {
        broker.declare(TOPIC, topic().with(QueueProperty.KEEP, "last-per-key"));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        broker.publishKeyed(TOPIC, 5, 0, 20);
        broker.publish(TOPIC, 20, 22);
        broker.awaitReady(TOPIC, 7);
        List<String> left = texts(15, 22);
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 7)).isEqualTo(left);
        assertThat(broker.take("slow", 7)).isEqualTo(left);
        assertThat(broker.statistics("slow").superseded()).isEqualTo(15);
        broker.restart();
        broker.awaitReady(TOPIC, 7);
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 7)).isEqualTo(left);
        broker.embedded().publish(TOPIC, Message.of("new").withKey("key0")).join();
        broker.awaitReady(TOPIC, 7);
        assertThat(broker.take("slow", 1)).containsExactly("new");
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 7))
                .containsExactly("16", "17", "18", "19", "20", "21", "new");
    }

    @Test
    void anEmptyValueTakesItsKeyAwayAfterADay(@TempDir Path other) throws InterruptedException {
        QueueSettings settings = topic().with(QueueProperty.KEEP, "last-per-key");
        try (var timed = TimedBroker.open(other, settings)) {
            timed.broker
                    .publish(TimedBroker.QUEUE, Message.of("a").withKey("a"))
                    .join();
            timed.broker
                    .publish(TimedBroker.QUEUE, Message.of("b").withKey("b"))
                    .join();
            timed.broker.publish(TimedBroker.QUEUE, Message.of("").withKey("a")).join();
            timed.pass(0);
            assertThat(timed.statistics().ready()).isEqualTo(2);
            timed.pass(LastValues.EMPTY_VALUE_STAYS_MS - 1);
            assertThat(timed.statistics().ready()).isEqualTo(2);
            timed.pass(1);
            assertThat(timed.statistics().ready()).isEqualTo(1);
        }
    }

    @Test
    void limitsTheNumberOfLastValues() throws InterruptedException {
        broker.declare(TOPIC, topic().with(QueueProperty.KEEP, "last-per-key").with(QueueProperty.MAX_LENGTH, 3));
        broker.publishKeyed(TOPIC, 5, 0, 10);
        broker.awaitReady(TOPIC, 3);
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 3)).isEqualTo(texts(7, 10));
    }

    @Test
    void refusesPublishersAtItsLimitWhileASubscriptionIsBehind() throws InterruptedException {
        broker.declare(
                TOPIC,
                topic().with(QueueProperty.KEEP, "unsettled")
                        .with(QueueProperty.MAX_LENGTH, 5)
                        .with(QueueProperty.OVERFLOW, "reject-publish"));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        broker.publish(TOPIC, 0, 5);
        assertThatThrownBy(() -> broker.publish(TOPIC, 5, 6)).cause().hasMessageContaining("limit of 5");
        assertThat(broker.take("slow", 2)).isEqualTo(texts(0, 2));
        broker.awaitReady(TOPIC, 3);
        broker.publish(TOPIC, 5, 7);
        assertThat(broker.take("slow", 5)).isEqualTo(texts(2, 7));
    }

    @Test
    void letsPublishersWaitAtItsLimitWhileASubscriptionIsBehind() throws InterruptedException {
        broker.declare(
                TOPIC,
                topic().with(QueueProperty.KEEP, "unsettled")
                        .with(QueueProperty.MAX_LENGTH, 5)
                        .with(QueueProperty.OVERFLOW, "block"));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        broker.publish(TOPIC, 0, 5);
        var waiting = broker.embedded().publish(TOPIC, Message.of("5"));
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(5);
        assertThat(waiting).isNotDone();
        assertThat(broker.take("slow", 1)).containsExactly("0");
        assertThat(waiting.join()).isEqualTo(1);
        assertThat(broker.take("slow", 5)).isEqualTo(texts(1, 6));
    }

    @Test
    void releasedAndRejectedRecordsAreTheSubscriptionsOwn() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declare("dead", QueueSettings.DEFAULT);
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.TOPIC, TOPIC)
                .with(QueueProperty.START, "first")
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
        broker.declare("picky", settings);
        broker.publish(TOPIC, 0, 3);
        var deliveries = new Deliveries();
        try (var _ = broker.consume("picky", 1, deliveries::take)) {
            deliveries.next().release();
            Delivery again = deliveries.next();
            assertThat(again.message().text()).isEqualTo("0");
            assertThat(again.deliveryCount()).isEqualTo(1);
            again.ack();
            deliveries.next().reject();
            deliveries.next().ack();
        }
        assertThat(broker.take("dead", 1)).containsExactly("1");
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 3)).isEqualTo(texts(0, 3));
    }

    @Test
    void deadLettersComeToThePartitionOfTheirKey() throws InterruptedException {
        broker.declareTopic(TOPIC, 16);
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, TOPIC);
        broker.declare("jobs", settings);
        broker.declareSubscription(TOPIC, "reader", StartPosition.FIRST);
        for (String key : List.of("a", "b", "c", "d")) {
            broker.embedded().publish("jobs", Message.of(key).withKey(key)).join();
            broker.embedded().publish(TOPIC, Message.of(key).withKey(key)).join();
        }
        try (var _ = broker.consume("jobs", 10, Delivery::reject)) {
            broker.awaitReady(TOPIC, 8);
        }
        var deliveries = new Deliveries();
        Map<String, Long> last = new HashMap<>();
        try (var _ = broker.consume("reader", 8, deliveries::takeAndAck)) {
            for (int i = 0; i < 8; i++) {
                Delivery delivery = deliveries.next();
                last.merge(delivery.message().text(), delivery.offset(), Math::max);
            }
        }
        Map<Integer, Long> keysOfPartition = List.of("a", "b", "c", "d").stream()
                .collect(Collectors.groupingBy(TopicTest::partitionOfSixteen, Collectors.counting()));
        last.forEach((key, offset) -> assertThat(offset)
                .as("the two of %s, and those of other keys in their partition", key)
                .isBetween(1L, 2 * keysOfPartition.getOrDefault(partitionOfSixteen(key), 0L) - 1));
    }

    private static int partitionOfSixteen(String key) {
        return KeyPartitioner.partition(Unpooled.wrappedBuffer(key.getBytes(StandardCharsets.UTF_8)), 16);
    }

    @Test
    void goesWithItsSubscriptions() {
        broker.declareTopic(TOPIC, 2);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        broker.publish(TOPIC, 0, 4);
        broker.embedded().deleteQueue(TOPIC);
        assertRefused(() -> broker.statistics("workers"), Refusal.Reason.QUEUE_NOT_FOUND);
        broker.restart();
        assertRefused(() -> broker.statistics("workers"), Refusal.Reason.QUEUE_NOT_FOUND);
        broker.declareTopic(TOPIC, 1);
        assertThat(broker.statistics(TOPIC).ready()).isZero();
    }

    @Test
    void anExchangeLeadsToTheTopicAndNotToItsSubscriptions() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        broker.embedded().declareExchange("news", ExchangeType.FANOUT);
        broker.embedded().bind("news", TOPIC, "");
        assertThat(broker.embedded().publish("news", "", Message.of("hello")).join())
                .isEqualTo(1);
        assertThat(broker.take("workers", 1)).containsExactly("hello");
        assertRefused(() -> broker.embedded().bind("news", "workers", ""), Refusal.Reason.INVALID);
        assertThat(broker.embedded().publish("workers", Message.of("lost")).join())
                .isZero();
    }

    @Test
    void saysWhatCannotBe() {
        broker.declareTopic(TOPIC, 1);
        broker.declare("queue", QueueSettings.DEFAULT);
        assertRefused(
                () -> broker.declareSubscription("nothing", "s", StartPosition.FIRST), Refusal.Reason.QUEUE_NOT_FOUND);
        assertRefused(() -> broker.declareSubscription("queue", "s", StartPosition.FIRST), Refusal.Reason.INVALID);
        assertRefused(() -> broker.embedded().purgeQueue(TOPIC), Refusal.Reason.INVALID);
        assertRefused(() -> broker.embedded().seek("queue", StartPosition.FIRST), Refusal.Reason.INVALID);
        var withPriorities = new QueueSpec("t", true, false, false, topic().with(QueueProperty.MAX_PRIORITY, 3));
        assertThatThrownBy(() -> broker.embedded().declareQueue(withPriorities))
                .hasMessageContaining("max-priority means nothing to a topic");
        var transientTopic = new QueueSpec("memory", false, false, false, topic());
        broker.embedded().declareQueue(transientTopic);
        assertThatThrownBy(() -> broker.declareSubscription("memory", "s", StartPosition.FIRST))
                .hasMessageContaining("its topic memory is not");
    }

    private static void assertRefused(Runnable call, Refusal.Reason reason) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        refused -> assertThat(refused.refusal().reason()).isEqualTo(reason));
    }
}
