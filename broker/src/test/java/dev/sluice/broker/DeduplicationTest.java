package dev.sluice.broker;

import static dev.sluice.broker.Await.await;
import static dev.sluice.broker.TestSettings.toQueue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is published again is stored once, by queues that remember ids. */
@Timeout(60)
class DeduplicationTest {
    private static final int WINDOW = 1_000;

    @TempDir
    private Path folder;

    private EmbeddedBroker broker;
    private final Deliveries deliveries = new Deliveries();

    @BeforeEach
    void open() {
        broker = EmbeddedBroker.open(folder);
        declare("once", remembering(WINDOW));
    }

    @AfterEach
    void close() {
        broker.close();
    }

    private void reopen() {
        broker.close();
        broker = EmbeddedBroker.open(folder);
    }

    @Test
    void confirmsWhatIsThereAndStoresItOnce() throws InterruptedException {
        publish("once", "a", "1");
        publish("once", "b", "2");
        publish("once", "a again", "1");
        publish("once", "no id", null);
        publish("once", "no id", null);
        assertThat(texts("once", 4)).containsExactly("a", "b", "no id", "no id");
        QueueStatistics statistics = broker.statistics("once");
        assertThat(statistics.published()).isEqualTo(4);
        assertThat(statistics.duplicates()).isEqualTo(1);
    }

    @Test
    void storesOnceWhatComesTwiceAtOnce() throws InterruptedException {
        var stored = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < 300; i++) {
            stored.add(broker.publish("once", message("m" + i % 100, "id " + i % 100)));
        }
        stored.forEach(CompletableFuture::join);
        assertThat(texts("once", 100)).doesNotHaveDuplicates();
        assertThat(broker.statistics("once").ready()).isZero();
        assertThat(broker.statistics("once").duplicates()).isEqualTo(200);
    }

    @Test
    void remembersWhatIsSettledAlsoAcrossRestarts() throws InterruptedException {
        for (int i = 0; i < 50; i++) {
            publish("once", "m" + i, "id " + i);
        }
        assertThat(texts("once", 25)).hasSize(25);
        for (int restart = 0; restart < 3; restart++) {
            reopen();
            for (int i = 0; i < 50; i++) {
                publish("once", "m" + i, "id " + i);
            }
            assertThat(broker.statistics("once").duplicates()).isEqualTo(50);
            assertThat(ready("once")).isEqualTo(25);
        }
        publish("once", "new", "another");
        assertThat(ready("once")).isEqualTo(26);
    }

    @Test
    void remembersSoManyAndNoMore() {
        declare("few", remembering(2));
        publish("few", "a", "1");
        publish("few", "b", "2");
        publish("few", "a", "1");
        assertThat(ready("few")).isEqualTo(2);
        publish("few", "c", "3");
        publish("few", "b", "2");
        publish("few", "a", "1");
        assertThat(ready("few")).isEqualTo(4);
    }

    @Test
    void remembersForSoLongAndNoLonger() {
        broker.close();
        QueueSettings settings = remembering(WINDOW).with(QueueProperty.DEDUPLICATION_WINDOW_MS, 1_000);
        long nowMs = TimedBroker.START_MS;
        try (TimedBroker timed = TimedBroker.open(folder, settings, nowMs)) {
            timed.broker.publish(TimedBroker.QUEUE, message("a", "1")).join();
            timed.pass(999);
            timed.broker.publish(TimedBroker.QUEUE, message("a", "1")).join();
            assertThat(timed.statistics().ready()).isEqualTo(1);
        }
        try (TimedBroker timed = TimedBroker.open(folder, settings, nowMs + 999)) {
            timed.broker.publish(TimedBroker.QUEUE, message("a", "1")).join();
            assertThat(timed.statistics().ready()).isEqualTo(1);
            timed.pass(1);
            timed.broker.publish(TimedBroker.QUEUE, message("a", "1")).join();
            assertThat(timed.statistics().ready()).isEqualTo(2);
        }
        broker = EmbeddedBroker.open(folder);
    }

    @Test
    void tellsRepetitionsInOtherPriorities() {
        declare("urgent", remembering(WINDOW).with(QueueProperty.MAX_PRIORITY, 5));
        var stored = new ArrayList<CompletableFuture<Integer>>();
        for (int priority = 5; priority >= 0; priority--) {
            stored.add(broker.publish(
                    "urgent", message("a", "1").withAttributes(RecordAttributes.NONE.withPriority(priority))));
        }
        stored.forEach(CompletableFuture::join);
        assertThat(ready("urgent")).isEqualTo(1);
        reopen();
        broker.publish("urgent", message("a", "1").withAttributes(RecordAttributes.NONE.withPriority(3)))
                .join();
        assertThat(ready("urgent")).isEqualTo(1);
    }

    @Test
    void aTopicTellsRepetitionsInAllPartitions() {
        broker.declareQueue(new QueueSpec(
                "events",
                true,
                false,
                false,
                remembering(WINDOW).with(QueueProperty.QUEUE_TYPE, "topic").with(QueueProperty.PARTITIONS, 4)));
        for (int i = 0; i < 8; i++) {
            publish("events", "a", "1");
        }
        assertThat(ready("events")).isEqualTo(1);
        reopen();
        publish("events", "a", "1");
        assertThat(ready("events")).isEqualTo(1);
    }

    @Test
    void aQueueThatIsGoneWithTheProcessRemembersInMemory() {
        broker.declareQueue(new QueueSpec("passing", false, false, false, remembering(WINDOW)));
        publish("passing", "a", "1");
        publish("passing", "a", "1");
        assertThat(ready("passing")).isEqualTo(1);
    }

    @Test
    void aTransactionStoresOnceToo() throws InterruptedException {
        broker.declareQueue("in");
        publish("in", "x", null);
        publish("once", "a", "1");
        try (var _ = broker.consume("in", 1, deliveries::take);
                Transaction tx = broker.beginTransaction()) {
            tx.ack(deliveries.next());
            tx.publish("once", message("a", "1"));
            tx.commit();
        }
        assertThat(ready("once")).isEqualTo(1);
        assertThat(ready("in")).isZero();
        try (Transaction tx = broker.beginTransaction()) {
            tx.publish("once", message("b", "2"));
            tx.publish("once", message("a", "1"));
            tx.publish("once", message("b", "2"));
            tx.commit();
        }
        publish("once", "b", "2");
        assertThat(ready("once")).isEqualTo(2);
        reopen();
        publish("once", "b", "2");
        assertThat(ready("once")).isEqualTo(2);
    }

    @Test
    void aDeadLetterIsStoredOnceToo() {
        declare("work", toQueue("once"));
        publish("work", "a", "1");
        publish("work", "a", "1");
        publish("work", "b", "2");
        assertThat(ready("work")).isEqualTo(3);
        try (var _ = broker.consume("work", 10, Delivery::reject)) {
            await(() -> broker.statistics("work").deadLettered() == 3);
        }
        assertThat(ready("once")).isEqualTo(2);
        assertThat(broker.statistics("once").duplicates()).isEqualTo(1);
        reopen();
        assertThat(ready("work")).isZero();
        assertThat(ready("once")).isEqualTo(2);
    }

    @Test
    void aDeadLetterThatComesBackIsNoRepetition() throws InterruptedException {
        declare("work", toQueue("pause").with(QueueProperty.DEDUPLICATION_WINDOW, WINDOW));
        declare("pause", toQueue("work").with(QueueProperty.MESSAGE_TTL, 1));
        publish("work", "a", "1");
        try (var _ = broker.consume("work", 1, deliveries::take)) {
            for (int round = 0; round < 3; round++) {
                deliveries.next().reject();
            }
            publish("work", "a", "1");
            deliveries.next().ack();
            await(() -> broker.statistics("work").acknowledged() == 1);
            assertThat(deliveries.waiting()).isZero();
        }
    }

    @Test
    void aQueueWithoutAWindowStoresAll() {
        broker.declareQueue("all");
        publish("all", "a", "1");
        publish("all", "a", "1");
        assertThat(ready("all")).isEqualTo(2);
    }

    @Test
    void refusesSettingsThatMeanNothing() {
        assertThatThrownBy(() -> declare("x", QueueSettings.DEFAULT.with(QueueProperty.DEDUPLICATION_WINDOW_MS, 1)))
                .hasMessageContaining("needs deduplication-window");
        assertThatThrownBy(() -> declare("x", remembering(1).with(QueueProperty.DURABILITY, "none")))
                .hasMessageContaining("needs durability sync");
        assertThatThrownBy(() -> declare(
                        "x",
                        remembering(1)
                                .with(QueueProperty.QUEUE_TYPE, "topic")
                                .with(QueueProperty.KEEP, TopicKeeping.Keep.LAST_PER_KEY.word())))
                .hasMessageContaining("exclude each other");
        assertThatThrownBy(() -> remembering(10_000_001)).hasMessageContaining("from 1 to 10000000");
    }

    /** The log of ids begins anew again and again, and nothing is forgotten. */
    @Test
    void remembersOverManyTurns() {
        int rounds = 40;
        int perRound = 2_000;
        declare("many", remembering(perRound));
        for (int round = 0; round < rounds; round++) {
            publishAll(round * perRound, perRound);
            assertThat(broker.purgeQueue("many")).isEqualTo(perRound);
        }
        reopen();
        publishAll((rounds - 1) * perRound, perRound);
        assertThat(ready("many")).isZero();
        publishAll(0, 1);
        assertThat(ready("many")).isEqualTo(1);
    }

    private void publishAll(int from, int count) {
        var stored = new ArrayList<CompletableFuture<Integer>>();
        for (int i = from; i < from + count; i++) {
            stored.add(broker.publish("many", message("m", "id " + i)));
        }
        stored.forEach(CompletableFuture::join);
    }

    private static QueueSettings remembering(int window) {
        return QueueSettings.DEFAULT.with(QueueProperty.DEDUPLICATION_WINDOW, window);
    }

    private void declare(String queue, QueueSettings settings) {
        broker.declareQueue(new QueueSpec(queue, true, false, false, settings));
    }

    private static Message message(String text, String id) {
        return Message.of(text).withDeduplicationId(id);
    }

    private void publish(String queue, String text, @Nullable String id) {
        broker.publish(queue, id == null ? Message.of(text) : message(text, id)).join();
    }

    private long ready(String queue) {
        return broker.statistics(queue).ready();
    }

    private List<String> texts(String queue, int count) throws InterruptedException {
        var some = new Deliveries();
        var left = new AtomicInteger(count);
        try (var _ = broker.consume(queue, count, delivery -> {
            if (left.decrementAndGet() >= 0) {
                some.takeAndAck(delivery);
            }
        })) {
            return some.texts(count);
        }
    }
}
