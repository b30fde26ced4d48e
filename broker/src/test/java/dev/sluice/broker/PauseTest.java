package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Queues of which publishing or consuming is paused. */
@Timeout(60)
class PauseTest {
    private static final String QUEUE = TimedBroker.QUEUE;

    @TempDir
    private Path folder;

    @Test
    void refusesPublishersWhilePublishingIsPaused() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            timed.publish("before");
            assertThat(timed.broker.tools().pause(QUEUE, QueuePauses.PUBLISHING).join())
                    .isEqualTo(QueuePauses.PUBLISHING);
            assertThatThrownBy(() -> timed.publish("meanwhile"))
                    .hasMessageContaining("QUEUE_PAUSED jobs: an operator has paused publishing to it");
            timed.subscribe(1);
            timed.next("before").ack();
            QueueStatistics paused = timed.statistics();
            assertThat(paused.refusedWhilePaused()).isEqualTo(1);
            assertThat(paused.published()).isEqualTo(1);
            assertThat(paused.paused()).isEqualTo(QueuePauses.PUBLISHING);
            assertThat(timed.broker.tools().resume(QUEUE, QueuePauses.BOTH).join())
                    .isEqualTo(QueuePauses.NONE);
            timed.publish("after");
            timed.next("after");
        }
    }

    @Test
    void letsPublishersWaitThatDoSoAtTheLimit() throws InterruptedException {
        QueueSettings settings = QueueSettings.DEFAULT.withMaxLength(10, QueueSettings.Overflow.BLOCK);
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.broker.tools().pause(QUEUE, QueuePauses.PUBLISHING).join();
        }
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.broker.declareQueue("other");
            timed.broker.tools().pause(QUEUE, QueuePauses.PUBLISHING).join();
            var waiting = timed.broker.publish(QUEUE, Message.of("waits"));
            timed.broker.publish("other", Message.of("goes on")).join();
            assertThat(timed.statistics().published()).isZero();
            assertThat(timed.broker.status().blockedPublishers()).isEqualTo(1);
            timed.broker
                    .tools()
                    .start("other", TransferRequest.move(new TransferTarget.ToQueue(QUEUE)))
                    .join();
            while (timed.statistics().refusedWhilePaused() == 0) {
                Thread.onSpinWait();
            }
            timed.broker.tools().resume(QUEUE, QueuePauses.PUBLISHING).join();
            waiting.join();
            timed.pass(Transfer.RETRY_MS);
            timed.subscribe(10);
            timed.next("waits");
            timed.next("goes on");
        }
    }

    @Test
    void deliversNothingWhileConsumingIsPaused() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            timed.subscribe(2);
            timed.publish("in flight");
            Delivery inFlight = timed.next("in flight");
            timed.publish("comes back");
            Delivery comesBack = timed.next("comes back");
            timed.broker.tools().pause(QUEUE, QueuePauses.CONSUMING).join();
            inFlight.ack();
            comesBack.release();
            timed.publish("waits");
            assertThat(timed.statistics().acknowledged()).isEqualTo(1);
            assertThat(timed.statistics().ready()).isEqualTo(2);
            assertThat(timed.deliveries).isEmpty();
            timed.broker.tools().resume(QUEUE, QueuePauses.CONSUMING).join();
            timed.next("comes back");
            timed.next("waits");
        }
    }

    @Test
    void goesOnToKeepTimesAndLimitsWhileConsumingIsPaused() {
        QueueSettings settings = QueueSettings.DEFAULT
                .withMaxLength(2, QueueSettings.Overflow.DROP_OLDEST)
                .with(QueueProperty.MESSAGE_TTL, 1000);
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.subscribe(10);
            timed.broker.tools().pause(QUEUE, QueuePauses.CONSUMING).join();
            for (int i = 0; i < 3; i++) {
                timed.publish(String.valueOf(i));
            }
            assertThat(timed.statistics().droppedAtLimit()).isEqualTo(1);
            timed.pass(1000);
            assertThat(timed.statistics().expired()).isEqualTo(2);
            assertThat(timed.deliveries).isEmpty();
        }
    }

    @Test
    void isShownWhatIsStoredWhilePaused() {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            timed.publish("stuck");
            timed.broker.tools().pause(QUEUE, QueuePauses.BOTH).join();
            PeekPage page =
                    timed.broker.tools().peek(QUEUE, PeekRequest.first(5)).join();
            assertThat(page.records()).hasSize(1);
        }
    }

    @Test
    void remembersWhatIsPausedOverARestart() throws InterruptedException {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            timed.publish("waits");
            timed.broker.tools().pause(QUEUE, QueuePauses.CONSUMING).join();
            assertThat(timed.broker.tools().pause(QUEUE, QueuePauses.PUBLISHING).join())
                    .isEqualTo(QueuePauses.BOTH);
        }
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            timed.subscribe(1);
            assertThatThrownBy(() -> timed.publish("more")).hasMessageContaining("QUEUE_PAUSED");
            assertThat(timed.statistics().paused()).isEqualTo(QueuePauses.BOTH);
            assertThat(timed.deliveries).isEmpty();
            timed.broker.tools().resume(QUEUE, QueuePauses.CONSUMING).join();
            timed.next("waits");
        }
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            assertThat(timed.statistics().paused()).isEqualTo(QueuePauses.PUBLISHING);
            timed.broker.deleteQueue(QUEUE);
            timed.broker.declareQueue(QUEUE);
            timed.publish("a queue of the same name is another one");
        }
    }

    @Test
    void letsDeadLettersWait() throws InterruptedException {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
        try (var timed = TimedBroker.open(folder, settings)) {
            timed.broker.declareQueue("dead");
            timed.broker.tools().pause("dead", QueuePauses.PUBLISHING).join();
            timed.publish("rejected");
            timed.subscribe(1);
            timed.next("rejected").reject();
            while (timed.broker.statistics("dead").refusedWhilePaused() == 0) {
                timed.pass(0);
            }
            assertThat(timed.statistics().unsettled()).isEqualTo(1);
            timed.broker.tools().resume("dead", QueuePauses.PUBLISHING).join();
            while (timed.statistics().deadLettered() == 0) {
                timed.pass(250);
            }
            assertThat(timed.broker.statistics("dead").ready()).isEqualTo(1);
            assertThat(timed.statistics().unsettled()).isZero();
        }
    }

    @Test
    void refusesAQueueThatIsNotThere() {
        try (var timed = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            assertThatThrownBy(() -> timed.broker
                            .tools()
                            .pause("missing", QueuePauses.BOTH)
                            .join())
                    .hasMessageContaining("QUEUE_NOT_FOUND missing");
        }
    }
}
