package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How long a record that came back waits. */
class RetryDelayTest {
    private static final long SEED = Long.getLong("retry.seed", 42);

    private final Random random = new Random(SEED);

    @Test
    void isDisabledUnlessChosen() {
        assertThat(delays(QueueSettings.DEFAULT.retryDelay(), 3)).containsExactly(0, 0, 0);
    }

    @Test
    void isAlwaysTheSame() {
        assertThat(delays(new RetryDelay(RetryDelay.Type.FIXED, 100, 1000), 3)).containsExactly(100, 100, 100);
    }

    @Test
    void growsByTheLeastUpToTheMost() {
        assertThat(delays(new RetryDelay(RetryDelay.Type.LINEAR, 100, 250), 4)).containsExactly(100, 200, 250, 250);
    }

    @Test
    void doublesMoreOrLessUpToTheMost() {
        var delay = new RetryDelay(RetryDelay.Type.EXPONENTIAL, 1000, 7000);
        for (int count = 1; count <= 3; count++) {
            long plainMs = 1000L << (count - 1);
            for (int i = 0; i < 1000; i++) {
                assertThat(delay.delayMs(count, random))
                        .as("count %s, run with -Dretry.seed=%s", count, SEED)
                        .isBetween(plainMs * 8 / 10, plainMs * 12 / 10);
            }
        }
        assertThat(IntStream.range(0, 100)
                        .mapToLong(i -> delay.delayMs(2, random))
                        .distinct()
                        .count())
                .isGreaterThan(10);
        assertThat(delay.delayMs(4, random)).isBetween(6400L, 7000L);
        assertThat(delay.delayMs(1_000_000, random)).isEqualTo(7000);
    }

    @Test
    void growsWithoutEndAndWithoutOverflow() {
        var delay = new RetryDelay(RetryDelay.Type.EXPONENTIAL, Long.MAX_VALUE, QueueSettings.UNLIMITED);
        assertThat(delay.delayMs(1000, random)).isGreaterThan(Long.MAX_VALUE / 2);
    }

    private long[] delays(RetryDelay delay, int times) {
        return IntStream.rangeClosed(1, times)
                .mapToLong(count -> delay.delayMs(count, random))
                .toArray();
    }
}
