package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records that come back again and again. */
class DeliveryLimitTest {
    @TempDir
    private Path folder;

    @Test
    void dropsARecordThatCameBackMoreOftenThanAllowed() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, limit(2))) {
            jobs.publish("poison");
            jobs.publish("fine");
            jobs.subscribe(1);
            for (int count = 0; count <= 2; count++) {
                Delivery delivery = jobs.next("poison");
                assertThat(delivery.deliveryCount()).isEqualTo(count);
                assertThat(jobs.statistics().deliveryLimitExceeded()).isZero();
                delivery.release();
            }
            jobs.next("fine").ack();
            assertThat(jobs.statistics().deliveryLimitExceeded()).isEqualTo(1);
            assertThat(jobs.statistics().ready()).isZero();
        }
    }

    @Test
    void countsWhatALostConsumerHad() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, limit(0))) {
            jobs.publish("once");
            Subscription subscription = jobs.subscribe(1);
            jobs.next("once");
            subscription.close();
            assertThat(jobs.statistics().deliveryLimitExceeded()).isEqualTo(1);
        }
    }

    @Test
    void remembersCountsAcrossAStart() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, limit(1))) {
            jobs.publish("poison");
            jobs.subscribe(1);
            jobs.next("poison").release();
            jobs.next("poison");
            assertThat(jobs.statistics().deliveryLimitExceeded()).isZero();
            jobs.deliveries.clear();
        }
        try (var jobs = TimedBroker.open(folder, limit(1))) {
            assertThat(jobs.statistics().ready()).isZero();
        }
    }

    @Test
    void hasALimitThatNobodyChoseAndCanGoWithout() throws InterruptedException {
        int often = 2 * (int) QueueSettings.DEFAULT_DELIVERY_LIMIT;
        assertThat(QueueSettings.DEFAULT.deliveryLimit()).isEqualTo(20);
        try (var jobs = TimedBroker.open(folder, limit(QueueSettings.UNLIMITED))) {
            jobs.publish("patient");
            jobs.subscribe(1);
            for (int i = 0; i < often; i++) {
                jobs.next("patient").release();
            }
            assertThat(jobs.next("patient").deliveryCount()).isEqualTo(often);
        }
    }

    @Test
    void refusesALimitBelowNone() {
        assertThatThrownBy(() -> limit(-2)).hasMessageContaining("delivery-limit is -2, expected a whole number");
    }

    private static QueueSettings limit(long limit) {
        return QueueSettings.DEFAULT.with(QueueProperty.DELIVERY_LIMIT, limit);
    }
}
