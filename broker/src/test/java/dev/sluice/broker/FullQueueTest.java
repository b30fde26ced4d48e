package dev.sluice.broker;

import static dev.sluice.broker.Await.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Publishers that wait for room in a queue instead of being refused. */
@Timeout(60)
class FullQueueTest {
    private static final String QUEUE = TimedBroker.QUEUE;

    @TempDir
    private Path folder;

    @Test
    void whatDoesNotFitComesInItsOrderAsConsumersMakeRoom() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, blocking(QueueProperty.MAX_LENGTH, 3))) {
            List<CompletableFuture<Integer>> published = publishAll(timed.broker, 50);
            assertThat(timed.statistics().ready()).isEqualTo(3);
            timed.subscribe(1);
            for (int i = 0; i < 50; i++) {
                Delivery delivery = timed.next(String.valueOf(i));
                assertThat(timed.statistics().ready()).isBetween(Math.min(3L, 49 - i), 3L);
                delivery.ack();
            }
            CompletableFuture.allOf(published.toArray(CompletableFuture[]::new)).join();
            QueueStatistics statistics = timed.statistics();
            assertThat(statistics.refusedAtLimit()).isZero();
            assertThat(statistics.droppedAtLimit()).isZero();
            assertThat(timed.broker.status().blockedPublishers()).isZero();
        }
    }

    @Test
    void bytesAreLimitedAsNumbersAre() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, blocking(QueueProperty.MAX_LENGTH_BYTES, 10))) {
            timed.publish("more than ten bytes"); // an empty queue takes what is too large
            CompletableFuture<Integer> second = timed.broker.publish(QUEUE, Message.of("second"));
            CompletableFuture<Integer> third = timed.broker.publish(QUEUE, Message.of("third"));
            CompletableFuture<Integer> fourth = timed.broker.publish(QUEUE, Message.of("fourth"));
            assertThat(timed.statistics().ready()).isEqualTo(1);
            timed.subscribe(1);
            timed.next("more than ten bytes");
            second.join();
            third.join();
            assertThat(timed.statistics().readyBytes()).isEqualTo(11);
            assertThat(fourth).isNotDone();
        }
    }

    @Test
    void publishersWaitWhileTheOldestIsTooOld() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, blocking(QueueProperty.MAX_AGE, 1_000))) {
            timed.publish("old");
            timed.pass(999);
            timed.publish("young");
            timed.pass(1);
            CompletableFuture<Integer> waiting = timed.broker.publish(QUEUE, Message.of("next"));
            assertThat(timed.statistics().ready()).isEqualTo(2);
            timed.subscribe(1);
            timed.next("old");
            waiting.join();
        }
    }

    @Test
    void aQueueThatIsFullWhenTheBrokerStartsIsFull() throws InterruptedException {
        QueueSettings settings = blocking(QueueProperty.MAX_LENGTH_BYTES, 3);
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.publish("abc");
        }
        try (var timed = TimedBroker.open(folder, settings)) {
            CompletableFuture<Integer> waiting = timed.broker.publish(QUEUE, Message.of("d"));
            assertThat(timed.statistics().ready()).isEqualTo(1);
            timed.subscribe(1);
            timed.next("abc");
            waiting.join();
        }
    }

    @Test
    void aPurgeMakesRoom() {
        try (var timed = TimedBroker.open(folder, blocking(QueueProperty.MAX_LENGTH, 1))) {
            timed.publish("a");
            CompletableFuture<Integer> waiting = timed.broker.publish(QUEUE, Message.of("b"));
            timed.statistics();
            timed.broker.purgeQueue(QUEUE);
            assertThat(waiting.join()).isEqualTo(1);
        }
    }

    @Test
    void nobodyWaitsForAQueueThatIsDeleted() {
        try (var timed = TimedBroker.open(folder, blocking(QueueProperty.MAX_LENGTH, 1))) {
            timed.publish("a");
            List<CompletableFuture<Integer>> waiting = publishAll(timed.broker, 3);
            timed.statistics();
            timed.broker.deleteQueue(QUEUE);
            waiting.forEach(future -> assertThat(future.join()).isZero());
            assertThat(timed.broker.status().blockedPublishers()).isZero();
        }
    }

    @Test
    void whatWaitsWhenTheBrokerStopsIsRefused() {
        var timed = TimedBroker.open(folder, blocking(QueueProperty.MAX_LENGTH, 1));
        timed.publish("a");
        CompletableFuture<Integer> waiting = timed.broker.publish(QUEUE, Message.of("b"));
        timed.close();
        assertThatThrownBy(waiting::join).hasMessageContaining("CLOSING");
    }

    @Test
    void aMessageForTwoFullQueuesWaitsForBoth() {
        try (var timed = TimedBroker.open(folder, blocking(QueueProperty.MAX_LENGTH, 1))) {
            timed.broker.declareQueue(
                    new QueueSpec("other", true, false, false, blocking(QueueProperty.MAX_LENGTH, 1)));
            timed.broker.declareExchange("both", ExchangeType.FANOUT);
            timed.broker.bind("both", QUEUE, "");
            timed.broker.bind("both", "other", "");
            timed.broker.publish("both", "", Message.of("a")).join();
            CompletableFuture<Integer> waiting = timed.broker.publish("both", "", Message.of("b"));
            timed.statistics();
            timed.broker.purgeQueue(QUEUE);
            timed.statistics();
            assertThat(waiting).isNotDone();
            timed.broker.purgeQueue("other");
            assertThat(waiting.join()).isEqualTo(2);
        }
    }

    @Test
    void whoSendsTooMuchToAFullQueueWaitsAndNobodyElseDoes() throws Exception {
        int messages = 2 * EmbeddedBroker.IN_FLIGHT_BYTES / EmbeddedLines.MOST_BYTES * 16;
        byte[] body = new byte[EmbeddedLines.MOST_BYTES / 16];
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(new QueueSpec(QUEUE, true, false, false, blocking(QueueProperty.MAX_LENGTH, 4)));
            broker.declareQueue("other");
            var published = new AtomicInteger();
            Thread publisher = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < messages; i++) {
                    var _ = broker.publish(QUEUE, new Message(body, Map.of("n", String.valueOf(i)), null));
                    published.incrementAndGet();
                }
            });
            await(() -> publisher.getState() == Thread.State.WAITING);
            assertThat(published.get()).isLessThan(messages);
            broker.publish("other", Message.of("at once")).get(10, TimeUnit.SECONDS);
            assertThat(broker.statistics(QUEUE).ready()).isEqualTo(4);

            var deliveries = new Deliveries();
            try (var _ = broker.consume(QUEUE, 10, deliveries::takeAndAck)) {
                for (int i = 0; i < messages; i++) {
                    assertThat(deliveries.next().message().headers()).containsEntry("n", String.valueOf(i));
                }
            }
            publisher.join();
        }
    }

    @Test
    void deadLettersWaitForAFullQueueAndAreNotLost() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(new QueueSpec("dead", true, false, false, blocking(QueueProperty.MAX_LENGTH, 1)));
            QueueSettings settings = QueueSettings.DEFAULT
                    .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                    .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
            broker.declareQueue(new QueueSpec(QUEUE, true, false, false, settings));
            broker.publish("dead", Message.of("before")).join();
            publishAll(broker, 5).forEach(CompletableFuture::join);
            try (var _ = broker.consume(QUEUE, 10, Delivery::reject)) {
                await(() -> broker.statistics("dead").refusedAtLimit() > 0);
                assertThat(broker.statistics("dead").ready()).isEqualTo(1);
                var deliveries = new Deliveries();
                try (var _ = broker.consume("dead", 1, deliveries::takeAndAck)) {
                    assertThat(deliveries.texts(6)).containsExactlyInAnyOrder("before", "0", "1", "2", "3", "4");
                }
            }
        }
    }

    @Test
    void aRateSlowsPublishersAndLosesNothing() {
        int rate = 200;
        try (var broker = EmbeddedBroker.open(folder)) {
            QueueSettings settings = QueueSettings.DEFAULT.with(QueueProperty.MAX_PUBLISH_RATE, rate);
            broker.declareQueue(new QueueSpec(QUEUE, true, false, false, settings));
            long begin = System.nanoTime();
            publishAll(broker, 2 * rate).forEach(CompletableFuture::join);
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin))
                    .as("a second, and one that is free")
                    .isBetween(900L, 10_000L);
            assertThat(broker.statistics(QUEUE).ready()).isEqualTo(2L * rate);
        }
    }

    @Test
    void saysForHowManyThereIsRoom() {
        QueueRoom room = room(blocking(QueueProperty.MAX_LENGTH, 10).with(QueueProperty.MAX_LENGTH_BYTES, 1_000));
        assertThat(room.free()).isEqualTo(10);
        room.sent(600, () -> 0);
        assertThat(room.free()).as("another of that size, hardly").isEqualTo(1);
        room.set(1, 600, false);
        room.arrived(1, 600);
        assertThat(room.isFull()).isFalse();
        room.sent(400, () -> 0);
        assertThat(room.isFull()).isTrue();
        assertThat(room.reason())
                .isEqualTo(
                        "queue jobs is full: it holds 1 of 10 messages, it holds 600 of 1000 bytes; publishing goes on"
                                + " as its consumers make room");
        room.close();
        assertThat(room.isFull()).isFalse();
    }

    @Test
    void aLimitOfNothingTakesOneMessageAtATime() {
        QueueRoom room = room(blocking(QueueProperty.MAX_LENGTH, 0));
        assertThat(room.isFull()).isFalse();
        room.set(1, 0, false);
        assertThat(room.isFull()).isTrue();
    }

    @Test
    void nobodyWaitsForAQueueThatDoesNotBlock() {
        assertThat(QueueRoom.of(QUEUE, QueueSettings.DEFAULT, 0)).isNull();
        QueueSettings rejecting = QueueSettings.DEFAULT.withMaxLength(1, Overflow.REJECT);
        assertThat(QueueRoom.of(QUEUE, rejecting, 0)).isNull();
    }

    private static QueueRoom room(QueueSettings settings) {
        return Objects.requireNonNull(QueueRoom.of(QUEUE, settings, 0));
    }

    private static QueueSettings blocking(QueueProperty limit, long value) {
        return QueueSettings.DEFAULT.with(limit, value).with(QueueProperty.OVERFLOW, Overflow.BLOCK.word());
    }

    private static List<CompletableFuture<Integer>> publishAll(EmbeddedBroker broker, int count) {
        var published = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < count; i++) {
            published.add(broker.publish(QUEUE, Message.of(String.valueOf(i))));
        }
        return published;
    }
}
