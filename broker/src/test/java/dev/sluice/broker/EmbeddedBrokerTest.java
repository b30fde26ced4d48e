package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerTest {
    @TempDir
    private Path folder;

    private final Deliveries deliveries = new Deliveries();

    @Test
    void deliversEachMessageToExactlyOneOfSeveralConsumers() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("jobs");
            try (var _ = broker.consume("jobs", 10, deliveries::takeAndAck);
                    var _ = broker.consume("jobs", 10, deliveries::takeAndAck)) {
                publishAll(broker, "jobs", 1000);
                List<String> texts = deliveries.texts(1000);
                assertThat(texts).doesNotHaveDuplicates().hasSize(1000);
            }
            assertThat(broker.statistics("jobs").acknowledged()).isEqualTo(1000);
            assertThat(broker.statistics("jobs").ready()).isZero();
        }
    }

    @Test
    void deliversWhatWasNotAcknowledgedAfterReopening() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("jobs");
            publishAll(broker, "jobs", 10);
            try (var _ = broker.consume("jobs", 10, deliveries::take)) {
                for (int i = 0; i < 10; i++) {
                    Delivery delivery = deliveries.next();
                    if (i % 2 == 0) {
                        delivery.ack();
                    }
                }
            }
        }
        try (var broker = EmbeddedBroker.open(folder);
                var _ = broker.consume("jobs", 10, deliveries::takeAndAck)) {
            assertThat(deliveries.texts(5)).containsExactly("1", "3", "5", "7", "9");
            assertThat(broker.statistics("jobs").redelivered()).isEqualTo(5);
        }
    }

    @Test
    void refusesToPublishWhileTheDiskIsShortAndGoesOnConsuming() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("jobs");
            publishAll(broker, "jobs", 3);
        }
        var noDiskHasSoMuchFree = BrokerLimits.defaults().withDiskFreeLimit(new DiskAmount.Percent(100));
        try (var broker = EmbeddedBroker.open(folder, noDiskHasSoMuchFree)) {
            while (broker.status().alerts().isEmpty()) {
                Thread.onSpinWait();
            }
            assertThatThrownBy(() -> broker.publish("jobs", Message.of("more")).join())
                    .cause()
                    .isInstanceOfSatisfying(BrokerException.class, refused -> {
                        assertThat(refused.refusal().reason()).isEqualTo(Refusal.Reason.OVERLOADED);
                        assertThat(refused.refusal().subject()).isEqualTo("disk");
                        assertThat(refused).hasMessageContaining("publishing stops below");
                    });
            try (var _ = broker.consume("jobs", 10, deliveries::takeAndAck)) {
                assertThat(deliveries.texts(3)).hasSize(3);
            }
        }
    }

    @Test
    void putsReleasedMessagesBackToTheirPlace() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("jobs");
            publishAll(broker, "jobs", 5);
            try (var _ = broker.consume("jobs", 2, deliveries::take)) {
                Delivery zero = deliveries.next();
                Delivery one = deliveries.next();
                one.release();
                Delivery oneAgain = deliveries.next();
                assertThat(oneAgain.message().text()).isEqualTo("1");
                assertThat(oneAgain.isRedelivered()).isTrue();
                assertThat(oneAgain.deliveryCount()).isEqualTo(1);
                zero.release();
                assertThat(deliveries.next().message().text()).isEqualTo("0");
            }
        }
    }

    @Test
    void dropsTheOldestAtTheLimitAndCountsIt() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(new QueueSpec(
                    "recent", true, false, false, QueueSettings.DEFAULT.withMaxLength(3, Overflow.DROP_OLDEST)));
            publishAll(broker, "recent", 10);
            try (var _ = broker.consume("recent", 10, deliveries::takeAndAck)) {
                assertThat(deliveries.texts(3)).containsExactly("7", "8", "9");
            }
            assertThat(broker.statistics("recent").droppedAtLimit()).isEqualTo(7);
        }
    }

    @Test
    void refusesAtTheLimitWhenTheOwnerChoseSo() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(
                    new QueueSpec("few", false, false, false, QueueSettings.DEFAULT.withMaxLength(1, Overflow.REJECT)));
            broker.publish("few", Message.of("a")).join();
            assertThatThrownBy(() -> broker.publish("few", Message.of("b")).join())
                    .hasCauseInstanceOf(BrokerException.class)
                    .hasMessageContaining("QUEUE_FULL");
        }
    }

    @Test
    void givesEverySubscriberOfATopicEveryMessage() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareExchange("events", ExchangeType.TOPIC);
            for (String queue : List.of("mail", "audit")) {
                broker.declareQueue(queue);
                broker.bind("events", queue, "order.#");
            }
            assertThat(broker.publish("events", "order.paid", Message.of("x")).join())
                    .isEqualTo(2);
            assertThat(broker.publish("events", "user.new", Message.of("y")).join())
                    .isZero();
            try (var _ = broker.consume("mail", 1, deliveries::takeAndAck);
                    var _ = broker.consume("audit", 1, deliveries::takeAndAck)) {
                assertThat(deliveries.texts(2)).containsExactly("x", "x");
            }
        }
    }

    @Test
    void namesTheQueueThatIsDeclaredDifferently() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("jobs");
            assertThatThrownBy(() ->
                            broker.declareQueue(new QueueSpec("jobs", false, false, false, QueueSettings.DEFAULT)))
                    .hasMessageContaining("QUEUE_DIFFERS jobs: durable|false|true");
        }
    }

    private static void publishAll(EmbeddedBroker broker, String queue, int count) {
        var stored = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < count; i++) {
            stored.add(broker.publish(queue, Message.of(String.valueOf(i))));
        }
        stored.forEach(CompletableFuture::join);
    }
}
