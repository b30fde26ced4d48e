package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A queue that keeps each key in order, however many consume it. */
class KeyOrderedQueueTest {
    private static final QueueSettings BY_KEY = QueueSettings.DEFAULT.with(QueueProperty.ORDERING, "key");

    private static final int PUBLISHED_AT_ONCE = 10_000;

    @TempDir
    private Path folder;

    @Test
    void oneRecordOfAKeyIsUnsettledAtATimeAndOthersFlow() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY)) {
            jobs.subscribe(10);
            jobs.subscribe(10);
            jobs.publishKeyed("a-1", "a-2", "b-1", "a-3", "b-2", "-1", "-2");
            Delivery a = jobs.next("a-1");
            Delivery b = jobs.next("b-1");
            jobs.next("-1").ack();
            jobs.next("-2").ack();
            jobs.expectNothing();
            assertThat(jobs.statistics().ready()).isEqualTo(3);
            b.ack();
            jobs.next("b-2").ack();
            jobs.expectNothing();
            a.ack();
            Delivery second = jobs.next("a-2");
            jobs.expectNothing();
            second.ack();
            jobs.next("a-3").ack();
            assertThat(jobs.statistics().ready()).isZero();
        }
    }

    @Test
    void aFailingKeyWaitsForItsRetryWhileOthersFlow() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY)) {
            jobs.subscribe(10);
            jobs.publishKeyed("a-1", "a-2", "b-1", "b-2");
            Delivery failed = jobs.next("a-1");
            failed.release(Duration.ofMillis(500));
            jobs.next("b-1").ack();
            jobs.next("b-2").ack();
            jobs.pass(499);
            jobs.expectNothing();
            jobs.pass(1);
            jobs.next("a-1").ack();
            jobs.next("a-2").ack();
        }
    }

    @Test
    void whatComesBackTooOftenIsGivenUpAndSetsItsKeyFree() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY.with(QueueProperty.DELIVERY_LIMIT, 1))) {
            jobs.subscribe(10);
            jobs.publishKeyed("a-1", "a-2");
            jobs.next("a-1").release();
            jobs.next("a-1").release();
            jobs.next("a-2").ack();
            assertThat(jobs.statistics().deliveryLimitExceeded()).isEqualTo(1);
        }
    }

    /** Also while the dead letter waits, since nobody takes it. */
    @Test
    void aDeadLetterSetsItsKeyFree() throws InterruptedException {
        QueueSettings settings =
                BY_KEY.with(QueueProperty.DEAD_LETTER_EXCHANGE, "").with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "dead");
        try (var jobs = TimedBroker.open(folder, settings)) {
            QueueSettings full = QueueSettings.DEFAULT.withMaxLength(0, Overflow.REJECT);
            jobs.broker.declareQueue(new QueueSpec("dead", true, false, false, full));
            jobs.subscribe(10);
            jobs.publishKeyed("a-1", "a-2");
            jobs.next("a-1").reject();
            jobs.next("a-2").ack();
            assertThat(jobs.statistics().unsettled()).isEqualTo(1);
        }
    }

    @Test
    void aLeaseThatEndsKeepsTheLockForItsRecord() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY.with(QueueProperty.CONSUMER_TIMEOUT, 1000))) {
            jobs.subscribe(1);
            jobs.publishKeyed("a-1", "a-2");
            Delivery late = jobs.next("a-1");
            jobs.subscribe(5);
            jobs.pass(1000);
            Delivery again = jobs.next("a-1");
            late.ack();
            jobs.expectNothing();
            again.ack();
            jobs.next("a-2").ack();
        }
    }

    @Test
    void consumersThatGoPutBackWhatIsNextOfItsKey() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY)) {
            Subscription first = jobs.subscribe(10);
            jobs.publishKeyed("a-1", "a-2", "b-1", "b-2");
            jobs.next("a-1");
            jobs.next("b-1").ack();
            jobs.next("b-2");
            first.close();
            jobs.publishKeyed("b-3");
            jobs.subscribe(10);
            Delivery a = jobs.next("a-1");
            Delivery b = jobs.next("b-2");
            jobs.expectNothing();
            b.ack();
            jobs.next("b-3").ack();
            a.ack();
            jobs.next("a-2").ack();
        }
    }

    @Test
    void aDelayedRecordLocksNothingAndThenStandsInItsPlace() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY)) {
            jobs.publishKeyed("a-1", RecordAttributes.NONE.withDelayMs(1000));
            jobs.publishKeyed("a-2", "a-3", "a-4");
            jobs.subscribe(10);
            Delivery second = jobs.next("a-2");
            jobs.pass(1000);
            jobs.expectNothing();
            second.ack();
            jobs.next("a-1").ack();
            jobs.next("a-3").ack();
            jobs.next("a-4").ack();
        }
    }

    @Test
    void whatExpiresBehindALockedKeyGoesWhenItIsTheOldestOrItIsItsTurn() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY)) {
            jobs.subscribe(10);
            jobs.publishKeyed("a-1");
            jobs.publishKeyed("a-2", RecordAttributes.NONE.withTtlMs(100));
            jobs.publishKeyed("a-3");
            jobs.publishKeyed("a-4", RecordAttributes.NONE.withTtlMs(100));
            jobs.publishKeyed("a-5");
            jobs.publishKeyed("a-6", RecordAttributes.NONE.withTtlMs(0));
            Delivery first = jobs.next("a-1");
            jobs.pass(100);
            assertThat(jobs.statistics().expired())
                    .as("a-2, and a-6, which may not wait")
                    .isEqualTo(2);
            first.ack();
            jobs.next("a-3").ack();
            jobs.next("a-5").ack();
            assertThat(jobs.statistics().expired()).isEqualTo(3);
            assertThat(jobs.statistics().ready()).isZero();
        }
    }

    @Test
    void bytesAreLimitedAsRecordsAre() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY.with(QueueProperty.MAX_LENGTH_BYTES, 9))) {
            jobs.subscribe(10);
            jobs.publishKeyed("a-1");
            Delivery first = jobs.next("a-1");
            jobs.publishKeyed("a-2", "a-3", "a-4", "a-5");
            assertThat(jobs.statistics().ready()).isEqualTo(3);
            assertThat(jobs.statistics().droppedAtLimit()).isEqualTo(1);
            first.ack();
            jobs.next("a-3").ack();
            jobs.next("a-4").ack();
            jobs.next("a-5").ack();
            assertThat(jobs.statistics().readyBytes()).isZero();
        }
    }

    @Test
    void whatWaitsCountsForTheLimitAndGivesWayTheOldestFirst() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY.withMaxLength(3, Overflow.DROP_OLDEST))) {
            jobs.subscribe(10);
            jobs.publishKeyed("a-1");
            Delivery first = jobs.next("a-1");
            jobs.publishKeyed("a-2", "a-3", "a-4", "a-5", "a-6");
            assertThat(jobs.statistics().ready()).isEqualTo(3);
            assertThat(jobs.statistics().droppedAtLimit()).isEqualTo(2);
            first.ack();
            jobs.next("a-4").ack();
            jobs.next("a-5").ack();
            jobs.next("a-6").ack();
            assertThat(jobs.statistics().unsettled()).isZero();
        }
    }

    /** It came back, holds its key, and is the oldest. */
    @Test
    void droppingWhatHoldsAKeySetsItFree() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY.withMaxLength(2, Overflow.DROP_OLDEST))) {
            Subscription first = jobs.subscribe(1);
            jobs.publishKeyed("a-1");
            jobs.next("a-1");
            jobs.publishKeyed("a-2");
            first.close();
            jobs.publishKeyed("a-3");
            assertThat(jobs.statistics().droppedAtLimit()).isEqualTo(1);
            jobs.subscribe(1);
            jobs.next("a-2").ack();
            jobs.next("a-3").ack();
        }
    }

    @Test
    void aPurgeTakesWhatWaitsAndLeavesTheLock() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY)) {
            jobs.subscribe(10);
            jobs.publishKeyed("a-1", "a-2", "a-3");
            Delivery first = jobs.next("a-1");
            assertThat(jobs.broker.purgeQueue(TimedBroker.QUEUE)).isEqualTo(2);
            assertThat(jobs.statistics().ready()).isZero();
            jobs.publishKeyed("a-4");
            jobs.expectNothing();
            first.ack();
            jobs.next("a-4").ack();
            assertThat(jobs.statistics().unsettled()).isZero();
        }
    }

    @Test
    void afterARestartEverythingIsReadyInOrder() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY)) {
            jobs.subscribe(10);
            jobs.publishKeyed("a-1", "a-2", "b-1", "a-3", "b-2");
            jobs.next("a-1");
            jobs.next("b-1").ack();
            jobs.next("b-2");
        }
        try (var jobs = TimedBroker.open(folder, BY_KEY)) {
            assertThat(jobs.statistics().ready()).isEqualTo(4);
            jobs.subscribe(10);
            Delivery first = jobs.next("a-1");
            jobs.next("b-2").ack();
            jobs.expectNothing();
            first.ack();
            jobs.next("a-2").ack();
            jobs.next("a-3").ack();
        }
    }

    @Test
    void oneLockServesAllPriorities() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY.with(QueueProperty.MAX_PRIORITY, 9))) {
            jobs.subscribe(10);
            jobs.publishKeyed("a-1");
            Delivery first = jobs.next("a-1");
            jobs.publishKeyed("a-2", "a-3");
            jobs.publishKeyed("a-urgent", RecordAttributes.NONE.withPriority(9));
            jobs.publishKeyed("b-urgent", RecordAttributes.NONE.withPriority(9));
            jobs.next("b-urgent").ack();
            jobs.expectNothing();
            first.ack();
            jobs.next("a-urgent").ack();
            jobs.next("a-2").ack();
            jobs.next("a-3").ack();
        }
    }

    @Test
    void aSingleActiveConsumerIsStillTheOnlyOne() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, BY_KEY.with(QueueProperty.SINGLE_ACTIVE_CONSUMER, true))) {
            Subscription active = jobs.subscribe(1);
            jobs.subscribe(10);
            jobs.publishKeyed("a-1", "a-2");
            jobs.next("a-1");
            jobs.expectNothing();
            active.close();
            jobs.next("a-1").ack();
            jobs.next("a-2").ack();
        }
    }

    @Test
    void servesNoFurtherAheadWhenTooManyWaitBehindLockedKeys() {
        var texts = new ArrayList<String>();
        var deliveries = new ArrayList<Long>();
        try (var jobs = new SteppedBroker(folder, BY_KEY, (client, delivery, record, count) -> {
            texts.add(SteppedBroker.text(record));
            deliveries.add(delivery);
        })) {
            SteppedBroker.Client client = jobs.subscribe(new ConsumerSpec(false, false, 0, null));
            int published = PassedOver.MOST + 2;
            for (int first = 0; first < published; first += PUBLISHED_AT_ONCE) {
                int count = Math.min(PUBLISHED_AT_ONCE, published - first);
                jobs.run(() -> {
                    for (int i = 0; i < count; i++) {
                        jobs.publish("a", "a", RecordAttributes.NONE);
                    }
                });
            }
            jobs.publish("b", "b", RecordAttributes.NONE);
            for (int passed = 0; passed <= PassedOver.MOST; passed += 1024) {
                jobs.quiet();
            }
            assertThat(texts).containsExactly("a");
            assertThat(jobs.statistics().ready()).isEqualTo(PassedOver.MOST + 2);
            assertThat(jobs.get(true).wasAnswered()).isTrue();
            client.settle(deliveries.getFirst(), Settlement.ACK);
            jobs.quiet();
            assertThat(texts).containsExactly("a", "a", "b");
        }
    }
}
