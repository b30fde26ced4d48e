package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records that are not ready before a time: delayed by their publisher, or by whoever gave them back. */
class HeldBackTest {
    @TempDir
    private Path folder;

    @Test
    void deliversADelayedRecordWhenItIsDueAndOthersBefore() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.subscribe(10);
            jobs.publish("later", delay(1000));
            jobs.publish("now");
            jobs.next("now").ack();
            assertThat(jobs.statistics().held()).isEqualTo(1);
            assertThat(jobs.statistics().ready()).isZero();
            jobs.pass(999);
            assertThat(jobs.statistics().delivered()).isEqualTo(1);
            jobs.pass(1);
            Delivery later = jobs.next("later");
            assertThat(later.deliveryCount()).isZero();
            assertThat(later.isRedelivered()).isFalse();
            later.ack();
            assertThat(jobs.statistics().held()).isZero();
        }
    }

    @Test
    void whatIsDueIsReadyInItsPlace() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("third", delay(3000));
            jobs.publish("first", delay(1000));
            jobs.publish("second", delay(2000));
            jobs.publish("fourth");
            assertThat(jobs.statistics().ready()).isEqualTo(1);
            jobs.pass(3000);
            assertThat(jobs.statistics().ready()).isEqualTo(4);
            jobs.subscribe(10);
            for (String text : new String[] {"third", "first", "second", "fourth"}) {
                jobs.next(text).ack();
            }
        }
    }

    @Test
    void isExactAcrossAStart() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("later", delay(1000));
            jobs.publish("now");
        }
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT, TimedBroker.START_MS + 400)) {
            jobs.subscribe(10);
            jobs.next("now").ack();
            jobs.pass(599);
            assertThat(jobs.statistics().delivered()).isEqualTo(1);
            jobs.pass(1);
            jobs.next("later").ack();
        }
    }

    @Test
    void theTimeToLiveBeginsWhenTheDelayIsOver() {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("later", delay(1000).withTtlMs(500));
            jobs.pass(1000);
            assertThat(jobs.statistics().ready()).isEqualTo(1);
            jobs.pass(499);
            assertThat(jobs.statistics().expired()).isZero();
            jobs.pass(1);
            assertThat(jobs.statistics().expired()).isEqualTo(1);
        }
    }

    @Test
    void aReleaseWithDelayLetsOthersGoFirst() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("again");
            jobs.publish("other");
            jobs.subscribe(1);
            Delivery first = jobs.next("again");
            assertThatThrownBy(() -> first.release(Duration.ofMillis(-1))).hasMessageContaining("not negative");
            first.release(Duration.ofSeconds(5));
            jobs.next("other").ack();
            assertThat(jobs.statistics().held()).isEqualTo(1);
            jobs.pass(4999);
            assertThat(jobs.statistics().delivered()).isEqualTo(2);
            jobs.pass(1);
            Delivery again = jobs.next("again");
            assertThat(again.deliveryCount()).isEqualTo(1);
            again.ack();
        }
    }

    @Test
    void theQueueDelaysRetriesLongerEachTime() throws InterruptedException {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.DELAYED_RETRY_TYPE, "linear")
                .with(QueueProperty.DELAYED_RETRY_MIN, 100)
                .with(QueueProperty.DELAYED_RETRY_MAX, 250)
                .with(QueueProperty.DELIVERY_LIMIT, 3);
        try (var jobs = TimedBroker.open(folder, settings)) {
            jobs.publish("again");
            jobs.subscribe(1);
            jobs.next("again").release();
            long delivered = 1;
            for (long delayMs : new long[] {100, 200, 250}) {
                jobs.pass(delayMs - 1);
                assertThat(jobs.statistics().delivered()).isEqualTo(delivered);
                jobs.pass(1);
                jobs.next("again").release();
                delivered++;
            }
            assertThat(jobs.statistics().deliveryLimitExceeded()).isEqualTo(1);
            assertThat(jobs.statistics().held()).isZero();
        }
    }

    @Test
    void aPurgeSettlesWhatIsHeldToo() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("later", delay(1000));
            jobs.publish("now");
            assertThat(jobs.broker.purgeQueue(TimedBroker.QUEUE)).isEqualTo(2);
            jobs.pass(1000);
            assertThat(jobs.statistics().held()).isZero();
            assertThat(jobs.statistics().ready()).isZero();
            jobs.subscribe(1);
            jobs.publish("next");
            jobs.next("next").ack();
        }
    }

    @Test
    void manyThatAreDueAtOnceComeInSeveralTurns() throws InterruptedException {
        int count = 5000;
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            var stored = new ArrayList<CompletableFuture<Integer>>();
            for (int i = 0; i < count; i++) {
                stored.add(jobs.broker.publish(
                        TimedBroker.QUEUE, Message.of(String.valueOf(i)).withAttributes(delay(1000 + i % 7))));
            }
            stored.forEach(CompletableFuture::join);
            while (jobs.statistics().held() < count) {
                Thread.onSpinWait();
            }
            jobs.pass(1007);
            while (jobs.statistics().held() > 0) {
                jobs.pass(1);
            }
            jobs.subscribe(100);
            for (int i = 0; i < count; i++) {
                jobs.next(String.valueOf(i)).ack();
            }
        }
    }

    private static RecordAttributes delay(long ms) {
        return RecordAttributes.NONE.withDelayMs(ms);
    }
}
