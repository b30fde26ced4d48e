package dev.sluice.broker;

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
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopicTest {
    private static final String TOPIC = "orders";

    @TempDir
    private Path folder;

    private EmbeddedBroker broker;

    @BeforeEach
    void open() {
        broker = EmbeddedBroker.open(folder);
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private void restart() {
        broker.close();
        open();
    }

    @Test
    void eachSubscriptionGetsEveryRecordOfOneStoredCopy() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        for (int i = 0; i < 100; i++) {
            broker.declareSubscription(TOPIC, "reader" + i, StartPosition.FIRST);
        }
        publish(0, 50);
        for (int i = 0; i < 100; i++) {
            assertThat(take("reader" + i, 50)).isEqualTo(texts(0, 50));
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
            publish(0, 200);
            while (broker.statistics("workers").acknowledged() < 200) {
                Thread.onSpinWait();
            }
        }
        var got = new ArrayList<String>(one.texts(one.waiting()));
        got.addAll(other.texts(other.waiting()));
        assertThat(got).containsExactlyInAnyOrderElementsOf(texts(0, 200));
    }

    @Test
    void recordsOfOneKeyAreInOnePartitionAndInOrder() throws InterruptedException {
        broker.declareTopic(TOPIC, 7);
        broker.declareSubscription(TOPIC, "reader", StartPosition.FIRST);
        for (int i = 0; i < 500; i++) {
            broker.publish(TOPIC, Message.of(String.valueOf(i)).withKey("key" + i % 20))
                    .join();
        }
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
        publish(0, 10);
        broker.declareSubscription(TOPIC, "late", StartPosition.NEXT);
        broker.declareSubscription(TOPIC, "early", StartPosition.FIRST);
        publish(10, 20);
        var got = new ArrayList<>(take("early", 12));
        restart();
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(20);
        got.addAll(take("early", 8));
        assertThat(got).containsExactlyInAnyOrderElementsOf(texts(0, 20));
        assertThat(take("late", 10)).containsExactlyInAnyOrderElementsOf(texts(10, 20));
        assertThat(broker.statistics("late").ready()).isZero();
    }

    @Test
    void beginsWhereItIsAsked() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        publish(0, 10);
        long timeMs = System.currentTimeMillis() + 1;
        while (System.currentTimeMillis() <= timeMs) {
            Thread.onSpinWait();
        }
        publish(10, 20);
        assertThat(read(StartPosition.FIRST, 20)).isEqualTo(texts(0, 20));
        assertThat(read(StartPosition.LAST, 1)).containsExactly("19");
        assertThat(read(new StartPosition.AtOffset(15), 5)).isEqualTo(texts(15, 20));
        assertThat(read(new StartPosition.AtTime(timeMs), 10)).isEqualTo(texts(10, 20));
        var next = new Deliveries();
        try (var _ = broker.read(TOPIC, StartPosition.NEXT, 10, next::takeAndAck)) {
            publish(20, 21);
            assertThat(next.texts(1)).containsExactly("20");
        }
    }

    @Test
    void aReaderDisturbsNobodyAndIsForgotten() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        publish(0, 5);
        assertThat(read(StartPosition.FIRST, 5)).isEqualTo(texts(0, 5));
        assertThat(read(StartPosition.FIRST, 5)).isEqualTo(texts(0, 5));
        assertThat(broker.statistics("workers").ready()).isEqualTo(5);
        assertThat(broker.deleteQueue("workers")).isEqualTo(5);
    }

    @Test
    void replaysFromWhereItIsSought() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        publish(0, 10);
        assertThat(take("workers", 10)).isEqualTo(texts(0, 10));
        broker.seek("workers", new StartPosition.AtOffset(4));
        assertThat(take("workers", 3)).isEqualTo(texts(4, 7));
        restart();
        assertThat(take("workers", 3)).isEqualTo(texts(7, 10));
        broker.seek("workers", StartPosition.FIRST);
        restart();
        assertThat(take("workers", 10)).isEqualTo(texts(0, 10));
        try (var _ = broker.consume("workers", 1, Delivery::ack)) {
            assertRefused(() -> broker.seek("workers", StartPosition.FIRST), Refusal.Reason.QUEUE_IN_USE);
        }
    }

    @Test
    void keepsAtMostItsLengthAndCountsWhatASubscriptionMisses() throws InterruptedException {
        declare(topic().with(QueueProperty.MAX_LENGTH, 10));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        publish(0, 25);
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(10);
        assertThat(broker.statistics("slow").droppedAtLimit()).isEqualTo(15);
        assertThat(broker.statistics("slow").ready()).isEqualTo(10);
        assertThat(take("slow", 10)).isEqualTo(texts(15, 25));
        restart();
        assertThat(read(StartPosition.FIRST, 10)).isEqualTo(texts(15, 25));
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
        declare(topic().with(QueueProperty.KEEP, "unsettled"));
        publish(0, 5);
        awaitStored(0);
        broker.declareSubscription(TOPIC, "fast", StartPosition.FIRST);
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        publish(5, 15);
        assertThat(take("fast", 10)).isEqualTo(texts(5, 15));
        assertThat(take("slow", 4)).isEqualTo(texts(5, 9));
        awaitStored(6);
        restart();
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(6);
        assertThat(take("slow", 6)).isEqualTo(texts(9, 15));
        awaitStored(0);
    }

    @Test
    void keepsTheLastOfEachKeyIfItIsToldTo() throws InterruptedException {
        declare(topic().with(QueueProperty.KEEP, "last-per-key"));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        for (int i = 0; i < 20; i++) {
            broker.publish(TOPIC, Message.of(String.valueOf(i)).withKey("key" + i % 5))
                    .join();
        }
        publish(20, 22);
        awaitStored(7);
        List<String> left = texts(15, 22);
        assertThat(read(StartPosition.FIRST, 7)).isEqualTo(left);
        assertThat(take("slow", 7)).isEqualTo(left);
        assertThat(broker.statistics("slow").superseded()).isEqualTo(15);
        restart();
        awaitStored(7);
        assertThat(read(StartPosition.FIRST, 7)).isEqualTo(left);
        broker.publish(TOPIC, Message.of("new").withKey("key0")).join();
        awaitStored(7);
        assertThat(take("slow", 1)).containsExactly("new");
        assertThat(read(StartPosition.FIRST, 7)).containsExactly("16", "17", "18", "19", "20", "21", "new");
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
        declare(topic().with(QueueProperty.KEEP, "last-per-key").with(QueueProperty.MAX_LENGTH, 3));
        for (int i = 0; i < 10; i++) {
            broker.publish(TOPIC, Message.of(String.valueOf(i)).withKey("key" + i % 5))
                    .join();
        }
        awaitStored(3);
        assertThat(read(StartPosition.FIRST, 3)).isEqualTo(texts(7, 10));
    }

    @Test
    void refusesPublishersAtItsLimitWhileASubscriptionIsBehind() throws InterruptedException {
        declare(topic().with(QueueProperty.KEEP, "unsettled")
                .with(QueueProperty.MAX_LENGTH, 5)
                .with(QueueProperty.OVERFLOW, "reject-publish"));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        publish(0, 5);
        assertThatThrownBy(() -> publish(5, 6)).cause().hasMessageContaining("limit of 5");
        assertThat(take("slow", 2)).isEqualTo(texts(0, 2));
        awaitStored(3);
        publish(5, 7);
        assertThat(take("slow", 5)).isEqualTo(texts(2, 7));
    }

    @Test
    void letsPublishersWaitAtItsLimitWhileASubscriptionIsBehind() throws InterruptedException {
        declare(topic().with(QueueProperty.KEEP, "unsettled")
                .with(QueueProperty.MAX_LENGTH, 5)
                .with(QueueProperty.OVERFLOW, "block"));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        publish(0, 5);
        var waiting = broker.publish(TOPIC, Message.of("5"));
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(5);
        assertThat(waiting).isNotDone();
        assertThat(take("slow", 1)).containsExactly("0");
        assertThat(waiting.join()).isEqualTo(1);
        assertThat(take("slow", 5)).isEqualTo(texts(1, 6));
    }

    @Test
    void releasedAndRejectedRecordsAreTheSubscriptionsOwn() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declareQueue("dead");
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.TOPIC, TOPIC)
                .with(QueueProperty.START, "first")
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
        broker.declareQueue(new QueueSpec("picky", true, false, false, settings));
        publish(0, 3);
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
        assertThat(take("dead", 1)).containsExactly("1");
        assertThat(read(StartPosition.FIRST, 3)).isEqualTo(texts(0, 3));
    }

    @Test
    void deadLettersComeToThePartitionOfTheirKey() throws InterruptedException {
        broker.declareTopic(TOPIC, 16);
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, TOPIC);
        broker.declareQueue(new QueueSpec("jobs", true, false, false, settings));
        broker.declareSubscription(TOPIC, "reader", StartPosition.FIRST);
        for (String key : List.of("a", "b", "c", "d")) {
            broker.publish("jobs", Message.of(key).withKey(key)).join();
            broker.publish(TOPIC, Message.of(key).withKey(key)).join();
        }
        try (var _ = broker.consume("jobs", 10, Delivery::reject)) {
            awaitStored(8);
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
        publish(0, 4);
        broker.deleteQueue(TOPIC);
        assertRefused(() -> broker.statistics("workers"), Refusal.Reason.QUEUE_NOT_FOUND);
        restart();
        assertRefused(() -> broker.statistics("workers"), Refusal.Reason.QUEUE_NOT_FOUND);
        broker.declareTopic(TOPIC, 1);
        assertThat(broker.statistics(TOPIC).ready()).isZero();
    }

    @Test
    void anExchangeLeadsToTheTopicAndNotToItsSubscriptions() throws InterruptedException {
        broker.declareTopic(TOPIC, 1);
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        broker.declareExchange("news", ExchangeType.FANOUT);
        broker.bind("news", TOPIC, "");
        assertThat(broker.publish("news", "", Message.of("hello")).join()).isEqualTo(1);
        assertThat(take("workers", 1)).containsExactly("hello");
        assertRefused(() -> broker.bind("news", "workers", ""), Refusal.Reason.INVALID);
        assertThat(broker.publish("workers", Message.of("lost")).join()).isZero();
    }

    @Test
    void saysWhatCannotBe() {
        broker.declareTopic(TOPIC, 1);
        broker.declareQueue("queue");
        assertRefused(
                () -> broker.declareSubscription("nothing", "s", StartPosition.FIRST), Refusal.Reason.QUEUE_NOT_FOUND);
        assertRefused(() -> broker.declareSubscription("queue", "s", StartPosition.FIRST), Refusal.Reason.INVALID);
        assertRefused(() -> broker.purgeQueue(TOPIC), Refusal.Reason.INVALID);
        assertRefused(() -> broker.seek("queue", StartPosition.FIRST), Refusal.Reason.INVALID);
        var withPriorities = new QueueSpec("t", true, false, false, topic().with(QueueProperty.MAX_PRIORITY, 3));
        assertThatThrownBy(() -> broker.declareQueue(withPriorities))
                .hasMessageContaining("max-priority means nothing to a topic");
        var transientTopic = new QueueSpec("memory", false, false, false, topic());
        broker.declareQueue(transientTopic);
        assertThatThrownBy(() -> broker.declareSubscription("memory", "s", StartPosition.FIRST))
                .hasMessageContaining("its topic memory is not");
    }

    private static QueueSettings topic() {
        return QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC);
    }

    private void declare(QueueSettings settings) {
        broker.declareQueue(new QueueSpec(TOPIC, true, false, false, settings));
    }

    private void publish(int from, int to) {
        for (int i = from; i < to; i++) {
            broker.publish(TOPIC, Message.of(String.valueOf(i))).join();
        }
    }

    /** Consumes and acknowledges so many. */
    private List<String> take(String queue, int count) throws InterruptedException {
        long before = broker.statistics(queue).acknowledged();
        var deliveries = new Deliveries();
        List<String> texts = new ArrayList<>();
        try (var _ = broker.consume(queue, 1, deliveries::take)) {
            for (int i = 0; i < count; i++) {
                Delivery delivery = deliveries.next();
                texts.add(delivery.message().text());
                delivery.ack();
            }
        }
        while (broker.statistics(queue).acknowledged() < before + count) {
            Thread.onSpinWait();
        }
        return texts;
    }

    private List<String> read(StartPosition start, int count) throws InterruptedException {
        var deliveries = new Deliveries();
        try (var _ = broker.read(TOPIC, start, 100, deliveries::takeAndAck)) {
            return deliveries.texts(count);
        }
    }

    private void awaitStored(long records) {
        while (broker.statistics(TOPIC).ready() != records) {
            Thread.onSpinWait();
        }
    }

    private static List<String> texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(String::valueOf).toList();
    }

    private static void assertRefused(Runnable call, Refusal.Reason reason) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        BrokerException.class,
                        refused -> assertThat(refused.refusal().reason()).isEqualTo(reason));
    }
}
