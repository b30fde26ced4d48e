package dev.sluice.broker;

import static dev.sluice.broker.Await.await;
import static dev.sluice.broker.TestSettings.toQueue;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of records that leave a queue unprocessed. */
@Timeout(60)
class DeadLettersTest {
    @TempDir
    private Path folder;

    private final Deliveries deliveries = new Deliveries();

    @Test
    void movesWhatIsRejectedWithItsHistory() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("dead");
            declare(broker, "jobs", toQueue("dead"));
            publishAll(broker, "jobs", 3);
            try (var _ = broker.consume("jobs", 10, Delivery::reject);
                    var _ = broker.consume("dead", 10, deliveries::takeAndAck)) {
                for (int i = 0; i < 3; i++) {
                    Delivery delivery = deliveries.next();
                    assertThat(delivery.message().text()).isEqualTo(String.valueOf(i));
                    assertThat(delivery.deaths()).hasSize(1);
                    Death death = delivery.deaths().getFirst();
                    assertThat(death.queue()).isEqualTo("jobs");
                    assertThat(death.reason()).isEqualTo(DeathReason.REJECTED);
                    assertThat(death.exchange()).isEmpty();
                    assertThat(death.routingKey()).isEqualTo("jobs");
                    assertThat(death.count()).isEqualTo(1);
                    assertThat(death.ttlMs()).isEqualTo(QueueSettings.UNLIMITED);
                }
            }
            QueueStatistics jobs = settled(broker, "jobs");
            assertThat(jobs.rejected()).isEqualTo(3);
            assertThat(jobs.deadLettered()).isEqualTo(3);
            assertThat(jobs.deadLettersDropped()).isZero();
        }
    }

    @Test
    void movesWhatExpires() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareExchange("dlx", ExchangeType.TOPIC);
            broker.declareQueue("dead");
            broker.bind("dlx", "dead", "short");
            declare(
                    broker,
                    "short",
                    QueueSettings.DEFAULT
                            .with(QueueProperty.MESSAGE_TTL, 1)
                            .with(QueueProperty.DEAD_LETTER_EXCHANGE, "dlx"));
            publishAll(broker, "short", 5);
            try (var _ = broker.consume("dead", 10, deliveries::takeAndAck)) {
                assertThat(deliveries.texts(5)).containsExactly("0", "1", "2", "3", "4");
            }
            assertThat(settled(broker, "short").expired()).isEqualTo(5);
        }
    }

    @Test
    void movesWhatIsDroppedAtTheLimit() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("dead");
            declare(broker, "few", toQueue("dead").withMaxLength(2, Overflow.DROP_OLDEST));
            publishAll(broker, "few", 5_000);
            try (var _ = broker.consume("dead", 10, deliveries::takeAndAck)) {
                List<String> texts = deliveries.texts(4_998);
                assertThat(texts).doesNotHaveDuplicates().startsWith("0", "1", "2");
                assertThat(deliveries.waiting()).isZero();
            }
            QueueStatistics few = settled(broker, "few");
            assertThat(few.ready()).isEqualTo(2);
            assertThat(few.droppedAtLimit()).isEqualTo(4_998);
        }
    }

    @Test
    void movesWhatIsRefusedAtTheLimit() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("dead");
            declare(broker, "one", toQueue("dead").withMaxLength(1, Overflow.REJECT_DEAD_LETTER));
            broker.publish("one", Message.of("taken")).join();
            assertThatThrownBy(
                            () -> broker.publish("one", Message.of("refused")).join())
                    .hasMessageContaining("QUEUE_FULL");
            try (var _ = broker.consume("dead", 10, deliveries::takeAndAck)) {
                Delivery refused = deliveries.next();
                assertThat(refused.message().text()).isEqualTo("refused");
                assertThat(refused.deaths().getFirst().reason()).isEqualTo(DeathReason.LENGTH_LIMIT);
            }
        }
    }

    @Test
    void waitsForAQueueThatIsFull() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, "dead", QueueSettings.DEFAULT.withMaxLength(1, Overflow.REJECT));
            declare(broker, "jobs", toQueue("dead"));
            publishAll(broker, "jobs", 1);
            try (var _ = broker.consume("jobs", 10, Delivery::reject)) {
                await(() -> broker.statistics("dead").ready() == 1);
                publishAll(broker, "jobs", 2);
                await(() -> broker.statistics("dead").refusedAtLimit() > 0);
                assertThat(broker.statistics("jobs").unsettled()).isPositive();
                // What was in the way goes, and what waited comes in its turn.
                try (var _ = broker.consume("dead", 1, deliveries::takeAndAck)) {
                    assertThat(deliveries.texts(3)).hasSize(3);
                }
            }
            assertThat(settled(broker, "jobs").deadLettered()).isEqualTo(3);
        }
    }

    @Test
    void refusesPublishersInsteadOfDroppingWhatItCannotMove() {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, "dead", QueueSettings.DEFAULT.withMaxLength(0, Overflow.REJECT));
            declare(broker, "few", toQueue("dead").withMaxLength(2, Overflow.DROP_OLDEST));
            publishAll(broker, "few", 1);
            publishAll(broker, "few", DeadLetters.MOST + 1);
            await(() -> broker.statistics("few").unsettled() == DeadLetters.MOST
                    && broker.statistics("dead").refusedAtLimit() >= DeadLetters.MOST);
            assertThatThrownBy(() -> broker.publish("few", Message.of("more")).join())
                    .hasMessageContaining("QUEUE_FULL");
            assertThat(broker.statistics("few").ready()).isEqualTo(2);
        }
    }

    @Test
    void bringsBackAfterARestartWhatNobodyTook() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, "dead", QueueSettings.DEFAULT.withMaxLength(0, Overflow.REJECT));
            declare(broker, "jobs", toQueue("dead"));
            publishAll(broker, "jobs", 3);
            try (var _ = broker.consume("jobs", 10, Delivery::reject)) {
                await(() -> broker.statistics("dead").refusedAtLimit() > 0);
            }
        }
        try (var broker = EmbeddedBroker.open(folder)) {
            assertThat(broker.statistics("jobs").ready()).isEqualTo(3);
            assertThat(broker.statistics("dead").ready()).isZero();
        }
    }

    @Test
    void remembersAfterARestartWhatWasMoved() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("dead");
            declare(broker, "jobs", toQueue("dead"));
            publishAll(broker, "jobs", 100);
            try (var _ = broker.consume("jobs", 10, Delivery::reject)) {
                await(() -> broker.statistics("dead").ready() == 100);
            }
        }
        try (var broker = EmbeddedBroker.open(folder)) {
            assertThat(broker.statistics("jobs").ready()).isZero();
            assertThat(broker.statistics("dead").ready()).isEqualTo(100);
            try (var _ = broker.consume("dead", 10, deliveries::takeAndAck)) {
                assertThat(deliveries.next().deaths().getFirst().queue()).isEqualTo("jobs");
            }
        }
    }

    @Test
    void dropsAndCountsWhatHasNowhereToGo() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, "jobs", QueueSettings.DEFAULT.with(QueueProperty.DEAD_LETTER_EXCHANGE, "missing"));
            publishAll(broker, "jobs", 3);
            try (var _ = broker.consume("jobs", 10, Delivery::reject)) {
                await(() -> broker.statistics("jobs").deadLettersDropped() == 3);
            }
            assertThat(settled(broker, "jobs").deadLettered()).isZero();
        }
    }

    @Test
    void parksWhatWouldGoRoundForEver() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, "a", toQueue("b").with(QueueProperty.MESSAGE_TTL, 1));
            declare(broker, "b", toQueue("a").with(QueueProperty.MESSAGE_TTL, 1));
            publishAll(broker, "a", 3);
            await(() -> broker.statistics("b").parked() == 3);
            try (var _ = broker.consume("b.parked", 10, deliveries::takeAndAck)) {
                Delivery parked = deliveries.next();
                assertThat(parked.message().text()).isEqualTo("0");
                assertThat(parked.deaths())
                        .extracting(Death::queue, Death::reason)
                        .containsExactly(tuple("b", DeathReason.EXPIRED), tuple("a", DeathReason.EXPIRED));
            }
        }
    }

    @Test
    void letsARejectionGoRoundAndCountsTheRounds() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, "work", toQueue("pause"));
            declare(broker, "pause", toQueue("work").with(QueueProperty.MESSAGE_TTL, 1));
            publishAll(broker, "work", 1);
            try (var _ = broker.consume("work", 1, deliveries::take)) {
                for (int round = 0; round < 3; round++) {
                    deliveries.next().reject();
                }
                Delivery last = deliveries.next();
                assertThat(last.deaths())
                        .extracting(Death::queue, Death::count)
                        .containsExactly(tuple("pause", 3L), tuple("work", 3L));
                last.ack();
            }
        }
    }

    private static void declare(EmbeddedBroker broker, String queue, QueueSettings settings) {
        broker.declareQueue(new QueueSpec(queue, true, false, false, settings));
    }

    /** Once nothing is on its way any more. */
    private static QueueStatistics settled(EmbeddedBroker broker, String queue) {
        await(() -> broker.statistics(queue).unsettled() == 0);
        return broker.statistics(queue);
    }

    private static void publishAll(EmbeddedBroker broker, String queue, int count) {
        var stored = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < count; i++) {
            stored.add(broker.publish(queue, Message.of(String.valueOf(i))));
        }
        stored.forEach(CompletableFuture::join);
    }
}
