package dev.sluice.broker;

import static dev.sluice.broker.Await.await;
import static dev.sluice.broker.TestSettings.toQueue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is published and settled together or not at all. */
@Timeout(60)
class TransactionTest {
    @TempDir
    private Path folder;

    private EmbeddedBroker broker;
    private final Deliveries deliveries = new Deliveries();

    @BeforeEach
    void open() {
        broker = EmbeddedBroker.open(folder);
        broker.declareQueue("in");
        broker.declareQueue("out");
        broker.declareQueue("too");
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
    void publishesAndSettlesOnlyWhenCommitted() throws InterruptedException {
        publish("in", "a");
        try (var _ = broker.consume("in", 10, deliveries::take);
                Transaction tx = broker.beginTransaction()) {
            tx.publish("out", Message.of("b"));
            tx.publish("too", Message.of("c"));
            tx.ack(deliveries.next());
            assertThat(ready("out")).isZero();
            assertThat(broker.statistics("in").unsettled()).isEqualTo(1);
            tx.commit();
            assertThat(ready("out")).isEqualTo(1);
            assertThat(ready("too")).isEqualTo(1);
            assertThat(broker.statistics("in").unsettled()).isZero();
            assertThat(broker.statistics("in").acknowledged()).isEqualTo(1);
        }
        reopen();
        assertThat(ready("in")).isZero();
        assertThat(texts("out", 1)).containsExactly("b");
        assertThat(texts("too", 1)).containsExactly("c");
    }

    @Test
    void keepsTheOrderOfWhatItPublishes() throws InterruptedException {
        publish("out", "before");
        try (Transaction tx = broker.beginTransaction()) {
            for (int i = 0; i < 3; i++) {
                tx.publish("out", Message.of("a" + i));
            }
            tx.commit();
        }
        publish("out", "after");
        assertThat(texts("out", 5)).containsExactly("before", "a0", "a1", "a2", "after");
    }

    @Test
    void forgetsEverythingWhenItIsNotCommitted() throws InterruptedException {
        publish("in", "a");
        try (var _ = broker.consume("in", 10, deliveries::take)) {
            Delivery delivery = deliveries.next();
            try (Transaction tx = broker.beginTransaction()) {
                tx.publish("out", Message.of("b"));
                tx.ack(delivery);
                assertThatThrownBy(() -> tx.ack(delivery))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("settled already");
                tx.rollback();
                assertThatThrownBy(tx::commit)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("over");
            }
            assertThat(ready("out")).isZero();
            assertThat(broker.statistics("in").unsettled()).isEqualTo(1);
            delivery.ack();
            await(() -> broker.statistics("in").unsettled() == 0);
        }
    }

    @Test
    void aQueueThatIsFullRefusesTheWhole() throws InterruptedException {
        declare("full", QueueSettings.DEFAULT.withMaxLength(1, Overflow.REJECT));
        publish("full", "there");
        publish("in", "a");
        try (var _ = broker.consume("in", 10, deliveries::take)) {
            Delivery delivery = deliveries.next();
            Transaction tx = broker.beginTransaction();
            tx.publish("out", Message.of("b"));
            tx.ack(delivery);
            tx.publish("full", Message.of("c"));
            assertThatThrownBy(tx::commit).isInstanceOf(BrokerException.class).hasMessageContaining("QUEUE_FULL");
            assertThat(ready("out")).isZero();
            assertThat(ready("full")).isEqualTo(1);
            assertThat(broker.statistics("in").unsettled()).isEqualTo(1);
            delivery.ack();
            await(() -> broker.statistics("in").acknowledged() == 1);
        }
    }

    @Test
    void whatLeadsToNoQueueRefusesTheWhole() {
        broker.declareExchange("logs", ExchangeType.FANOUT);
        for (String exchange : List.of("logs", "nowhere")) {
            Transaction tx = broker.beginTransaction();
            tx.publish("out", Message.of("b"));
            tx.publish(exchange, "", Message.of("c"));
            assertThatThrownBy(tx::commit).isInstanceOf(BrokerException.class).hasMessageContaining(exchange);
        }
        assertThat(ready("out")).isZero();
    }

    @Test
    void aQueueThatWasDeletedMeanwhileRefusesTheWhole() {
        Transaction tx = broker.beginTransaction();
        tx.publish("out", Message.of("b"));
        tx.publish("too", Message.of("c"));
        assertThat(ready("out")).isZero(); // after what was published is gathered
        broker.deleteQueue("too");
        assertThatThrownBy(tx::commit).hasMessageContaining("QUEUE_NOT_FOUND");
        assertThat(ready("out")).isZero();
    }

    @Test
    void deliveriesOfADeletedQueueDoNotStandInTheWay() throws InterruptedException {
        publish("in", "a");
        try (var _ = broker.consume("in", 10, deliveries::take)) {
            Transaction tx = broker.beginTransaction();
            tx.ack(deliveries.next());
            tx.publish("out", Message.of("b"));
            broker.deleteQueue("in");
            tx.commit();
        }
        assertThat(ready("out")).isEqualTo(1);
    }

    @Test
    void aReleasedDeliveryComesBackWhenCommitted() throws InterruptedException {
        publish("in", "a");
        try (var _ = broker.consume("in", 10, deliveries::take);
                Transaction tx = broker.beginTransaction()) {
            tx.release(deliveries.next());
            tx.publish("out", Message.of("failed once"));
            tx.commit();
            assertThat(deliveries.next().deliveryCount()).isEqualTo(1);
        }
        assertThat(ready("out")).isEqualTo(1);
    }

    @Test
    void aRejectedDeliveryIsDroppedWhenCommitted() throws InterruptedException {
        publish("in", "a");
        try (var _ = broker.consume("in", 10, deliveries::take);
                Transaction tx = broker.beginTransaction()) {
            tx.reject(deliveries.next());
            tx.commit();
        }
        assertThat(broker.statistics("in").rejected()).isEqualTo(1);
        reopen();
        assertThat(ready("in")).isZero();
    }

    @Test
    void aRejectedDeliveryGoesToTheDeadLettersWithTheTransaction() throws InterruptedException {
        declare("work", toQueue("dead"));
        broker.declareQueue("dead");
        publish("work", "a");
        try (var _ = broker.consume("work", 10, deliveries::take);
                Transaction tx = broker.beginTransaction()) {
            tx.reject(deliveries.next());
            tx.publish("out", Message.of("report"));
            tx.commit();
            assertThat(ready("dead")).isEqualTo(1);
        }
        assertThat(broker.statistics("work").deadLettered()).isEqualTo(1);
        assertThat(broker.statistics("work").rejected()).isEqualTo(1);
        reopen();
        assertThat(ready("work")).isZero();
        assertThat(ready("out")).isEqualTo(1);
        try (var _ = broker.consume("dead", 1, deliveries::take)) {
            Delivery dead = deliveries.next();
            assertThat(dead.message().text()).isEqualTo("a");
            assertThat(dead.deaths().getFirst().queue()).isEqualTo("work");
        }
    }

    @Test
    void aFullDeadLetterQueueRefusesTheWhole() throws InterruptedException {
        declare("work", toQueue("dead"));
        declare("dead", QueueSettings.DEFAULT.withMaxLength(0, Overflow.REJECT));
        publish("work", "a");
        try (var _ = broker.consume("work", 10, deliveries::take)) {
            Transaction tx = broker.beginTransaction();
            tx.reject(deliveries.next());
            tx.publish("out", Message.of("report"));
            assertThatThrownBy(tx::commit).hasMessageContaining("QUEUE_FULL");
        }
        assertThat(ready("out")).isZero();
        await(() -> ready("work") == 1);
    }

    @Test
    void aRejectedDeliveryWithoutADeadLetterQueueIsDropped() throws InterruptedException {
        declare("work", toQueue("nowhere"));
        publish("work", "a");
        try (var _ = broker.consume("work", 10, deliveries::take);
                Transaction tx = broker.beginTransaction()) {
            tx.reject(deliveries.next());
            tx.commit();
        }
        assertThat(broker.statistics("work").deadLettersDropped()).isEqualTo(1);
        reopen();
        assertThat(ready("work")).isZero();
    }

    @Test
    void takesTransientQueuesToo() throws InterruptedException {
        broker.declareQueue(new QueueSpec("passing", false, false, false, QueueSettings.DEFAULT));
        publish("passing", "a");
        publish("in", "b");
        try (var _ = broker.consume("passing", 10, deliveries::take)) {
            Delivery transientOne = deliveries.next();
            try (var _ = broker.consume("in", 10, deliveries::take)) {
                Delivery durableOne = deliveries.next();
                try (Transaction tx = broker.beginTransaction()) {
                    tx.ack(transientOne);
                    tx.ack(durableOne);
                    tx.publish("passing", Message.of("c"));
                    tx.publish("out", Message.of("d"));
                    tx.commit();
                }
            }
            assertThat(deliveries.next().message().text()).isEqualTo("c");
        }
        assertThat(broker.statistics("passing").acknowledged()).isEqualTo(1);
        assertThat(ready("out")).isEqualTo(1);
        assertThat(ready("in")).isZero();
    }

    @Test
    void takesTopicsAndTheirSubscriptionsToo() throws InterruptedException {
        broker.declareTopic("events", 3);
        broker.declareSubscription("events", "billing", StartPosition.FIRST);
        for (String text : List.of("a", "b")) {
            publish("in", text);
        }
        try (var _ = broker.consume("in", 10, deliveries::take);
                Transaction tx = broker.beginTransaction()) {
            for (int i = 0; i < 2; i++) {
                Delivery delivery = deliveries.next();
                tx.publish("events", new Message(delivery.message().body(), Map.of(), bytes("key")));
                tx.publish("events", delivery.message());
                tx.ack(delivery);
            }
            tx.commit();
        }
        var events = new Deliveries();
        try (var _ = broker.consume("billing", 10, events::take);
                Transaction tx = broker.beginTransaction()) {
            for (int i = 0; i < 4; i++) {
                tx.ack(events.next());
            }
            tx.publish("out", Message.of("billed"));
            tx.commit();
        }
        reopen();
        assertThat(ready("billing")).isZero();
        assertThat(ready("out")).isEqualTo(1);
        assertThat(ready("events")).isEqualTo(4);
    }

    @Test
    void aSubscriptionThatEndsMeanwhileLeavesNothingBehind() throws InterruptedException {
        publish("in", "a");
        Subscription subscription = broker.consume("in", 10, deliveries::take);
        Delivery delivery = deliveries.next();
        subscription.close();
        Transaction tx = broker.beginTransaction();
        tx.ack(delivery);
        tx.publish("out", Message.of("b"));
        assertThatThrownBy(tx::commit).hasMessageContaining("DELIVERY_OVER");
        assertThat(ready("out")).isZero();
        assertThat(ready("in")).isEqualTo(1);
    }

    @Test
    void hasNoMoreOperationsThanItMay() {
        Transaction tx = broker.beginTransaction();
        var message = Message.of("");
        for (int i = 0; i < ShardTransaction.MOST_OPERATIONS; i++) {
            tx.publish("out", message);
        }
        tx.commit();
        assertThat(ready("out")).isEqualTo(ShardTransaction.MOST_OPERATIONS);

        Transaction more = broker.beginTransaction();
        for (int i = 0; i <= ShardTransaction.MOST_OPERATIONS; i++) {
            more.publish("out", message);
        }
        assertThatThrownBy(more::commit)
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("more than " + ShardTransaction.MOST_OPERATIONS);
        assertThat(ready("out")).isEqualTo(ShardTransaction.MOST_OPERATIONS);
    }

    /** Whatever becomes of a transaction, its memory is given back. */
    @Test
    void allTogetherHaveNoMoreMemoryThanTheyMay() {
        broker.close();
        int limit = 1 << 20;
        broker = EmbeddedBroker.open(folder, BrokerLimits.defaults().withMemoryBytes(4L * limit));
        declare("full", QueueSettings.DEFAULT.withMaxLength(0, Overflow.REJECT));
        for (int round = 0; round < 5; round++) {
            Transaction held = broker.beginTransaction();
            held.publish("full", new Message(new byte[limit / 2], Map.of(), null));
            Transaction second = broker.beginTransaction();
            second.publish("out", new Message(new byte[limit / 2], Map.of(), null));
            assertThatThrownBy(second::commit).hasMessageContaining("OVERLOADED");
            if (round % 2 == 0) {
                held.rollback();
            } else {
                assertThatThrownBy(held::commit).hasMessageContaining("QUEUE_FULL");
            }
            Transaction third = broker.beginTransaction();
            third.publish("out", new Message(new byte[limit / 2], Map.of(), null));
            third.commit();
            assertThat(broker.purgeQueue("out")).isEqualTo(1);
        }
    }

    /** Tokens go between queues in all directions, by transactions that meet in different orders. */
    @Test
    void transactionsOfTheSameQueuesNeitherLoseNorDouble() throws InterruptedException {
        long seed = System.nanoTime();
        int tokens = 30;
        int moves = 300;
        List<String> queues = List.of("in", "out", "too");
        for (int i = 0; i < tokens; i++) {
            publish(queues.get(i % queues.size()), "token " + i);
        }
        var left = new CountDownLatch(moves);
        var subscriptions = new ArrayList<Subscription>();
        for (int worker = 0; worker < 6; worker++) {
            var random = new Random(seed + worker);
            subscriptions.add(broker.consume(queues.get(worker % queues.size()), 2, delivery -> {
                if (left.getCount() == 0) {
                    return;
                }
                try (Transaction tx = broker.beginTransaction()) {
                    tx.publish(queues.get(random.nextInt(queues.size())), delivery.message());
                    switch (random.nextInt(4)) {
                        case 0 -> {
                            tx.ack(delivery);
                            tx.rollback();
                            delivery.release();
                        }
                        default -> {
                            tx.ack(delivery);
                            tx.commit();
                        }
                    }
                }
                left.countDown();
            }));
        }
        assertThat(left.await(30, TimeUnit.SECONDS)).as("seed " + seed).isTrue();
        subscriptions.forEach(Subscription::close);
        reopen();
        Set<String> found = new HashSet<>();
        long total = 0;
        for (String queue : queues) {
            long ready = ready(queue);
            total += ready;
            found.addAll(texts(queue, (int) ready));
        }
        assertThat(total).as("seed " + seed).isEqualTo(tokens);
        assertThat(found).as("seed " + seed).hasSize(tokens);
    }

    private void declare(String queue, QueueSettings settings) {
        broker.declareQueue(new QueueSpec(queue, true, false, false, settings));
    }

    private void publish(String queue, String text) {
        broker.publish(queue, Message.of(text)).join();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private long ready(String queue) {
        return broker.statistics(queue).ready();
    }

    private List<String> texts(String queue, int count) throws InterruptedException {
        var some = new Deliveries();
        try (var _ = broker.consume(queue, Math.max(1, count), some::takeAndAck)) {
            return some.texts(count);
        }
    }
}
