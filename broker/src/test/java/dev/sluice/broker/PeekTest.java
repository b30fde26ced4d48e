package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.PeekedRecord.State;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Looking at a queue without changing it. */
@Timeout(60)
class PeekTest {
    private static final String QUEUE = TimedBroker.QUEUE;

    @TempDir
    private Path folder;

    @Test
    void showsWhatIsStoredAndWhereItIs() throws InterruptedException {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.DELAYED_RETRY_TYPE, "fixed")
                .with(QueueProperty.DELAYED_RETRY_MIN, 1000);
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.publish("in flight");
            timed.publish("comes back");
            timed.publish("done");
            timed.subscribe(3);
            timed.next("in flight");
            timed.next("comes back").release();
            timed.next("done").ack();
            timed.subscribe(1).close();
            timed.publish("taken too");
            timed.next("taken too");
            timed.publish("taken as well");
            timed.next("taken as well");
            timed.publish("ready");
            timed.publish("delayed", RecordAttributes.NONE.withDelayMs(5_000).withTtlMs(60_000));
            timed.statistics();

            assertThat(peek(timed.broker, PeekRequest.first(10)).records())
                    .extracting(PeekTest::text, PeekedRecord::state, PeekedRecord::deliveryCount)
                    .containsExactly(
                            tuple("in flight", State.IN_FLIGHT, 0),
                            tuple("comes back", State.HELD_BACK, 1),
                            tuple("taken too", State.IN_FLIGHT, 0),
                            tuple("taken as well", State.IN_FLIGHT, 0),
                            tuple("ready", State.READY, 0),
                            tuple("delayed", State.HELD_BACK, 0));
            timed.pass(1000);
            timed.statistics();
            PeekedRecord back =
                    peek(timed.broker, PeekRequest.first(2)).records().get(1);
            assertThat(back.state()).as("when its time has come").isEqualTo(State.READY);
            assertThat(back.redelivered()).isTrue();
        }
    }

    private static org.assertj.core.groups.Tuple tuple(Object... values) {
        return org.assertj.core.api.Assertions.tuple(values);
    }

    @Test
    void copiesEverythingThatIsKnownOfARecord() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("dead");
            broker.declareQueue(new QueueSpec(
                    QUEUE,
                    true,
                    false,
                    false,
                    QueueSettings.DEFAULT
                            .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                            .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead")));
            var message = new Message(bytes("a long body"), Map.of("city", "Wien"), bytes("k"));
            broker.publish(QUEUE, message.withAttributes(RecordAttributes.NONE.withTtlMs(60_000)))
                    .join();
            PeekedRecord stored = only(broker, QUEUE);
            assertThat(stored.ttlMs()).isEqualTo(60_000);
            assertThat(stored.exchange()).isEmpty();
            assertThat(stored.routingKey()).isEqualTo(QUEUE);
            var dead = new Deliveries();
            try (var _ = broker.consume(QUEUE, 1, Delivery::reject);
                    var _ = broker.consume("dead", 1, dead::take)) {
                dead.next();
                PeekedRecord peeked = broker.tools()
                        .peek("dead", new PeekRequest(null, 1, RecordFilter.ALL, 6))
                        .join()
                        .records()
                        .getFirst();
                assertThat(peeked.state()).isEqualTo(State.IN_FLIGHT);
                assertThat(text(peeked)).isEqualTo("a long");
                assertThat(peeked.bodyBytes()).isEqualTo(11);
                assertThat(peeked.key()).isEqualTo(bytes("k"));
                assertThat(peeked.headers()).containsExactly(Map.entry("city", "Wien"));
                assertThat(peeked.routingKey()).isEqualTo("dead");
                assertThat(peeked.timestampMs()).isPositive();
                assertThat(peeked.ttlMs()).isEqualTo(QueueSettings.UNLIMITED);
                assertThat(peeked.deaths()).extracting(Death::queue).containsExactly(QUEUE);
            }
        }
    }

    @Test
    void changesNothing() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT.with(QueueProperty.MESSAGE_TTL, 1000))) {
            timed.publish("a");
            timed.pass(600);
            timed.publish("b");
            QueueStatistics before = timed.statistics();
            peek(timed.broker, PeekRequest.first(10));
            assertThat(timed.statistics()).isEqualTo(before);
            timed.pass(500);
            assertThat(timed.statistics().expired()).isEqualTo(1);
            timed.subscribe(1);
            Delivery delivery = timed.next("b");
            assertThat(delivery.isRedelivered()).isFalse();
            assertThat(delivery.deliveryCount()).isZero();
        }
    }

    @Test
    void goesOnWhereAPageEnded() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(QUEUE);
            publish(broker, 10);
            PeekPage first = peek(broker, PeekRequest.first(4));
            assertThat(texts(first)).containsExactly("0", "1", "2", "3");
            PeekPage second = peek(broker, PeekRequest.first(4).from(Objects.requireNonNull(first.next())));
            assertThat(texts(second)).containsExactly("4", "5", "6", "7");
            PeekPage last = peek(broker, PeekRequest.first(4).from(Objects.requireNonNull(second.next())));
            assertThat(texts(last)).containsExactly("8", "9");
            assertThat(last.next()).isNull();
        }
    }

    @Test
    void showsTheHighestPriorityFirst() {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT.with(QueueProperty.MAX_PRIORITY, 5))) {
            timed.publish("low");
            timed.publish("high", RecordAttributes.NONE.withPriority(5));
            timed.publish("middle", RecordAttributes.NONE.withPriority(2));
            PeekPage page = peek(timed.broker, PeekRequest.first(2));
            assertThat(page.records())
                    .extracting(record -> record.position().toString())
                    .containsExactly("5:0", "2:0");
            assertThat(texts(peek(timed.broker, PeekRequest.first(2).from(RecordPosition.parse("2:1")))))
                    .containsExactly("low");
        }
    }

    @Test
    void findsWhatAFilterAsksFor() {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            timed.broker
                    .publish(QUEUE, new Message(bytes("a"), Map.of("city", "Wien"), bytes("k1")))
                    .join();
            timed.pass(1000);
            timed.broker
                    .publish(QUEUE, new Message(bytes("b"), Map.of("city", "Graz", "urgent", ""), null))
                    .join();
            RecordFilter all = RecordFilter.ALL;
            assertThat(found(timed, all.withHeader("city", "Wien"))).containsExactly("a");
            assertThat(found(timed, all.withHeader("city", "Linz"))).isEmpty();
            assertThat(found(timed, all.withHeaderPresent("urgent"))).containsExactly("b");
            assertThat(found(timed, all.withHeaderPresent("urgent").withHeader("city", "Wien")))
                    .isEmpty();
            assertThat(found(timed, all.withHeaderPresent("sluice.route"))).isEmpty();
            assertThat(found(timed, all.withKey("k1"))).containsExactly("a");
            assertThat(found(timed, all.withRoutingKey(QUEUE))).containsExactly("a", "b");
            assertThat(found(timed, all.withRoutingKey("other"))).isEmpty();
            assertThat(found(timed, all.before(TimedBroker.START_MS + 1000))).containsExactly("a");
            assertThat(found(timed, all.from(TimedBroker.START_MS + 1000))).containsExactly("b");
            assertThat(found(timed, all.withDeathReason(DeathReason.EXPIRED))).isEmpty();
        }
    }

    @Test
    void findsDeadLettersByTheirDeaths() {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.MESSAGE_TTL, 1000)
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.broker.declareQueue("dead");
            timed.publish("late");
            timed.pass(1000);
            while (timed.statistics().deadLettered() == 0) {
                Thread.onSpinWait();
            }
            RecordFilter late = RecordFilter.ALL.withDeathReason(DeathReason.EXPIRED);
            assertThat(found(timed, "dead", late)).containsExactly("late");
            assertThat(found(timed, "dead", late.withDeathQueue(QUEUE))).containsExactly("late");
            assertThat(found(timed, "dead", late.withDeathQueue("other"))).isEmpty();
            assertThat(found(timed, "dead", RecordFilter.ALL.withDeathReason(DeathReason.REJECTED)))
                    .isEmpty();
        }
    }

    @Test
    void looksAtABoundedNumberOfRecordsForOnePage() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(new QueueSpec(QUEUE, false, false, false, QueueSettings.DEFAULT));
            publish(broker, Peek.MOST_PER_PAGE + 1);
            PeekRequest none = PeekRequest.first(1).matching(RecordFilter.ALL.withKey("none"));
            PeekPage page = peek(broker, none);
            assertThat(page.records()).isEmpty();
            assertThat(page.looked()).isEqualTo(Peek.MOST_PER_PAGE);
            PeekPage rest = peek(broker, none.from(Objects.requireNonNull(page.next())));
            assertThat(rest.looked()).isEqualTo(1);
            assertThat(rest.next()).isNull();
        }
    }

    @Test
    void copiesABoundedNumberOfBytesForOnePage() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(QUEUE);
            for (int i = 0; i < 6; i++) {
                broker.publish(QUEUE, new Message(new byte[1 << 20], Map.of(), null))
                        .join();
            }
            var request = new PeekRequest(null, 6, RecordFilter.ALL, PeekRequest.MOST_BODY_BYTES);
            PeekPage page = peek(broker, request);
            assertThat(page.records()).hasSize(Peek.MOST_BYTES >> 20);
            assertThat(page.next()).isEqualTo(new RecordPosition(0, 4));
        }
    }

    @Test
    void readsWhatHasLeftMemory() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(QUEUE);
            publish(broker, 3);
        }
        // A start knows the records in the journal by their place only.
        try (var broker = EmbeddedBroker.open(folder)) {
            assertThat(texts(peek(broker, PeekRequest.first(5)))).containsExactly("0", "1", "2");
        }
    }

    @Test
    void refusesTooManyAtTheSameTimeAndGoesOnWithTheOthers() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(new QueueSpec(QUEUE, false, false, false, QueueSettings.DEFAULT));
            publish(broker, 20_000);
            var pages = new ArrayList<CompletableFuture<PeekPage>>();
            PeekRequest none = PeekRequest.first(1).matching(RecordFilter.ALL.withKey("none"));
            for (int i = 0; i < 10 * QueueJobs.MOST_PEEKS; i++) {
                pages.add(broker.tools().peek(QUEUE, none));
            }
            int refused = 0;
            for (CompletableFuture<PeekPage> page : pages) {
                try {
                    assertThat(page.join().looked()).isEqualTo(20_000);
                } catch (java.util.concurrent.CompletionException busy) {
                    assertThat(busy).hasMessageContaining("BUSY");
                    refused++;
                }
            }
            assertThat(refused).isBetween(1, pages.size() - QueueJobs.MOST_PEEKS);
        }
    }

    @Test
    void endsWithItsQueue() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(new QueueSpec(QUEUE, false, false, false, QueueSettings.DEFAULT));
            publish(broker, 50_000);
            PeekRequest none = PeekRequest.first(1).matching(RecordFilter.ALL.withKey("none"));
            CompletableFuture<PeekPage> page = broker.tools().peek(QUEUE, none);
            broker.deleteQueue(QUEUE);
            assertThatThrownBy(page::join).hasMessageContaining("QUEUE_NOT_FOUND");
            assertThatThrownBy(() -> broker.tools().peek(QUEUE, none).join()).hasMessageContaining("QUEUE_NOT_FOUND");
        }
    }

    @Test
    void refusesAskingForTooMuch() {
        assertThatThrownBy(() -> PeekRequest.first(0)).hasMessageContaining("from 1 to 1000");
        assertThatThrownBy(() -> new PeekRequest(null, 1, RecordFilter.ALL, PeekRequest.MOST_BODY_BYTES + 1))
                .hasMessageContaining("from 0 to 1048576 bytes");
        assertThatThrownBy(() -> RecordPosition.parse("x:1")).hasMessageContaining("5:4711");
    }

    private static List<String> found(TimedBroker timed, RecordFilter filter) {
        return found(timed, QUEUE, filter);
    }

    private static List<String> found(TimedBroker timed, String queue, RecordFilter filter) {
        return texts(timed.broker
                .tools()
                .peek(queue, PeekRequest.first(10).matching(filter))
                .join());
    }

    private static PeekPage peek(EmbeddedBroker broker, PeekRequest request) {
        return broker.tools().peek(QUEUE, request).join();
    }

    private static PeekedRecord only(EmbeddedBroker broker, String queue) {
        List<PeekedRecord> records =
                broker.tools().peek(queue, PeekRequest.first(2)).join().records();
        assertThat(records).hasSize(1);
        return records.getFirst();
    }

    private static List<String> texts(PeekPage page) {
        return page.records().stream().map(PeekTest::text).toList();
    }

    private static String text(PeekedRecord record) {
        return new String(record.body(), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void publish(EmbeddedBroker broker, int count) {
        var stored = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < count; i++) {
            stored.add(broker.publish(QUEUE, Message.of(String.valueOf(i))));
        }
        stored.forEach(CompletableFuture::join);
    }
}
