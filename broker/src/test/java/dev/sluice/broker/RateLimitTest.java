package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    private static final long MS = 1_000_000;

    @Test
    void aFullBucketIsFreeAndWhatIsTakenBeyondItHasToBeWaitedFor() {
        var limit = new RateLimit(1_000, 100, 0);
        assertThat(limit.take(100, 0)).isZero();
        assertThat(limit.take(50, 0)).isEqualTo(50 * MS);
        assertThat(limit.waitNs(20 * MS)).isEqualTo(30 * MS);
        assertThat(limit.waitNs(50 * MS)).isZero();
    }

    @Test
    void aLongPauseFillsTheBucketAndNoMore() {
        var limit = new RateLimit(1_000, 100, 0);
        limit.take(100, 0);
        assertThat(limit.take(101, 3_600_000 * MS)).isEqualTo(MS);
    }

    @Test
    void whoeverWaitsAsToldPublishesAtTheRate() {
        var random = new Random(7);
        var limit = new RateLimit(5_000, 10, 0);
        long now = 0;
        long taken = 0;
        while (now < 10_000 * MS) {
            int units = 1 + random.nextInt(200);
            taken += units;
            now += limit.take(units, now);
        }
        assertThat(taken).as("seed 7").isBetween(50_000L, 50_300L);
    }

    @Test
    void theClockMayBeAnywhere() {
        long start = Long.MAX_VALUE - 5 * MS; // nanoTime may be, and go on through the smallest number
        var limit = new RateLimit(1_000, 1, start);
        assertThat(limit.take(11, start)).isEqualTo(10 * MS);
        assertThat(limit.waitNs(start + 10 * MS)).isZero();
        assertThat(limit.take(2, start + 20 * MS)).isEqualTo(MS);
    }

    @Test
    void aNewRateIsForWhatIsTakenFromThenOn() {
        var limit = new RateLimit(1_000, 0, 0);
        limit.take(10, 0);
        limit.setPerSecond(100);
        assertThat(limit.waitNs(0)).isEqualTo(10 * MS);
        assertThat(limit.take(1, 0)).isEqualTo(20 * MS);
        assertThatThrownBy(() -> limit.setPerSecond(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void severalThreadsShareOneLimit() throws Exception {
        var limit = new RateLimit(1_000, 0, 0);
        var most = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofVirtual().start(() -> {
                for (int n = 0; n < 1_000; n++) {
                    most.accumulateAndGet(limit.take(1, 0), Math::max);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(most.get()).isEqualTo(4_000 * MS);
    }
}
