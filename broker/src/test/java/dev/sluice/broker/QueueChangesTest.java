package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Other settings for queues and topics that are in use. */
@Timeout(60)
class QueueChangesTest {
    private static final String TOPIC = "orders";
    private static final String QUEUE = "jobs";

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
    void aTopicKeepsItsNewLength() throws InterruptedException {
        declare(TOPIC, topic());
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        publish(TOPIC, 0, 20);
        change(TOPIC, settings -> settings.with(QueueProperty.MAX_LENGTH, 5));
        awaitReady(TOPIC, 5);
        assertThat(broker.statistics("slow").droppedAtLimit()).isEqualTo(15);
        restart();
        publish(TOPIC, 20, 22);
        awaitReady(TOPIC, 5);
        change(TOPIC, settings -> settings.without(QueueProperty.MAX_LENGTH));
        publish(TOPIC, 22, 30);
        assertThat(take("slow", 13)).isEqualTo(texts(17, 30));
    }

    @Test
    void aTopicGivesUpWhatIsTooOldByItsNewAge(@TempDir Path other) {
        try (var timed = TimedBroker.open(other, topic())) {
            timed.publish("old");
            timed.pass(60_000);
            timed.publish("new");
            timed.broker.changeSettings(TimedBroker.QUEUE, settings -> settings.with(QueueProperty.MAX_AGE, 30_000));
            assertThat(timed.statistics().ready()).isEqualTo(1);
            timed.pass(40_000);
            assertThat(timed.statistics().ready()).isZero();
        }
    }

    @Test
    void aTopicRefusesPublishersAndLetsThemWaitAsItIsToldTo() throws InterruptedException {
        declare(TOPIC, topic().with(QueueProperty.KEEP, "unsettled").with(QueueProperty.MAX_LENGTH, 5));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        publish(TOPIC, 0, 7);
        awaitReady(TOPIC, 5);
        change(TOPIC, settings -> settings.with(QueueProperty.OVERFLOW, "reject-publish"));
        assertThatThrownBy(() -> publish(TOPIC, 7, 8)).cause().hasMessageContaining("limit of 5");
        change(TOPIC, settings -> settings.with(QueueProperty.OVERFLOW, "block"));
        CompletableFuture<Integer> waiting = broker.publish(TOPIC, Message.of("7"));
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(5);
        assertThat(waiting).isNotDone();
        change(TOPIC, settings -> settings.with(QueueProperty.MAX_LENGTH, 6));
        assertThat(waiting.join()).isEqualTo(1);
        CompletableFuture<Integer> next = broker.publish(TOPIC, Message.of("8"));
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(6);
        assertThat(next).isNotDone();
        change(TOPIC, settings -> settings.without(QueueProperty.OVERFLOW).without(QueueProperty.MAX_LENGTH));
        assertThat(next.join()).isEqualTo(1);
        assertThat(take("slow", 7)).isEqualTo(texts(2, 9));
    }

    @Test
    void aTopicBeginsAndEndsToKeepTheLastOfEachKey() throws InterruptedException {
        declare(TOPIC, topic());
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        publishKeyed(0, 10);
        change(TOPIC, settings -> settings.with(QueueProperty.KEEP, "last-per-key"));
        awaitReady(TOPIC, 5);
        assertThat(take("slow", 3)).isEqualTo(texts(5, 8));
        assertThat(broker.statistics("slow").superseded()).isEqualTo(5);
        restart();
        awaitReady(TOPIC, 5);
        publishKeyed(10, 12);
        awaitReady(TOPIC, 5);
        assertThat(take("slow", 4)).containsExactly("8", "9", "10", "11");
        change(TOPIC, settings -> settings.without(QueueProperty.KEEP));
        publishKeyed(12, 20);
        assertThat(take("slow", 8)).isEqualTo(texts(12, 20));
        assertThat(read(13)).as("what was superseded before is gone").isEqualTo(texts(7, 20));
    }

    @Test
    void aTopicBeginsToKeepOnlyWhatIsUnsettled() throws InterruptedException {
        declare(TOPIC, topic());
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        publish(TOPIC, 0, 10);
        assertThat(take("workers", 4)).isEqualTo(texts(0, 4));
        change(TOPIC, settings -> settings.with(QueueProperty.KEEP, "unsettled"));
        awaitReady(TOPIC, 6);
    }

    @Test
    void whatWaitsInAQueueExpiresByItsNewTimeToLive(@TempDir Path other) {
        try (var timed = TimedBroker.open(other, QueueSettings.DEFAULT)) {
            timed.publish("old");
            timed.pass(5_000);
            timed.publish("new");
            timed.broker.changeSettings(TimedBroker.QUEUE, settings -> settings.with(QueueProperty.MESSAGE_TTL, 3_000));
            assertThat(timed.statistics().expired()).isEqualTo(1);
            timed.pass(3_000);
            assertThat(timed.statistics().expired()).isEqualTo(2);
            timed.broker.changeSettings(TimedBroker.QUEUE, settings -> settings.without(QueueProperty.MESSAGE_TTL));
            timed.publish("newer");
            timed.pass(10_000);
            assertThat(timed.statistics().ready()).isEqualTo(1);
        }
    }

    @Test
    void aQueueIsDeletedWhenItIsUnusedForItsNewTimeAndNotWithoutOne(@TempDir Path other) {
        try (var timed = TimedBroker.open(other, QueueSettings.DEFAULT.with(QueueProperty.EXPIRES, 10_000))) {
            timed.broker.changeSettings(TimedBroker.QUEUE, settings -> settings.without(QueueProperty.EXPIRES));
            timed.pass(60_000);
            assertThat(timed.statistics().ready()).isZero();
            timed.broker.changeSettings(TimedBroker.QUEUE, settings -> settings.with(QueueProperty.EXPIRES, 1_000));
            timed.pass(500);
            assertThat(timed.statistics().ready()).isZero();
            timed.pass(600);
            awaitGone(timed.broker, TimedBroker.QUEUE);
        }
    }

    private static void awaitGone(EmbeddedBroker broker, String queue) {
        while (true) {
            try {
                QueueStatistics _ = broker.statistics(queue);
                Thread.onSpinWait();
            } catch (BrokerException gone) {
                assertThat(gone.refusal().reason()).isEqualTo(Refusal.Reason.QUEUE_NOT_FOUND);
                return;
            }
        }
    }

    @Test
    void deliveriesComeBackByTheNewTimeoutAndAsOftenAsTheNewLimitSays(@TempDir Path other) throws InterruptedException {
        try (var timed = TimedBroker.open(other, QueueSettings.DEFAULT)) {
            timed.broker.changeSettings(
                    TimedBroker.QUEUE,
                    settings ->
                            settings.with(QueueProperty.CONSUMER_TIMEOUT, 1_000).with(QueueProperty.DELIVERY_LIMIT, 1));
            timed.publish("slow");
            Subscription _ = timed.subscribe(2);
            timed.next("slow");
            timed.pass(1_000);
            assertThat(timed.next("slow").deliveryCount()).isEqualTo(1);
            timed.pass(1_000);
            timed.expectNothing();
            assertThat(timed.statistics().deliveryLimitExceeded()).isEqualTo(1);
        }
    }

    @Test
    void deadLettersGoWhereTheNewSettingsSayAndNowhereWithoutThem() throws InterruptedException {
        declare(QUEUE, QueueSettings.DEFAULT);
        broker.declareQueue("dead");
        publish(QUEUE, 0, 3);
        rejectNext();
        change(
                QUEUE,
                settings -> settings.with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                        .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead"));
        rejectNext();
        awaitReady("dead", 1);
        change(
                QUEUE,
                settings -> settings.without(QueueProperty.DEAD_LETTER_EXCHANGE)
                        .without(QueueProperty.DEAD_LETTER_ROUTING_KEY));
        rejectNext();
        assertThat(take("dead", 1)).containsExactly("1");
        assertThat(broker.statistics(QUEUE).deadLettered()).isEqualTo(1);
        assertThat(broker.statistics("dead").published()).isEqualTo(1);
    }

    private void rejectNext() throws InterruptedException {
        long before = broker.statistics(QUEUE).rejected();
        var deliveries = new Deliveries();
        try (var _ = broker.consume(QUEUE, 1, deliveries::take)) {
            deliveries.next().reject();
        }
        while (broker.statistics(QUEUE).rejected() == before) {
            Thread.onSpinWait();
        }
    }

    @Test
    void publishersWaitForTheNewRateOfAQueue() {
        declare(QUEUE, QueueSettings.DEFAULT);
        publish(QUEUE, 0, 1);
        change(QUEUE, settings -> settings.with(QueueProperty.MAX_PUBLISH_RATE, 1));
        publish(QUEUE, 1, 2); // a second's worth may come at once
        CompletableFuture<Integer> paced = broker.publish(QUEUE, Message.of("2"));
        CompletableFuture<Integer> afterIt = broker.publish(QUEUE, Message.of("3"));
        change(QUEUE, settings -> settings);
        assertThat(afterIt).isNotDone();
        change(QUEUE, settings -> settings.without(QueueProperty.MAX_PUBLISH_RATE));
        assertThat(paced.join() + afterIt.join()).isEqualTo(2);
    }

    @Test
    void aLimitOfBytesCanBeAnotherButNotComeOrGoWhereTheyAreCountedOneByOne() {
        declare(QUEUE, QueueSettings.DEFAULT.with(QueueProperty.MAX_LENGTH_BYTES, 1_000));
        publish(QUEUE, 0, 10);
        change(QUEUE, settings -> settings.with(QueueProperty.MAX_LENGTH_BYTES, 4));
        awaitReady(QUEUE, 4);
        assertThatThrownBy(() -> change(QUEUE, settings -> settings.without(QueueProperty.MAX_LENGTH_BYTES)))
                .hasMessageContaining(
                        "max-length-bytes of a queue can be changed, but neither be added nor taken away");
        declare("other", QueueSettings.DEFAULT);
        assertThatThrownBy(() -> change("other", settings -> settings.with(QueueProperty.MAX_LENGTH_BYTES, 4)))
                .hasMessageContaining("neither be added nor taken away");
        declare(TOPIC, topic());
        change(TOPIC, settings -> settings.with(QueueProperty.MAX_LENGTH_BYTES, 4));
    }

    @Test
    void whatMayChangeIsRemembered() {
        QueueSettings ofQueue = QueueSettings.DEFAULT
                .withMaxLength(7, Overflow.REJECT)
                .with(QueueProperty.MAX_AGE, 70_000)
                .with(QueueProperty.MAX_PUBLISH_RATE, 1_000)
                .with(QueueProperty.MESSAGE_TTL, 80_000)
                .with(QueueProperty.DELIVERY_LIMIT, 3)
                .with(QueueProperty.DELAYED_RETRY_TYPE, "linear")
                .with(QueueProperty.DELAYED_RETRY_MIN, 10)
                .with(QueueProperty.DELAYED_RETRY_MAX, 20)
                .with(QueueProperty.CONSUMER_TIMEOUT, 30_000)
                .with(QueueProperty.EXPIRES, 3_600_000)
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
        QueueSettings ofTopic = topic().with(QueueProperty.KEEP, "unsettled").with(QueueProperty.MAX_LENGTH_BYTES, 90);
        assertThat(Arrays.stream(QueueProperty.values())
                        .filter(property -> property.change() == QueueProperty.Change.AT_ANY_TIME))
                .allMatch(property -> ofQueue.chosen(property) != null || ofTopic.chosen(property) != null);
        declare(QUEUE, QueueSettings.DEFAULT);
        declare(TOPIC, topic());
        change(QUEUE, settings -> ofQueue);
        change(TOPIC, settings -> ofTopic);
        restart();
        declare(QUEUE, ofQueue);
        declare(TOPIC, ofTopic);
    }

    @ParameterizedTest
    @EnumSource(QueueProperty.class)
    void whatMayNotChangeIsRefusedByName(QueueProperty property) {
        if (property.change() == QueueProperty.Change.AT_ANY_TIME) {
            return;
        }
        Object value = switch (property.kind()) {
            case QueueProperty.Kind.Whole whole -> 5L;
            case QueueProperty.Kind.Choice choice -> choice.words().getLast();
            case QueueProperty.Kind.Text text -> "text";
            case QueueProperty.Kind.Flag flag -> true;
            case QueueProperty.Kind.Position position -> "first";
            case QueueProperty.Kind.Durable durable -> "none";
        };
        declare(QUEUE, QueueSettings.DEFAULT);
        assertThatThrownBy(() -> change(QUEUE, settings -> settings.with(property, value)))
                .hasMessageContaining(property.propertyName() + " cannot be changed");
        declare(QUEUE, QueueSettings.DEFAULT);
    }

    @Test
    void saysWhatCannotBe() {
        declare(TOPIC, topic());
        assertThatThrownBy(() -> change("nothing", settings -> settings)).hasMessageContaining("QUEUE_NOT_FOUND");
        assertThatThrownBy(() -> change(TOPIC, settings -> settings.with(QueueProperty.MESSAGE_TTL, 1)))
                .hasMessageContaining("message-ttl means nothing to a topic");
        assertThatThrownBy(() -> change(TOPIC, settings -> settings.with(QueueProperty.MAX_AGE, 0)))
                .hasMessageContaining("max-age is 0, expected a whole number, at least 1");
        declare(TOPIC, topic());
    }

    private static QueueSettings topic() {
        return QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC);
    }

    private void change(String queue, UnaryOperator<QueueSettings> change) {
        QueueSettings _ = broker.changeSettings(queue, change);
    }

    private void declare(String name, QueueSettings settings) {
        broker.declareQueue(new QueueSpec(name, true, false, false, settings));
    }

    private void publish(String queue, int from, int to) {
        for (int i = from; i < to; i++) {
            broker.publish(queue, Message.of(String.valueOf(i))).join();
        }
    }

    /** Five keys in turn. */
    private void publishKeyed(int from, int to) {
        for (int i = from; i < to; i++) {
            broker.publish(TOPIC, Message.of(String.valueOf(i)).withKey("key" + i % 5))
                    .join();
        }
    }

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

    private List<String> read(int count) throws InterruptedException {
        var deliveries = new Deliveries();
        try (var _ = broker.read(TOPIC, StartPosition.FIRST, 100, deliveries::takeAndAck)) {
            return deliveries.texts(count);
        }
    }

    private void awaitReady(String queue, long records) {
        while (broker.statistics(queue).ready() != records) {
            Thread.onSpinWait();
        }
    }

    private static List<String> texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(String::valueOf).toList();
    }
}
