package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deliveries that are their consumer's for a time only. */
class LeasesTest {
    private static final QueueSettings SECOND = QueueSettings.DEFAULT.with(QueueProperty.CONSUMER_TIMEOUT, 1000);

    @TempDir
    private Path folder;

    @Test
    void whatIsNotSettledInTimeGoesToOthersAndALateAckIsIgnored() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, SECOND)) {
            jobs.publish("slow");
            var _ = jobs.subscribe(1);
            Delivery late = jobs.next("slow");
            jobs.pass(999);
            assertThat(jobs.statistics().leasesOver()).isZero();
            jobs.pass(1);
            assertThat(jobs.statistics().leasesOver()).isEqualTo(1);
            assertThat(jobs.statistics().ready()).isEqualTo(1);

            var _ = jobs.subscribe(1);
            Delivery again = jobs.next("slow");
            assertThat(again.deliveryCount()).isEqualTo(1);
            assertThat(again.isRedelivered()).isTrue();
            late.ack();
            assertThat(jobs.statistics().unsettled()).isEqualTo(1);
            again.ack();
            assertThat(jobs.statistics().acknowledged()).isEqualTo(1);
            assertThat(jobs.statistics().unsettled()).isZero();
        }
    }

    @Test
    void whoDoesNotSettleInTimeGetsNoMoreBeforeItDoes() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, SECOND)) {
            jobs.publish("a");
            jobs.publish("b");
            jobs.subscribe(1);
            Delivery late = jobs.next("a");
            jobs.pass(1000);
            assertThat(jobs.statistics().delivered()).isEqualTo(1);
            late.ack();
            Delivery again = jobs.next("a");
            assertThat(again.deliveryCount()).isEqualTo(1);
            again.ack();
            jobs.next("b").ack();
            assertThat(jobs.statistics().acknowledged()).isEqualTo(2);
        }
    }

    @Test
    void aLateAckIsNotTakenForTheNextDeliveryToTheSameConsumer() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, SECOND)) {
            jobs.publish("slow");
            jobs.subscribe(2);
            Delivery late = jobs.next("slow");
            jobs.pass(1000);
            Delivery again = jobs.next("slow");
            late.ack();
            assertThat(jobs.statistics().unsettled()).isEqualTo(1);
            assertThat(jobs.statistics().acknowledged()).isZero();
            again.ack();
            assertThat(jobs.statistics().acknowledged()).isEqualTo(1);
        }
    }

    @Test
    void aLeaseIsRenewedForAsLongAsIsAsked() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, SECOND)) {
            jobs.publish("slow");
            jobs.subscribe(1);
            Delivery delivery = jobs.next("slow");
            jobs.pass(900);
            delivery.renew(Duration.ofSeconds(5));
            jobs.pass(4999);
            assertThat(jobs.statistics().leasesOver()).isZero();
            delivery.renew(Duration.ofMillis(10));
            jobs.pass(9);
            assertThat(jobs.statistics().leasesOver()).isZero();
            jobs.pass(1);
            assertThat(jobs.statistics().leasesOver()).isEqualTo(1);
        }
    }

    @Test
    void aQueueWithoutTimeoutHasLeasesForWhoAsksForThem() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("slow");
            jobs.subscribe(1);
            Delivery delivery = jobs.next("slow");
            jobs.pass(1_000_000_000);
            assertThat(jobs.statistics().leasesOver()).isZero();
            delivery.renew(Duration.ofSeconds(1));
            assertThat(jobs.statistics().leasesOver()).isZero();
            jobs.pass(1000);
            assertThat(jobs.statistics().leasesOver()).isEqualTo(1);
        }
    }

    @Test
    void timesThatRunOutCountForTheDeliveryLimit() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, SECOND.with(QueueProperty.DELIVERY_LIMIT, 1))) {
            jobs.publish("slow");
            jobs.subscribe(10);
            jobs.next("slow");
            jobs.pass(1000);
            jobs.next("slow");
            jobs.pass(1000);
            assertThat(jobs.statistics().deliveryLimitExceeded()).isEqualTo(1);
            assertThat(jobs.statistics().leasesOver()).isEqualTo(2);
            assertThat(jobs.statistics().ready()).isZero();
        }
    }

    @Test
    void settledDeliveriesAreForgottenInBulk() {
        var leases = new Leases<String>();
        long timesKept = 0;
        for (long id = 0; id < 100_000; id++) {
            leases.set("me", id, 60_000 + id);
            leases.end(id);
            timesKept = Math.max(timesKept, leases.kept());
        }
        assertThat(timesKept).isLessThan(2000);
        assertThat(leases.firstDueMs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void manyEndOverSeveralTurnsInTheirOrder() {
        var leases = new Leases<String>();
        int count = 5000;
        for (int id = count; id > 0; id--) {
            leases.set("me", id, id);
        }
        List<Long> over = new ArrayList<>();
        int turns = 0;
        while (leases.firstDueMs() <= count) {
            leases.endOver(count, (_, delivery) -> over.add(delivery));
            turns++;
        }
        assertThat(turns).isGreaterThan(1);
        assertThat(over).hasSize(count).isSorted();
        assertThat(leases.size()).isZero();
    }
}
