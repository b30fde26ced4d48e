package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long records may wait, by their own wish and by their queue's. */
class TimeToLiveTest {
    @TempDir
    private Path folder;

    @Test
    void expiresByTheRecordsOwnTimeWithoutAnybodyComingForIt() {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("short", ttl(1000));
            jobs.publish("for ever");
            jobs.pass(999);
            assertThat(jobs.statistics().expired()).isZero();
            jobs.pass(1);
            assertThat(jobs.statistics().expired()).isEqualTo(1);
            assertThat(jobs.statistics().ready()).isEqualTo(1);
        }
    }

    @Test
    void theShorterTimeOfRecordAndQueueCounts() {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT.with(QueueProperty.MESSAGE_TTL, 2000))) {
            jobs.publish("short", ttl(1000));
            jobs.publish("long", ttl(5000));
            jobs.pass(1000);
            assertThat(jobs.statistics().expired()).isEqualTo(1);
            jobs.pass(1000);
            assertThat(jobs.statistics().expired()).isEqualTo(2);
        }
    }

    @Test
    void neverDeliversWhatIsOverBehindOthers() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("first");
            jobs.publish("short", ttl(1000));
            jobs.publish("last");
            jobs.pass(1000);
            assertThat(jobs.statistics().expired()).isZero();
            jobs.subscribe(10);
            jobs.next("first").ack();
            jobs.next("last").ack();
            assertThat(jobs.statistics().expired()).isEqualTo(1);
        }
    }

    @Test
    void aRecordThatCameBackExpiresToo() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("short", ttl(1000));
            try (var _ = jobs.subscribe(1)) {
                Delivery delivery = jobs.next("short");
                jobs.pass(1000);
                assertThat(jobs.statistics().expired()).isZero();
                delivery.release();
                assertThat(jobs.statistics().expired()).isEqualTo(1);
            }
        }
    }

    @Test
    void expiresAfterAStartWhatWasOverMeanwhile() {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("short", ttl(1000));
            jobs.publish("longer", ttl(3000));
        }
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT, TimedBroker.START_MS + 1000)) {
            awaitExpired(jobs, 1); // it is read from the storage first
            assertThat(jobs.statistics().ready()).isEqualTo(1);
            jobs.pass(2000);
            awaitExpired(jobs, 2);
        }
    }

    @Test
    void whatMayNotWaitGoesToWhoeverWaitsForIt() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("nobody is there", ttl(0));
            assertThat(jobs.statistics().expired()).isEqualTo(1);
            jobs.subscribe(1);
            jobs.publish("taken", ttl(0));
            Delivery taken = jobs.next("taken");
            jobs.publish("busy", ttl(0));
            assertThat(jobs.statistics().expired()).isEqualTo(2);
            taken.ack();
            assertThat(jobs.statistics().delivered()).isEqualTo(1);
        }
    }

    @Test
    void whatMayNotWaitDoesNotReachWhoComesLaterEitherBehindOthers() throws InterruptedException {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("first");
            jobs.publish("at once or never", ttl(0));
            jobs.publish("last");
            jobs.pass(1000);
            jobs.subscribe(10);
            jobs.next("first").ack();
            jobs.next("last").ack();
            assertThat(jobs.statistics().expired()).isEqualTo(1);
        }
    }

    @Test
    void manyThatAreOverAtOnceGoInSeveralTurns() {
        int count = 5000;
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            var stored = new ArrayList<CompletableFuture<Integer>>();
            for (int i = 0; i < count; i++) {
                stored.add(
                        jobs.broker.publish(TimedBroker.QUEUE, Message.of("x").withAttributes(ttl(1000))));
            }
            stored.forEach(CompletableFuture::join);
            jobs.pass(1000);
            awaitExpired(jobs, count);
            assertThat(jobs.statistics().ready()).isZero();
        }
    }

    @Test
    void timesWithoutEndAreNoProblem() {
        try (var jobs = TimedBroker.open(folder, QueueSettings.DEFAULT)) {
            jobs.publish("for ever and ever", ttl(Long.MAX_VALUE));
            jobs.pass(1_000_000_000_000L);
            assertThat(jobs.statistics().ready()).isEqualTo(1);
        }
    }

    private static void awaitExpired(TimedBroker jobs, long count) {
        while (jobs.statistics().expired() < count) {
            Thread.onSpinWait();
        }
        assertThat(jobs.statistics().expired()).isEqualTo(count);
    }

    private static RecordAttributes ttl(long ms) {
        return RecordAttributes.NONE.withTtlMs(ms);
    }
}
