package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which consumer gets the next message. */
class ConsumerOrderTest {
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

    @Test
    void theHighestPriorityIsServedWhileItCanTakeMore() throws InterruptedException {
        broker.declareQueue("q");
        var low = new Deliveries();
        var high = new Deliveries();
        try (var _ = broker.consume("q", 10, -5, low::take);
                var _ = broker.consume("q", 2, 7, high::take)) {
            publish(3);
            Delivery first = high.next();
            assertThat(first.message().text()).isEqualTo("0");
            assertThat(high.next().message().text()).isEqualTo("1");
            assertThat(low.next().message().text()).isEqualTo("2");
            first.ack();
            publish(1);
            assertThat(high.next().message().text()).isEqualTo("0");
            assertThat(low.waiting()).isZero();
        }
    }

    @Test
    void whoGetsRecordsOneByOneLeavesTheConsumersAlone() {
        var delivered = new ArrayList<String>();
        try (var stepped = new SteppedBroker(
                folder.resolve("stepped"),
                QueueSettings.DEFAULT,
                (client, delivery, record, count) -> delivered.add(SteppedBroker.text(record)))) {
            var _ = stepped.subscribe(new ConsumerSpec(true, false, 0, null));
            stepped.get(true).close();
            stepped.publish("", "after", RecordAttributes.NONE);
            stepped.quiet();
            assertThat(delivered).containsExactly("after");
        }
    }

    @Test
    void equalsTakeTurns() throws InterruptedException {
        broker.declareQueue("q");
        var first = new Deliveries();
        var second = new Deliveries();
        try (var _ = broker.consume("q", 100, 1, first::take);
                var _ = broker.consume("q", 100, 1, second::take);
                var _ = broker.consume("q", 100, 0, delivery -> {
                    throw new AssertionError("the others can take more");
                })) {
            publish(10);
            assertThat(first.texts(5)).containsExactly("0", "2", "4", "6", "8");
            assertThat(second.texts(5)).containsExactly("1", "3", "5", "7", "9");
        }
    }

    @Test
    void oneConsumerIsActiveAtATimeAndTheNextTakesOver() throws InterruptedException {
        declareSingleActive();
        var first = new Deliveries();
        var second = new Deliveries();
        var preferred = new Deliveries();
        Subscription active = broker.consume("q", 2, first::take);
        try (var _ = broker.consume("q", 10, second::takeAndAck)) {
            try (var _ = broker.consume("q", 10, 1, preferred::takeAndAck)) {
                publish(4);
                Delivery zero = first.next();
                assertThat(first.next().message().text()).isEqualTo("1");
                zero.ack();
                assertThat(first.next().message().text()).isEqualTo("2");
                assertThat(second.waiting() + preferred.waiting()).isZero();
                active.close(); // it is cancelled first; then what it did not settle goes back
                assertThat(preferred.texts(3)).containsExactly("3", "1", "2");
            }
            publish(1);
            assertThat(second.texts(1)).containsExactly("0");
        }
    }

    @Test
    void anExclusiveConsumerAndASingleActiveOneDoNotGoTogether() {
        var consumers = new Dispatcher(true);
        assertThat(consumers.conflictsWith(new ConsumerSpec(false, true, 0, null)))
                .isTrue();
        assertThat(consumers.conflictsWith(new ConsumerSpec(false, false, 0, null)))
                .isFalse();
    }

    private void declareSingleActive() {
        broker.declareQueue(new QueueSpec(
                "q", true, false, false, QueueSettings.DEFAULT.with(QueueProperty.SINGLE_ACTIVE_CONSUMER, true)));
    }

    @Test
    void whoGetsOneAtATimeAndGoesTakesNobodyElseWithIt() throws InterruptedException {
        try (var sharded = ShardedBroker.open(folder.resolve("sharded"), 1)) {
            var spec = new QueueSpec("q", true, false, false, QueueSettings.DEFAULT);
            sharded.<QueueStatus>ask(0, (on, reply) -> on.declareQueue(spec, ShardedBroker.NO_CONNECTION, reply));
            var wish = new ConsumerSpec(true, false, 0, null);
            sharded.<Consumer>ask(
                    0,
                    (on, reply) -> on.subscribe("q", wish, NoDeliveries.INSTANCE, ShardedBroker.NO_CONNECTION, reply));
            Consumer getter = sharded.ask(0, (on, reply) -> on.openGetter("q", ShardedBroker.NO_CONNECTION, reply));
            QueueStatus left = sharded.ask(0, (on, reply) -> {
                getter.close();
                on.checkQueue("q", ShardedBroker.NO_CONNECTION, reply);
            });
            assertThat(left.consumerCount()).isEqualTo(1);
        }
    }

    private void publish(int count) {
        for (int i = 0; i < count; i++) {
            broker.publish("q", Message.of(String.valueOf(i))).join();
        }
    }
}
