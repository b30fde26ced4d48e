package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Transactions that would end deliveries whose time is over, or not yet. */
@Timeout(60)
class TransactionLeasesTest {
    private static final int TIMEOUT_MS = 1_000;

    @TempDir
    private Path folder;

    @Test
    void aDeliveryWhoseTimeIsOverRefusesTheWhole() throws InterruptedException {
        try (TimedBroker timed = open()) {
            timed.publish("a");
            timed.publish("b");
            timed.subscribe(2);
            Delivery late = timed.next("a");
            Delivery inTime = timed.next("b");
            inTime.renew(Duration.ofHours(1));
            timed.pass(TIMEOUT_MS);
            Transaction tx = timed.broker.beginTransaction();
            tx.publish("out", Message.of("of both"));
            tx.ack(inTime);
            tx.ack(late);
            assertThatThrownBy(tx::commit)
                    .isInstanceOfSatisfying(
                            BrokerException.class,
                            refused -> assertThat(refused.refusal().reason()).isEqualTo(Refusal.Reason.DELIVERY_OVER));
            assertThat(timed.broker.statistics("out").ready()).isZero();
            // What was in time is still to be settled.
            inTime.ack();
            assertThat(timed.statistics().acknowledged()).isEqualTo(1);
        }
    }

    @Test
    void aDeliveryThatATransactionGivesBackKeepsItsTime() throws InterruptedException {
        try (TimedBroker timed = open()) {
            timed.broker.declareQueue(new QueueSpec(
                    "full", true, false, false, QueueSettings.DEFAULT.withMaxLength(0, QueueSettings.Overflow.REJECT)));
            timed.publish("a");
            timed.subscribe(1);
            Delivery delivery = timed.next("a");
            timed.pass(TIMEOUT_MS - 1);
            Transaction tx = timed.broker.beginTransaction();
            tx.ack(delivery);
            tx.publish("full", Message.of("b"));
            assertThatThrownBy(tx::commit).hasMessageContaining("QUEUE_FULL");
            assertThat(timed.statistics().unsettled()).isEqualTo(1);
            assertThat(timed.statistics().leasesOver()).isZero();
            timed.pass(1);
            assertThat(timed.statistics().leasesOver()).isEqualTo(1);
        }
    }

    @Test
    void timesBeginWithTheCommit() throws InterruptedException {
        try (TimedBroker timed = open()) {
            Transaction tx = timed.broker.beginTransaction();
            tx.publish(
                    TimedBroker.QUEUE,
                    Message.of("late").withAttributes(RecordAttributes.NONE.withDelayMs(TIMEOUT_MS)));
            timed.pass(TIMEOUT_MS);
            tx.commit();
            timed.subscribe(1);
            timed.pass(TIMEOUT_MS - 1);
            assertThat(timed.deliveries).isEmpty();
            timed.pass(1);
            timed.next("late").ack();
        }
    }

    private TimedBroker open() {
        TimedBroker timed =
                TimedBroker.open(folder, QueueSettings.DEFAULT.with(QueueProperty.CONSUMER_TIMEOUT, TIMEOUT_MS));
        timed.broker.declareQueue("out");
        return timed;
    }
}
