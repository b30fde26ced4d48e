package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A queue that serves those whom its records belong to in turn. */
class FairQueueTest {
    private static final QueueSettings FAIR = QueueSettings.DEFAULT.with(QueueProperty.ORDERING, "fair");

    @TempDir
    private Path folder;

    @Test
    void whoHasManyWaitingDoesNotKeepOthersWaiting() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, FAIR)) {
            jobs.publishKeyed("a-1", "a-2", "a-3", "a-4", "b-1", "b-2", "c-1");
            jobs.subscribe(1);
            for (String text : new String[] {"a-1", "b-1", "c-1", "a-2", "b-2", "a-3", "a-4"}) {
                jobs.next(text).ack();
            }
        }
    }

    @Test
    void whoHasTheFewestInFlightIsNext() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, FAIR)) {
            jobs.publishKeyed("a-1", "a-2", "a-3", "a-4", "a-5");
            jobs.subscribe(4);
            Delivery first = jobs.next("a-1");
            jobs.next("a-2");
            jobs.next("a-3");
            jobs.next("a-4");
            jobs.publishKeyed("b-1", "b-2");
            first.ack();
            Delivery other = jobs.next("b-1");
            jobs.expectNothing();
            other.ack();
            jobs.next("b-2");
            jobs.expectNothing();
            assertThat(jobs.statistics().ready()).isEqualTo(1);
        }
    }

    @Test
    void whatComesBackKeepsItsPlaceAmongThoseOfItsOwner() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, FAIR)) {
            jobs.publishKeyed("a-1", "a-2", "a-3", "b-1");
            jobs.subscribe(1);
            jobs.next("a-1").release();
            jobs.next("b-1").ack();
            jobs.next("a-1").release(Duration.ofMillis(100));
            jobs.next("a-2").ack();
            Delivery third = jobs.next("a-3");
            jobs.pass(100);
            third.release();
            jobs.next("a-1").ack();
            jobs.next("a-3").ack();
            assertThat(jobs.statistics().unsettled()).isZero();
        }
    }

    @Test
    void whatCameBackWhileNobodyWantedAnythingIsFirstAgain() {
        var seen = new ArrayList<String>();
        try (var jobs = new SteppedBroker(
                folder, FAIR, (client, delivery, record, count) -> seen.add(SteppedBroker.text(record)))) {
            for (int i = 1; i <= 4; i++) {
                jobs.publish("a", "a-" + i, RecordAttributes.NONE);
            }
            jobs.subscribe(new ConsumerSpec(false, false, 2, null)).close();
            jobs.get(true);
            assertThat(seen).containsExactly("a-1", "a-2", "a-1");
        }
    }

    @Test
    void delaysAndTimesToLiveAreKept() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, FAIR)) {
            jobs.subscribe(1);
            jobs.publishKeyed("a-1");
            jobs.publishKeyed("b-later", RecordAttributes.NONE.withDelayMs(200));
            jobs.publishKeyed("a-old", RecordAttributes.NONE.withTtlMs(100));
            jobs.publishKeyed("a-2");
            Delivery first = jobs.next("a-1");
            jobs.pass(100);
            assertThat(jobs.statistics().expired()).isEqualTo(1);
            jobs.pass(100);
            first.ack();
            jobs.next("a-2").ack();
            jobs.next("b-later").ack();
            jobs.expectNothing();
        }
    }

    @Test
    void dropsTheOldestAtTheLimitWhoseverItIs() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, FAIR.withMaxLength(3, Overflow.DROP_OLDEST))) {
            jobs.subscribe(1);
            jobs.publishKeyed("a-0");
            Delivery first = jobs.next("a-0");
            jobs.publishKeyed("b-1", "a-1", "a-2", "a-3", "a-4");
            assertThat(jobs.statistics().ready()).isEqualTo(3);
            assertThat(jobs.statistics().droppedAtLimit()).isEqualTo(2);
            jobs.publishKeyed("b-2");
            first.ack();
            jobs.next("a-3").ack();
            jobs.next("b-2").ack();
            jobs.next("a-4").ack();
            assertThat(jobs.statistics().ready()).isZero();
        }
    }

    @Test
    void aPurgeTakesAllThatWaits() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, FAIR)) {
            jobs.subscribe(1);
            jobs.publishKeyed("a-1", "a-2", "b-1");
            Delivery first = jobs.next("a-1");
            assertThat(jobs.broker.purgeQueue(TimedBroker.QUEUE)).isEqualTo(2);
            jobs.publishKeyed("a-3");
            first.ack();
            jobs.next("a-3").ack();
            assertThat(jobs.statistics().ready()).isZero();
        }
    }

    @Test
    void prioritiesGoFirstAndEachIsFair() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, FAIR.with(QueueProperty.MAX_PRIORITY, 1))) {
            jobs.publishKeyed("a-1", "a-2", "b-1");
            for (String text : new String[] {"a-urgent1", "a-urgent2", "b-urgent"}) {
                jobs.publishKeyed(text, RecordAttributes.NONE.withPriority(1));
            }
            jobs.subscribe(1);
            for (String text : new String[] {"a-urgent1", "b-urgent", "a-urgent2", "a-1", "b-1", "a-2"}) {
                jobs.next(text).ack();
            }
        }
    }

    @Test
    void afterARestartItIsFairAgain() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, FAIR)) {
            jobs.publishKeyed("a-1", "a-2", "a-3", "b-1");
            jobs.subscribe(1);
            jobs.next("a-1").ack();
            jobs.next("b-1");
        }
        try (var jobs = TimedBroker.open(folder, FAIR)) {
            jobs.subscribe(1);
            jobs.next("a-2").ack();
            jobs.next("b-1").ack();
            jobs.next("a-3").ack();
        }
    }
}
