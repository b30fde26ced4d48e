package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.broker.TransferProgress.State;
import dev.sluice.broker.TransferTarget.ToExchange;
import dev.sluice.broker.TransferTarget.ToQueue;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Moving, copying and dropping records of a queue. */
@Timeout(60)
class TransferTest {
    private static final String QUEUE = TimedBroker.QUEUE;
    private static final String OTHER = "other";

    @TempDir
    private Path folder;

    private @Nullable TimedBroker timed;

    @AfterEach
    void close() {
        if (timed != null) {
            timed.close();
        }
    }

    private TimedBroker open() {
        return open(QueueSettings.DEFAULT);
    }

    private TimedBroker open(QueueSettings settings) {
        TimedBroker opened = TimedBroker.open(folder, settings);
        timed = opened;
        return opened;
    }

    @Test
    void movesEverythingInOrderOverARestart() throws InterruptedException {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        publish(broker, 3_000);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)))
                .join();
        TransferProgress end = end(broker, QUEUE);
        assertThat(end.state()).isEqualTo(State.DONE);
        assertThat(end.done()).isEqualTo(3_000);
        assertThat(end.seen()).isEqualTo(3_000);
        assertThat(broker.statistics().moved()).isEqualTo(3_000);
        assertThat(broker.statistics().ready()).isZero();
        broker.close();
        TimedBroker again = open();
        assertThat(again.statistics().ready()).isZero();
        assertThat(texts(again, OTHER)).isEqualTo(numbers(0, 1_000));
        assertThat(again.broker.statistics(OTHER).ready()).isEqualTo(3_000);
    }

    @Test
    void movesWhatIsMeantAsFarAsItWasTold() throws InterruptedException {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        for (int i = 0; i < 10; i++) {
            var message = new Message(
                    String.valueOf(i).getBytes(StandardCharsets.UTF_8), Map.of("odd", String.valueOf(i % 2)), null);
            broker.broker.publish(QUEUE, message).join();
        }
        var request = TransferRequest.move(new ToQueue(OTHER))
                .matching(RecordFilter.ALL.withHeader("odd", "1"))
                .atMost(3);
        broker.broker.tools().start(QUEUE, request).join();
        assertThat(end(broker, QUEUE).done()).isEqualTo(3);
        assertThat(texts(broker, OTHER)).containsExactly("1", "3", "5");
        assertThat(texts(broker, QUEUE)).containsExactly("0", "2", "4", "6", "7", "8", "9");
        // What stayed is served in its order, as if nothing had happened.
        broker.subscribe(10);
        for (String text : List.of("0", "2", "4", "6", "7", "8", "9")) {
            assertThat(broker.next(text).isRedelivered()).isFalse();
        }
    }

    @Test
    void leavesWhatIsNotReady() throws InterruptedException {
        TimedBroker broker = open(QueueSettings.DEFAULT.with(QueueProperty.MAX_PRIORITY, 1));
        broker.broker.declareQueue(OTHER);
        broker.publish("in flight");
        broker.subscribe(1);
        Delivery inFlight = broker.next("in flight");
        broker.publish("ready");
        broker.publish("too late", RecordAttributes.NONE.withTtlMs(100));
        broker.publish("delayed", RecordAttributes.NONE.withDelayMs(5_000));
        broker.publish("urgent", RecordAttributes.NONE.withPriority(1));
        broker.pass(200);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)))
                .join();
        assertThat(end(broker, QUEUE).done()).isEqualTo(2);
        assertThat(texts(broker, OTHER)).containsExactly("urgent", "ready");
        inFlight.ack();
        broker.pass(5_000);
        broker.next("delayed");
        assertThat(broker.statistics().expired()).isEqualTo(1);
    }

    @Test
    void movesWhatCameBack() throws InterruptedException {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        publish(broker, 3);
        Subscription subscription = broker.subscribe(2);
        broker.next("0");
        broker.next("1").release();
        subscription.close();
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)))
                .join();
        assertThat(end(broker, QUEUE).done()).isEqualTo(3);
        assertThat(texts(broker, OTHER)).containsExactly("0", "1", "2");
        assertThat(peek(broker, OTHER)).allMatch(record -> record.deliveryCount() == 0);
        assertThat(broker.statistics().ready()).isZero();
    }

    @Test
    void copiesAndLeavesTheOriginals() {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        var message = new Message(
                "body".getBytes(StandardCharsets.UTF_8), Map.of("a", "b"), "key".getBytes(StandardCharsets.UTF_8));
        broker.broker
                .publish(QUEUE, message.withAttributes(RecordAttributes.NONE.withTtlMs(60_000)))
                .join();
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.copy(new ToQueue(OTHER)))
                .join();
        assertThat(end(broker, QUEUE).done()).isEqualTo(1);
        PeekedRecord copy = peek(broker, OTHER).getFirst();
        assertThat(copy)
                .usingRecursiveComparison()
                .isEqualTo(peek(broker, QUEUE).getFirst());
        assertThat(broker.statistics().moved()).isZero();
    }

    @Test
    void takesTheWayThroughAnExchange() {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        broker.broker.declareQueue("third");
        broker.broker.declareExchange("news", ExchangeType.DIRECT);
        broker.broker.bind("news", OTHER, "k");
        broker.broker.bind("news", "third", "k");
        publish(broker, 2);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToExchange("news", null)))
                .join();
        TransferProgress nowhere = end(broker, QUEUE);
        assertThat(nowhere.done()).isZero();
        assertThat(nowhere.left()).isEqualTo(2);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToExchange("news", "k")))
                .join();
        assertThat(end(broker, QUEUE).done()).isEqualTo(2);
        assertThat(texts(broker, OTHER)).containsExactly("0", "1");
        PeekedRecord record = peek(broker, "third").getFirst();
        assertThat(record.exchange()).isEqualTo("news");
        assertThat(record.routingKey()).isEqualTo("k");
    }

    @Test
    void aDryRunCountsAndShowsTheFirst() {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        publish(broker, 1_000);
        QueueStatistics before = broker.statistics();
        var request = TransferRequest.move(new ToQueue(OTHER)).asDryRun();
        broker.broker.tools().start(QUEUE, request).join();
        TransferProgress end = end(broker, QUEUE);
        assertThat(end.done()).isEqualTo(1_000);
        assertThat(end.first()).hasSize(TransferTally.MOST_SHOWN);
        assertThat(text(end.first().getFirst())).isEqualTo("0");
        assertThat(broker.statistics()).isEqualTo(before);
        assertThat(broker.broker.statistics(OTHER).published()).isZero();
    }

    @Test
    void goesNoFasterThanTold() {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        publish(broker, 100);
        var request = TransferRequest.move(new ToQueue(OTHER)).perSecond(10);
        broker.broker.tools().start(QUEUE, request).join();
        long least = 0;
        for (int second = 1; second <= 5; second++) {
            for (int i = 0; i < 100; i++) {
                broker.pass(10);
                // What may go goes before more time passes.
                await(broker, QUEUE, progress -> broker.broker.statistics(QUEUE).unsettled() == 0);
            }
            long done = progress(broker, QUEUE).done();
            assertThat(done).isBetween(least + 9, 10L * second + 2);
            least = done;
        }
        assertThat(progress(broker, QUEUE).state()).isEqualTo(State.RUNNING);
    }

    @Test
    void waitsForAQueueThatIsFullAndLeavesItsRecordsToConsumersMeanwhile() throws InterruptedException {
        TimedBroker broker = open();
        declare(broker, OTHER, QueueSettings.DEFAULT.withMaxLength(1, Overflow.REJECT));
        broker.broker.publish(OTHER, Message.of("in the way")).join();
        publish(broker, 5);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)))
                .join();
        TransferProgress waiting = await(broker, QUEUE, progress -> progress.state() == State.WAITING);
        assertThat(waiting.reason()).contains("QUEUE_FULL other: it holds its limit of 1");
        assertThat(waiting.refused()).isEqualTo(5);
        assertThat(waiting.done()).isZero();
        assertThat(broker.statistics().ready()).isEqualTo(5);
        broker.subscribe(1);
        broker.next("0").ack();
        broker.next("1");
        broker.broker.purgeQueue(OTHER);
        TransferProgress end = end(broker, QUEUE);
        assertThat(end.state()).isEqualTo(State.DONE);
        assertThat(end.done()).isEqualTo(3);
        assertThat(end.seen()).isEqualTo(5);
        assertThat(texts(broker, OTHER)).containsExactly("2", "3", "4");
    }

    @Test
    void doesNotDoubleWhatOneOfTwoQueuesHasAlready() {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        declare(broker, "full", QueueSettings.DEFAULT.withMaxLength(0, Overflow.REJECT));
        broker.broker.declareExchange("both", ExchangeType.FANOUT);
        broker.broker.bind("both", OTHER, "");
        broker.broker.bind("both", "full", "");
        publish(broker, 5);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToExchange("both", null)))
                .join();
        await(broker, QUEUE, progress -> progress.refused() >= 10);
        assertThat(texts(broker, OTHER)).containsExactlyElementsOf(numbers(0, 5));
        assertThat(broker.statistics().unsettled()).isEqualTo(5);
        broker.broker.deleteQueue("full");
        assertThat(end(broker, QUEUE).done()).isEqualTo(5);
        assertThat(texts(broker, OTHER)).containsExactlyElementsOf(numbers(0, 5));
        assertThat(broker.statistics().ready() + broker.statistics().unsettled())
                .isZero();
    }

    @Test
    void stopsAndLeavesTheRestWhereItIs() throws InterruptedException {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        publish(broker, 100);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)).perSecond(1))
                .join();
        assertThatThrownBy(() -> broker.broker
                        .tools()
                        .start(QUEUE, TransferRequest.purge())
                        .join())
                .hasMessageContaining("BUSY jobs: another transfer of its records goes on");
        broker.pass(1_000);
        broker.broker.tools().stop(QUEUE).join();
        TransferProgress end = end(broker, QUEUE);
        assertThat(end.state()).isEqualTo(State.STOPPED);
        assertThat(end.endedMs()).isGreaterThanOrEqualTo(TimedBroker.START_MS + 1_000);
        long moved = broker.broker.statistics(OTHER).ready();
        assertThat(moved).isBetween(1L, 2L);
        assertThat(broker.statistics().ready()).isEqualTo(100 - moved);
        broker.subscribe(1);
        assertThat(broker.next(String.valueOf(moved)).isRedelivered()).isFalse();
    }

    @Test
    void failsWhenItsTargetGoesAway() {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        publish(broker, 10);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)).perSecond(1))
                .join();
        broker.broker.deleteQueue(OTHER);
        TransferProgress end =
                await(broker, QUEUE, 1_000, progress -> progress.state().isOver());
        assertThat(end.state()).isEqualTo(State.FAILED);
        assertThat(end.reason()).isEqualTo("QUEUE_NOT_FOUND other");
        assertThat(broker.statistics().ready()).isEqualTo(10 - end.done());
        assertThat(broker.statistics().unsettled()).isZero();
    }

    @Test
    void endsWithItsQueue() {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        publish(broker, 10_000);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)))
                .join();
        broker.broker.deleteQueue(QUEUE);
        assertThatThrownBy(() -> broker.broker.tools().progress(QUEUE).join()).hasMessageContaining("QUEUE_NOT_FOUND");
        broker.broker.publish(OTHER, Message.of("goes on")).join();
    }

    @Test
    void hasABoundedNumberOnTheWay() {
        TimedBroker broker = open();
        declare(broker, OTHER, QueueSettings.DEFAULT.withMaxLength(0, Overflow.REJECT));
        publish(broker, 2 * Transfer.MOST_AT_ONCE);
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)))
                .join();
        TransferProgress waiting = await(broker, QUEUE, progress -> progress.state() == State.WAITING);
        assertThat(waiting.refused()).isEqualTo(Transfer.MOST_AT_ONCE);
        assertThat(broker.statistics().ready()).isEqualTo(2L * Transfer.MOST_AT_ONCE);
    }

    @Test
    void worksOnPausedQueuesAndWaitsForThoseOfWhichPublishingIsPaused() {
        TimedBroker broker = open();
        broker.broker.declareQueue(OTHER);
        publish(broker, 3);
        broker.broker.tools().pause(QUEUE, QueuePauses.BOTH).join();
        broker.broker.tools().pause(OTHER, QueuePauses.PUBLISHING).join();
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)))
                .join();
        assertThat(await(broker, QUEUE, progress -> progress.state() == State.WAITING)
                        .reason())
                .contains("QUEUE_PAUSED other");
        broker.broker.tools().resume(OTHER, QueuePauses.BOTH).join();
        assertThat(end(broker, QUEUE).done()).isEqualTo(3);
    }

    @Test
    void leavesRecordsBehindOneOfTheirKeyThatAConsumerHas() throws InterruptedException {
        TimedBroker broker = open(QueueSettings.DEFAULT.with(QueueProperty.ORDERING, "key"));
        broker.broker.declareQueue(OTHER);
        publish(broker, "a", "a1");
        broker.subscribe(1);
        Delivery first = broker.next("a1");
        publish(broker, "a", "a2");
        publish(broker, "b", "b1");
        publish(broker, "b", "b2");
        publish(broker, null, "none");
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)))
                .join();
        assertThat(end(broker, QUEUE).done()).isEqualTo(3);
        assertThat(texts(broker, OTHER)).containsExactly("b1", "b2", "none");
        first.ack();
        broker.next("a2").ack();
        publish(broker, "b", "b3");
        broker.next("b3");
    }

    @Test
    void keepsTheOrderOfAKeyWhenItsRecordsComeBack() throws InterruptedException {
        TimedBroker broker = open(QueueSettings.DEFAULT.with(QueueProperty.ORDERING, "key"));
        declare(broker, OTHER, QueueSettings.DEFAULT.withMaxLength(0, Overflow.REJECT));
        for (int i = 1; i <= 3; i++) {
            publish(broker, "a", "a" + i);
            publish(broker, "b", "b" + i);
        }
        broker.broker
                .tools()
                .start(QUEUE, TransferRequest.move(new ToQueue(OTHER)).atMost(3))
                .join();
        await(broker, QUEUE, progress -> progress.refused() >= 6);
        broker.subscribe(10);
        Delivery a = broker.next("a1");
        Delivery b = broker.next("b1");
        await(broker, QUEUE, progress -> progress.state() == State.WAITING);
        assertThat(broker.deliveries).isEmpty();
        b.ack();
        broker.next("b2").ack();
        broker.next("b3").ack();
        a.ack();
        broker.next("a2").ack();
        broker.next("a3").ack();
        assertThat(end(broker, QUEUE).done()).isZero();
    }

    private static void publish(TimedBroker broker, @Nullable String key, String text) {
        byte[] bytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
        broker.broker
                .publish(QUEUE, new Message(text.getBytes(StandardCharsets.UTF_8), Map.of(), bytes))
                .join();
    }

    @Test
    void dropsWhatIsOlder() {
        TimedBroker broker = open();
        publish(broker, 3);
        broker.pass(60_000);
        broker.publish("young");
        var request = TransferRequest.purge().matching(RecordFilter.ALL.before(TimedBroker.START_MS + 60_000));
        broker.broker.tools().start(QUEUE, request.asDryRun()).join();
        assertThat(end(broker, QUEUE).done()).isEqualTo(3);
        assertThat(broker.statistics().ready()).isEqualTo(4);
        broker.broker.tools().start(QUEUE, request).join();
        assertThat(end(broker, QUEUE).done()).isEqualTo(3);
        assertThat(broker.statistics().purged()).isEqualTo(3);
        assertThat(texts(broker, QUEUE)).containsExactly("young");
    }

    @Test
    void waitsWhileTheDiskIsShort() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(QUEUE);
            broker.declareQueue(OTHER);
            broker.publish(QUEUE, Message.of("stays")).join();
        }
        var noDiskHasSoMuchFree = BrokerLimits.defaults().withDiskFreeLimit(new DiskAmount.Percent(100));
        try (var broker = EmbeddedBroker.open(folder, noDiskHasSoMuchFree)) {
            while (broker.status().alerts().isEmpty()) {
                Thread.onSpinWait();
            }
            TransferRequest move = TransferRequest.move(new ToQueue(OTHER));
            TransferProgress waiting = broker.tools().start(QUEUE, move).join();
            assertThat(waiting.state()).isEqualTo(State.WAITING);
            assertThat(waiting.reason()).contains("publishing stops below");
            assertThat(broker.statistics(QUEUE).ready()).isEqualTo(1);
            assertThat(broker.tools().stop(QUEUE).join().orElseThrow().state()).isEqualTo(State.STOPPED);
            TransferProgress dry = broker.tools().start(QUEUE, move.asDryRun()).join();
            assertThat(dry.state()).isIn(State.RUNNING, State.DONE);
            assertThat(broker.statistics(OTHER).published()).isZero();
        }
    }

    @Test
    void refusesWhatMakesNoSense() {
        TimedBroker broker = open();
        QueueTools tools = broker.broker.tools();
        assertThatThrownBy(() -> tools.start(QUEUE, TransferRequest.move(new ToQueue(QUEUE)))
                        .join())
                .hasMessageContaining("records cannot go to the queue that they are in");
        assertThatThrownBy(() -> tools.start(QUEUE, TransferRequest.move(new ToQueue("none")))
                        .join())
                .hasMessageContaining("QUEUE_NOT_FOUND none");
        assertThatThrownBy(() -> tools.start(QUEUE, TransferRequest.copy(new ToExchange("none", null)))
                        .join())
                .hasMessageContaining("EXCHANGE_NOT_FOUND none");
        assertThatThrownBy(() -> TransferRequest.purge().perSecond(-1)).hasMessageContaining("a rate of -1.0");
        assertThatThrownBy(() -> TransferRequest.purge().atMost(-1)).hasMessageContaining("at most -1");
        assertThat(tools.progress(QUEUE).join()).isEmpty();
    }

    private static void declare(TimedBroker broker, String queue, QueueSettings settings) {
        broker.broker.declareQueue(new QueueSpec(queue, true, false, false, settings));
    }

    private static void publish(TimedBroker broker, int count) {
        var stored = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < count; i++) {
            stored.add(broker.broker.publish(QUEUE, Message.of(String.valueOf(i))));
        }
        stored.forEach(CompletableFuture::join);
    }

    private static List<String> numbers(int from, int to) {
        return java.util.stream.IntStream.range(from, to)
                .mapToObj(String::valueOf)
                .toList();
    }

    private static List<PeekedRecord> peek(TimedBroker broker, String queue) {
        return broker.broker
                .tools()
                .peek(queue, PeekRequest.first(PeekRequest.MOST_RECORDS))
                .join()
                .records();
    }

    private static List<String> texts(TimedBroker broker, String queue) {
        return peek(broker, queue).stream().map(TransferTest::text).toList();
    }

    private static String text(PeekedRecord record) {
        return new String(record.body(), StandardCharsets.UTF_8);
    }

    private static TransferProgress progress(TimedBroker broker, String queue) {
        return broker.broker.tools().progress(queue).join().orElseThrow();
    }

    private static TransferProgress end(TimedBroker broker, String queue) {
        return await(broker, queue, progress -> progress.state().isOver());
    }

    /** Lets no time pass, but for what waits to be tried again. */
    private static TransferProgress await(TimedBroker broker, String queue, Predicate<TransferProgress> condition) {
        return await(broker, queue, 0, condition);
    }

    private static TransferProgress await(
            TimedBroker broker, String queue, long passMs, Predicate<TransferProgress> condition) {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        TransferProgress progress = progress(broker, queue);
        while (!condition.test(progress)) {
            assertThat(System.nanoTime()).as("%s within 20 s", progress).isLessThan(endNs);
            broker.pass(progress.state() == State.WAITING ? Transfer.RETRY_MS : passMs);
            progress = progress(broker, queue);
        }
        return progress;
    }
}
