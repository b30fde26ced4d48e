package dev.sluice.broker;

import static dev.sluice.broker.Await.await;
import static dev.sluice.broker.RestartableBroker.texts;
import static dev.sluice.broker.TestSettings.topic;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
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
    void aTopicKeepsItsNewLength() throws InterruptedException {
        broker.declare(TOPIC, topic());
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        broker.publish(TOPIC, 0, 20);
        change(TOPIC, settings -> settings.with(QueueProperty.MAX_LENGTH, 5));
        broker.awaitReady(TOPIC, 5);
        assertThat(broker.statistics("slow").droppedAtLimit()).isEqualTo(15);
        broker.restart();
        broker.publish(TOPIC, 20, 22);
        broker.awaitReady(TOPIC, 5);
        change(TOPIC, settings -> settings.without(QueueProperty.MAX_LENGTH));
        broker.publish(TOPIC, 22, 30);
        assertThat(broker.take("slow", 13)).isEqualTo(texts(17, 30));
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
        broker.declare(TOPIC, topic().with(QueueProperty.KEEP, "unsettled").with(QueueProperty.MAX_LENGTH, 5));
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        broker.publish(TOPIC, 0, 7);
        broker.awaitReady(TOPIC, 5);
        change(TOPIC, settings -> settings.with(QueueProperty.OVERFLOW, "reject-publish"));
        assertThatThrownBy(() -> broker.publish(TOPIC, 7, 8)).cause().hasMessageContaining("limit of 5");
        change(TOPIC, settings -> settings.with(QueueProperty.OVERFLOW, "block"));
        CompletableFuture<Integer> waiting = broker.embedded().publish(TOPIC, Message.of("7"));
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(5);
        assertThat(waiting).isNotDone();
        change(TOPIC, settings -> settings.with(QueueProperty.MAX_LENGTH, 6));
        assertThat(waiting.join()).isEqualTo(1);
        CompletableFuture<Integer> next = broker.embedded().publish(TOPIC, Message.of("8"));
        assertThat(broker.statistics(TOPIC).ready()).isEqualTo(6);
        assertThat(next).isNotDone();
        change(TOPIC, settings -> settings.without(QueueProperty.OVERFLOW).without(QueueProperty.MAX_LENGTH));
        assertThat(next.join()).isEqualTo(1);
        assertThat(broker.take("slow", 7)).isEqualTo(texts(2, 9));
    }

    @Test
    void aTopicBeginsAndEndsToKeepTheLastOfEachKey() throws InterruptedException {
        broker.declare(TOPIC, topic());
        broker.declareSubscription(TOPIC, "slow", StartPosition.FIRST);
        broker.publishKeyed(TOPIC, 5, 0, 10);
        change(TOPIC, settings -> settings.with(QueueProperty.KEEP, "last-per-key"));
        broker.awaitReady(TOPIC, 5);
        assertThat(broker.take("slow", 3)).isEqualTo(texts(5, 8));
        assertThat(broker.statistics("slow").superseded()).isEqualTo(5);
        broker.restart();
        broker.awaitReady(TOPIC, 5);
        broker.publishKeyed(TOPIC, 5, 10, 12);
        broker.awaitReady(TOPIC, 5);
        assertThat(broker.take("slow", 4)).containsExactly("8", "9", "10", "11");
        change(TOPIC, settings -> settings.without(QueueProperty.KEEP));
        broker.publishKeyed(TOPIC, 5, 12, 20);
        assertThat(broker.take("slow", 8)).isEqualTo(texts(12, 20));
        assertThat(broker.read(TOPIC, StartPosition.FIRST, 13))
                .as("what was superseded before is gone")
                .isEqualTo(texts(7, 20));
    }

    @Test
    void aTopicBeginsToKeepOnlyWhatIsUnsettled() throws InterruptedException {
        broker.declare(TOPIC, topic());
        broker.declareSubscription(TOPIC, "workers", StartPosition.FIRST);
        broker.publish(TOPIC, 0, 10);
        assertThat(broker.take("workers", 4)).isEqualTo(texts(0, 4));
        change(TOPIC, settings -> settings.with(QueueProperty.KEEP, "unsettled"));
        broker.awaitReady(TOPIC, 6);
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
        broker.declare(QUEUE, QueueSettings.DEFAULT);
        broker.declare("dead", QueueSettings.DEFAULT);
        broker.publish(QUEUE, 0, 3);
        rejectNext();
        change(
                QUEUE,
                settings -> settings.with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                        .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead"));
        rejectNext();
        broker.awaitReady("dead", 1);
        change(
                QUEUE,
                settings -> settings.without(QueueProperty.DEAD_LETTER_EXCHANGE)
                        .without(QueueProperty.DEAD_LETTER_ROUTING_KEY));
        rejectNext();
        assertThat(broker.take("dead", 1)).containsExactly("1");
        assertThat(broker.statistics(QUEUE).deadLettered()).isEqualTo(1);
        assertThat(broker.statistics("dead").published()).isEqualTo(1);
    }

    private void rejectNext() throws InterruptedException {
        long before = broker.statistics(QUEUE).rejected();
        var deliveries = new Deliveries();
        try (var _ = broker.consume(QUEUE, 1, deliveries::take)) {
            deliveries.next().reject();
        }
        await(() -> broker.statistics(QUEUE).rejected() != before);
    }

    @Test
    void publishersWaitForTheNewRateOfAQueue() {
        broker.declare(QUEUE, QueueSettings.DEFAULT);
        broker.publish(QUEUE, 0, 1);
        change(QUEUE, settings -> settings.with(QueueProperty.MAX_PUBLISH_RATE, 1));
        broker.publish(QUEUE, 1, 2); // a second's worth may come at once
        CompletableFuture<Integer> paced = broker.embedded().publish(QUEUE, Message.of("2"));
        CompletableFuture<Integer> afterIt = broker.embedded().publish(QUEUE, Message.of("3"));
        change(QUEUE, settings -> settings);
        assertThat(afterIt).isNotDone();
        change(QUEUE, settings -> settings.without(QueueProperty.MAX_PUBLISH_RATE));
        assertThat(paced.join() + afterIt.join()).isEqualTo(2);
    }

    @Test
    void aLimitOfBytesCanBeAnotherButNotComeOrGoWhereTheyAreCountedOneByOne() {
        broker.declare(QUEUE, QueueSettings.DEFAULT.with(QueueProperty.MAX_LENGTH_BYTES, 1_000));
        broker.publish(QUEUE, 0, 10);
        change(QUEUE, settings -> settings.with(QueueProperty.MAX_LENGTH_BYTES, 4));
        broker.awaitReady(QUEUE, 4);
        assertThatThrownBy(() -> change(QUEUE, settings -> settings.without(QueueProperty.MAX_LENGTH_BYTES)))
                .hasMessageContaining(
                        "max-length-bytes of a queue can be changed, but neither be added nor taken away");
        broker.declare("other", QueueSettings.DEFAULT);
        assertThatThrownBy(() -> change("other", settings -> settings.with(QueueProperty.MAX_LENGTH_BYTES, 4)))
                .hasMessageContaining("neither be added nor taken away");
        broker.declare(TOPIC, topic());
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
        broker.declare(QUEUE, QueueSettings.DEFAULT);
        broker.declare(TOPIC, topic());
        change(QUEUE, settings -> ofQueue);
        change(TOPIC, settings -> ofTopic);
        broker.restart();
        broker.declare(QUEUE, ofQueue);
        broker.declare(TOPIC, ofTopic);
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
        broker.declare(QUEUE, QueueSettings.DEFAULT);
        assertThatThrownBy(() -> change(QUEUE, settings -> settings.with(property, value)))
                .hasMessageContaining(property.propertyName() + " cannot be changed");
        broker.declare(QUEUE, QueueSettings.DEFAULT);
    }

    @Test
    void saysWhatCannotBe() {
        broker.declare(TOPIC, topic());
        assertThatThrownBy(() -> change("nothing", settings -> settings)).hasMessageContaining("QUEUE_NOT_FOUND");
        assertThatThrownBy(() -> change(TOPIC, settings -> settings.with(QueueProperty.MESSAGE_TTL, 1)))
                .hasMessageContaining("message-ttl means nothing to a topic");
        assertThatThrownBy(() -> change(TOPIC, settings -> settings.with(QueueProperty.MAX_AGE, 0)))
                .hasMessageContaining("max-age is 0, expected a whole number, at least 1");
        broker.declare(TOPIC, topic());
    }

    private static QueueSettings topic() {
        return QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC);
    }

    private void change(String queue, UnaryOperator<QueueSettings> change) {
        QueueSettings _ = broker.embedded().changeSettings(queue, change);
    }
}
