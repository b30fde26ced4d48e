package dev.sluice.broker;

import static dev.sluice.broker.Await.await;
import static dev.sluice.broker.TestSettings.toQueue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.TransferProgress.State;
import dev.sluice.broker.TransferTarget.BackToExchange;
import dev.sluice.broker.TransferTarget.BackToQueue;
import dev.sluice.broker.TransferTarget.WhichDeath;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Bringing dead letters back to where they died. */
@Timeout(60)
class RedriveTest {
    @TempDir
    private Path folder;

    private final Deliveries deliveries = new Deliveries();

    @Test
    void bringsThemBackAsTheyCame() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("dead");
            broker.declareExchange("orders", ExchangeType.TOPIC);
            declare(broker, "jobs", toQueue("dead"));
            declare(broker, "mails", toQueue("dead"));
            broker.bind("orders", "jobs", "eu.*");
            broker.publish("orders", "eu.new", Message.of("a")).join();
            broker.publish("mails", Message.of("b")).join();
            try (var _ = broker.consume("jobs", 1, Delivery::reject);
                    var _ = broker.consume("mails", 1, Delivery::reject)) {
                await(() -> broker.statistics("jobs").deadLettered() == 1
                        && broker.statistics("mails").deadLettered() == 1);
            }
            assertThat(redrive(broker, "dead", TransferRequest.redrive()).done())
                    .isEqualTo(2);
            PeekedRecord back = peek(broker, "jobs").getFirst();
            assertThat(back.exchange()).isEqualTo("orders");
            assertThat(back.routingKey()).isEqualTo("eu.new");
            assertThat(back.deliveryCount()).isZero();
            assertThat(back.redelivered()).isFalse();
            assertThat(back.deaths()).extracting(Death::queue, Death::reason).hasSize(1);
            assertThat(texts(broker, "mails")).containsExactly("b");
            assertThat(broker.statistics("dead").ready()).isZero();
        }
    }

    @Test
    void givesThemAllTheirDeliveriesAgain() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("dead");
            declare(broker, "jobs", toQueue("dead").with(QueueProperty.DELIVERY_LIMIT, 2));
            broker.publish("jobs", Message.of("poison")).join();
            for (int round = 1; round <= 3; round++) {
                try (var _ = broker.consume("jobs", 1, delivery -> {
                    deliveries.take(delivery);
                    delivery.release();
                })) {
                    for (int count = 0; count <= 2; count++) {
                        assertThat(deliveries.next().deliveryCount()).isEqualTo(count);
                    }
                    int died = round;
                    await(() -> broker.statistics("jobs").deadLettered() == died);
                }
                assertThat(peek(broker, "dead").getFirst().deaths().getFirst().count())
                        .isEqualTo(round);
                assertThat(redrive(broker, "dead", TransferRequest.redrive()).done())
                        .isEqualTo(1);
            }
        }
    }

    @Test
    void choosesBetweenTheFirstDeathAndTheLast() {
        try (var broker = EmbeddedBroker.open(folder)) {
            declareChain(broker);
            broker.publish("a", Message.of("m")).join();
            await(() -> broker.statistics("b").deadLettered() == 1);
            broker.tools().pause("b", QueuePauses.PUBLISHING).join();
            var toLast = TransferRequest.redrive();
            broker.tools().start("c", toLast).join();
            await(() -> progress(broker, "c").state() == State.WAITING);
            assertThat(progress(broker, "c").reason()).contains("QUEUE_PAUSED b");
            broker.tools().stop("c").join();
            await(() -> progress(broker, "c").state().isOver());
            broker.tools().pause("a", QueuePauses.PUBLISHING).join();
            broker.tools()
                    .start("c", TransferRequest.move(new BackToQueue(WhichDeath.FIRST)))
                    .join();
            await(() -> progress(broker, "c").state() == State.WAITING);
            assertThat(progress(broker, "c").reason()).contains("QUEUE_PAUSED a");
        }
    }

    @Test
    void publishesThemAgainToTheExchangeTheyCameFrom() {
        try (var broker = EmbeddedBroker.open(folder)) {
            declareChain(broker);
            broker.declareExchange("orders", ExchangeType.TOPIC);
            broker.bind("orders", "a", "eu.*");
            broker.publish("orders", "eu.new", Message.of("m")).join();
            await(() -> broker.statistics("b").deadLettered() == 1);
            broker.declareQueue("everything");
            broker.bind("orders", "everything", "#");
            TransferProgress end = redrive(broker, "c", TransferRequest.move(new BackToExchange(WhichDeath.FIRST)));
            assertThat(end.done()).isEqualTo(1);
            PeekedRecord again = peek(broker, "everything").getFirst();
            assertThat(again.exchange()).isEqualTo("orders");
            assertThat(again.routingKey()).isEqualTo("eu.new");
            await(() -> broker.statistics("b").deadLettered() == 2);
        }
    }

    @Test
    void leavesWhatHasNowhereToGo() {
        try (var broker = EmbeddedBroker.open(folder)) {
            declareChain(broker);
            broker.publish("a", Message.of("dead")).join();
            await(() -> broker.statistics("b").deadLettered() == 1);
            broker.publish("c", Message.of("never died")).join();
            broker.deleteQueue("b");
            TransferProgress end = redrive(broker, "c", TransferRequest.redrive());
            assertThat(end.done()).isZero();
            assertThat(end.left()).isEqualTo(2);
            assertThat(texts(broker, "c")).containsExactly("dead", "never died");
        }
    }

    @Test
    void isNoCircle() {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, "a", toQueue("b").with(QueueProperty.MESSAGE_TTL, 1));
            declare(broker, "b", toQueue("a").with(QueueProperty.MESSAGE_TTL, 1));
            broker.publish("a", Message.of("m")).join();
            await(() -> broker.statistics("b").parked() == 1);
            assertThat(redrive(broker, "b.parked", TransferRequest.redrive()).done())
                    .isEqualTo(1);
            // It goes round once more, from b to a to b, before it is a circle again.
            await(() -> broker.statistics("a").parked() + broker.statistics("b").parked() == 2);
            assertThat(broker.statistics("a").expired()).isEqualTo(2);
            assertThat(broker.statistics("b").expired()).isEqualTo(2);
        }
    }

    @Test
    void bringsBackWhatAFilterSays() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("dead");
            declare(broker, "short", toQueue("dead").with(QueueProperty.MESSAGE_TTL, 1));
            declare(broker, "jobs", toQueue("dead"));
            broker.publish("short", Message.of("late")).join();
            broker.publish("jobs", Message.of("bad")).join();
            try (var _ = broker.consume("jobs", 1, Delivery::reject)) {
                await(() -> broker.statistics("short").deadLettered() == 1
                        && broker.statistics("jobs").deadLettered() == 1);
            }
            var rejected = TransferRequest.redrive().matching(RecordFilter.ALL.withDeathReason(DeathReason.REJECTED));
            assertThat(redrive(broker, "dead", rejected.asDryRun()).done()).isEqualTo(1);
            assertThat(redrive(broker, "dead", rejected).done()).isEqualTo(1);
            assertThat(texts(broker, "dead")).containsExactly("late");
            assertThat(texts(broker, "jobs")).containsExactly("bad");
        }
    }

    /** What expires in a goes to b, and what expires there to c. */
    private static void declareChain(EmbeddedBroker broker) {
        broker.declareQueue("c");
        declare(broker, "b", toQueue("c").with(QueueProperty.MESSAGE_TTL, 1));
        declare(broker, "a", toQueue("b").with(QueueProperty.MESSAGE_TTL, 1));
    }

    private static void declare(EmbeddedBroker broker, String queue, QueueSettings settings) {
        broker.declareQueue(new QueueSpec(queue, true, false, false, settings));
    }

    private static TransferProgress progress(EmbeddedBroker broker, String queue) {
        return broker.tools().progress(queue).join().orElseThrow();
    }

    private static TransferProgress redrive(EmbeddedBroker broker, String queue, TransferRequest request) {
        broker.tools().start(queue, request).join();
        await(() -> progress(broker, queue).state().isOver());
        return progress(broker, queue);
    }

    private static List<PeekedRecord> peek(EmbeddedBroker broker, String queue) {
        return broker.tools().peek(queue, PeekRequest.first(10)).join().records();
    }

    private static List<String> texts(EmbeddedBroker broker, String queue) {
        return peek(broker, queue).stream()
                .map(record -> new String(record.body(), StandardCharsets.UTF_8))
                .toList();
    }
}
