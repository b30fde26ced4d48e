package dev.sluice.broker;

import static dev.sluice.broker.Await.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What gives way where a queue holds too many bytes, or a record for too long. */
@Timeout(60)
class QueueLimitsTest {
    private static final String QUEUE = TimedBroker.QUEUE;
    private static final int MAX_AGE_MS = 1_000;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(names = {"DROP_OLDEST", "DROP_LOWEST_PRIORITY"})
    void theOldestGiveWayUntilTheBytesFit(Overflow overflow) throws InterruptedException {
        try (var timed = TimedBroker.open(folder, maxBytes(10, overflow))) {
            for (String text : new String[] {"aaaa", "bbbb", "cc", "ddd"}) {
                timed.publish(text);
            }
            QueueStatistics statistics = timed.statistics();
            assertThat(statistics.readyBytes()).isEqualTo(9);
            assertThat(statistics.droppedAtLimit()).isEqualTo(1);
            timed.subscribe(10);
            timed.next("bbbb");
            timed.next("cc");
            timed.next("ddd");
            assertThat(timed.statistics().readyBytes()).isZero();
        }
    }

    @Test
    void whatIsLargerThanTheLimitGivesWayItself() {
        try (var timed = TimedBroker.open(folder, maxBytes(10, Overflow.DROP_OLDEST))) {
            timed.publish("a");
            timed.publish("more than ten");
            assertThat(timed.statistics().ready()).isZero();
            assertThat(timed.statistics().droppedAtLimit()).isEqualTo(2);
        }
    }

    @Test
    void aPublisherHearsOfARecordOnlyOnceTheBytesFitAgain() {
        try (var sharded = ShardedBroker.open(folder, 1)) {
            var spec = new QueueSpec(QUEUE, true, false, false, maxBytes(10, Overflow.DROP_OLDEST));
            sharded.<QueueStatus>ask(0, (on, reply) -> on.declareQueue(spec, ShardedBroker.NO_CONNECTION, reply));
            QueueStatus status = sharded.<QueueStatus>ask(0, (on, reply) -> {
                var second = new Publication(() -> on.checkQueue(QUEUE, ShardedBroker.NO_CONNECTION, reply));
                ShardedBroker.publish(on, QUEUE, "first", ConfirmWhen.TAKEN, new Publication(() -> {}));
                ShardedBroker.publish(on, QUEUE, "second", ConfirmWhen.TAKEN, second);
            });
            assertThat(status.readyCount()).isEqualTo(1);
        }
    }

    @Test
    void whatDoesNotFitIsRefusedAndWhatIsSmallerTaken() {
        try (var timed = TimedBroker.open(folder, maxBytes(10, Overflow.REJECT))) {
            timed.publish("aaaa");
            timed.publish("bbbb");
            assertThatThrownBy(() -> timed.publish("cccc"))
                    .hasMessageContaining(
                            "QUEUE_FULL jobs: it holds 8 of its limit of 10 bytes, and the next message has 4");
            timed.publish("dd");
            assertThat(timed.statistics().readyBytes()).isEqualTo(10);
            assertThat(timed.statistics().refusedAtLimit()).isEqualTo(1);
        }
    }

    @Test
    void whatIsRefusedForItsSizeIsDeadLettered() throws InterruptedException {
        QueueSettings settings = maxBytes(4, Overflow.REJECT_DEAD_LETTER).with(QueueProperty.DEAD_LETTER_EXCHANGE, "");
        try (var timed = TimedBroker.open(folder, settings.with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead"))) {
            timed.broker.declareQueue("dead");
            timed.publish("aaaa");
            assertThatThrownBy(() -> timed.publish("b")).hasMessageContaining("QUEUE_FULL");
            try (var _ = timed.broker.consume("dead", 1, timed.deliveries::add)) {
                assertThat(timed.next("b").deaths().getFirst().reason()).isEqualTo(DeathReason.LENGTH_LIMIT);
            }
        }
    }

    @Test
    void whatIsDeliveredDoesNotCountUntilItComesBack() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, maxBytes(4, Overflow.DROP_OLDEST))) {
            timed.publish("aaa");
            timed.subscribe(1);
            Delivery first = timed.next("aaa");
            assertThat(timed.statistics().readyBytes()).isZero();
            timed.publish("bbb");
            assertThat(timed.statistics().readyBytes()).isEqualTo(3);
            first.ack();
            Delivery second = timed.next("bbb");
            timed.publish("cc");
            timed.publish("dd");
            assertThat(timed.statistics().readyBytes()).isEqualTo(4);
            timed.subscribe(1);
            timed.next("cc");
            second.release(); // to the head, from where it goes out again
            timed.next("bbb");
            QueueStatistics statistics = timed.statistics();
            assertThat(statistics.readyBytes()).isEqualTo(2);
            assertThat(statistics.droppedAtLimit()).isZero();
        }
    }

    @Test
    void aRecordThatIsHeldBackCountsWhenItIsReady() {
        try (var timed = TimedBroker.open(folder, maxBytes(100, Overflow.DROP_OLDEST))) {
            timed.publish("late", RecordAttributes.NONE.withDelayMs(500));
            timed.publish("soon");
            assertThat(timed.statistics().readyBytes()).isEqualTo(4);
            timed.pass(500);
            assertThat(timed.statistics().readyBytes()).isEqualTo(8);
            timed.broker.purgeQueue(QUEUE);
            assertThat(timed.statistics().readyBytes()).isZero();
        }
    }

    @Test
    void aLargeRecordTakesThePlaceOfManySmallOnes() {
        int many = LimitKeeping.MOST_DROPPED_AT_ONCE + 10;
        try (var timed = TimedBroker.open(folder, maxBytes(many, Overflow.DROP_OLDEST))) {
            CompletableFuture<?>[] all = Stream.generate(() -> timed.broker.publish(QUEUE, Message.of("x")))
                    .limit(many)
                    .toArray(CompletableFuture[]::new);
            CompletableFuture.allOf(all).join();
            assertThat(timed.statistics().droppedAtLimit()).isZero();
            timed.publish("x".repeat(many));
            await(() -> timed.statistics().droppedAtLimit() == many);
            assertThat(timed.statistics().ready()).isEqualTo(1);
            assertThat(timed.statistics().readyBytes()).isEqualTo(many);
        }
    }

    @Test
    void queuesWithoutTheLimitCountNoBytes() {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT.withMaxLength(3, Overflow.REJECT))) {
            timed.publish("a");
            assertThat(timed.statistics().readyBytes()).isEqualTo(QueueStatistics.NOT_COUNTED);
        }
    }

    /** What is in the queue is compared with a model, over deliveries, settlements, drops, purges and restarts. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void theBytesAreExactWhateverHappens(long seed) throws InterruptedException {
        var random = new Random(seed);
        int limit = 2_000;
        QueueSettings settings =
                maxBytes(limit, Overflow.DROP_OLDEST).with(QueueProperty.DELIVERY_LIMIT, QueueSettings.UNLIMITED);
        var ready = new ArrayDeque<Integer>();
        TimedBroker timed = TimedBroker.open(folder, settings);
        try {
            for (int round = 0; round < 40; round++) {
                publish(timed, random, ready, limit);
                ready = consumeSome(timed, random, ready, limit);
                if (random.nextInt(10) == 0) {
                    timed.broker.purgeQueue(QUEUE);
                    ready.clear();
                }
                if (random.nextInt(5) == 0) {
                    timed.close();
                    timed = TimedBroker.open(folder, settings);
                }
                assertThat(timed.statistics().readyBytes())
                        .as("seed %d, round %d", seed, round)
                        .isEqualTo(sum(ready));
                assertThat(timed.statistics().ready()).isEqualTo(ready.size());
            }
        } finally {
            timed.close();
        }
    }

    private static void publish(TimedBroker timed, Random random, ArrayDeque<Integer> ready, int limit) {
        for (int i = random.nextInt(20); i > 0; i--) {
            int size = random.nextInt(500);
            timed.publish("x".repeat(size));
            ready.addLast(size);
            keep(limit, ready);
        }
    }

    private static void keep(int limit, ArrayDeque<Integer> ready) {
        while (sum(ready) > limit) {
            ready.removeFirst();
        }
    }

    private static int sum(ArrayDeque<Integer> sizes) {
        return sizes.stream().mapToInt(size -> size).sum();
    }

    /** Some are delivered and some of them acknowledged, while more is published; the others come back to their places. */
    private static ArrayDeque<Integer> consumeSome(
            TimedBroker timed, Random random, ArrayDeque<Integer> ready, int limit) throws InterruptedException {
        int prefetch = random.nextInt(1, 11);
        var kept = new ArrayList<Integer>();
        try (Subscription _ = timed.broker.consume(QUEUE, prefetch, timed.deliveries::add)) {
            var held = new ArrayList<Delivery>();
            for (int i = Math.min(prefetch, ready.size()); i > 0; i--) {
                held.add(timed.next());
                ready.removeFirst();
            }
            if (held.size() == prefetch) {
                publish(timed, random, ready, limit);
            }
            assertThat(timed.statistics().readyBytes()).isEqualTo(sum(ready));
            // Decided first, and acknowledged last, since that brings the next deliveries.
            held.removeIf(delivery ->
                    random.nextBoolean() && kept.add(delivery.message().body().length));
            held.forEach(Delivery::ack);
        }
        timed.statistics();
        timed.deliveries.clear();
        for (Integer size : kept.reversed()) {
            ready.addFirst(size);
        }
        keep(limit, ready);
        return ready;
    }

    @Test
    void theOldestGivesWayWhenItIsTooOld() throws InterruptedException {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.MAX_AGE, MAX_AGE_MS)
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.broker.declareQueue("dead");
            timed.publish("old");
            timed.pass(MAX_AGE_MS / 2);
            timed.publish("young");
            timed.pass(MAX_AGE_MS / 2);
            try (var _ = timed.broker.consume("dead", 1, timed.deliveries::add)) {
                assertThat(timed.next("old").deaths().getFirst().reason()).isEqualTo(DeathReason.LENGTH_LIMIT);
            }
            QueueStatistics statistics = timed.statistics();
            assertThat(statistics.ready()).isEqualTo(1);
            assertThat(statistics.droppedAtLimit()).isEqualTo(1);
            assertThat(statistics.expired()).isZero();
        }
    }

    @Test
    void publishersAreRefusedWhileTheOldestIsTooOld() throws InterruptedException {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.MAX_AGE, MAX_AGE_MS)
                .with(QueueProperty.OVERFLOW, Overflow.REJECT.word());
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.publish("first");
            timed.pass(MAX_AGE_MS - 1);
            timed.publish("second");
            timed.pass(1);
            assertThatThrownBy(() -> timed.publish("third"))
                    .hasMessageContaining("its oldest message waits for 1000 ms, its limit is 1000");
            assertThat(timed.statistics().ready()).as("nothing is dropped").isEqualTo(2);
            timed.subscribe(1);
            timed.next("first");
            timed.publish("fourth");
            timed.pass(MAX_AGE_MS - 1);
            assertThatThrownBy(() -> timed.publish("fifth")).hasMessageContaining("QUEUE_FULL");
            assertThat(timed.statistics().refusedAtLimit()).isEqualTo(2);
        }
    }

    @Test
    void theAgeIsKnownAgainAfterARestart() {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.MAX_AGE, MAX_AGE_MS)
                .with(QueueProperty.OVERFLOW, Overflow.REJECT.word());
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.publish("old");
        }
        try (var timed = TimedBroker.open(folder, settings, TimedBroker.START_MS + MAX_AGE_MS)) {
            await(() -> isRefused(timed));
        }
    }

    private static boolean isRefused(TimedBroker timed) {
        return timed.broker
                .publish("", QUEUE, new Message(new byte[1], Map.of(), null))
                .handle((queues, failure) -> failure != null)
                .join();
    }

    private static QueueSettings maxBytes(long bytes, Overflow overflow) {
        return QueueSettings.DEFAULT
                .with(QueueProperty.MAX_LENGTH_BYTES, bytes)
                .with(QueueProperty.OVERFLOW, overflow.word());
    }
}
