package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Replays loads of a disk and of a queue as samples of one a second, and compares what is forecast with what then happened. */
class GrowthForecastTest {
    private static final double LIMIT_BYTES = 10e9;
    private static final double LEAST_NOISE_BYTES = 4096;

    /** What fills up, and the least of it that is no rounding. */
    private record Resource(double limit, double leastNoise) {}

    private static final Resource DISK = new Resource(LIMIT_BYTES, LEAST_NOISE_BYTES);
    private static final List<Resource> RESOURCES = List.of(DISK, new Resource(10_000, 1), new Resource(10_000_000, 1));
    private static final int SEEDS = 40;
    private static final int[] MINUTES = {2, 10, 30, 120};
    private static final double STEP_BYTES = 64 << 20;

    /** Of the ramp: a forecast is asked for in each second from the half of it to here. */
    private static final double ASKED_UNTIL = 0.9;

    private final GrowthForecast forecast = new GrowthForecast(LEAST_NOISE_BYTES);

    /** A load: the ramp as share of the limit over share of the time, and what comes on top of it each second. */
    private record Load(DoubleUnaryOperator ramp, Noise noise, int flatSeconds) {}

    private interface Noise {
        double next(Random random);
    }

    /** The forecast time until the limit in relation to the real one: the smallest and the largest, and those of the last part. */
    private record Errors(double least, double most, double lastLeast, double lastMost) {
        boolean isWithin(double share) {
            return least >= 1 - share && most <= 1 + share;
        }
    }

    static IntStream seeds() {
        return IntStream.range(0, SEEDS);
    }

    @Test
    void aLinearRampIsForecastExactlyWhateverWasBefore() {
        for (Resource resource : RESOURCES) {
            for (int minutes : MINUTES) {
                for (int flat : new int[] {0, 1_200}) {
                    Errors errors = replay(resource, new Load(at -> at, random -> 0, flat), minutes, 0);
                    assertThat(errors.isWithin(0.01))
                            .as("%s, %d minutes: %s", resource, minutes, errors)
                            .isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aNoisyLinearRampIsForecastWithinAFifth(int seed) {
        for (Resource resource : RESOURCES) {
            for (int i = 0; i < 2 * MINUTES.length; i++) {
                int minutes = MINUTES[i / 2];
                int flat = i % 2 == 0 ? 0 : 1_200;
                // The noise is a hundredth of the limit: in two hours, as much as grows in more than a minute.
                Load load = new Load(at -> at, random -> 0.01 * random.nextGaussian(), flat);
                Errors errors = replay(resource, load, minutes, seed);
                assertThat(errors.isWithin(0.2))
                        .as("seed %d, %d minutes: %s", seed, minutes, errors)
                        .isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aRateThatChangedIsForecastWithinAFifth(int seed) {
        for (int minutes : new int[] {10, 30, 120}) {
            for (double factor : new double[] {2, 0.5}) {
                double first =
                        1 / (1 + 3 * factor) * 4; // a quarter of the time at this rate, the rest at factor times it
                DoubleUnaryOperator ramp = at -> at < 0.25 ? at * first : 0.25 * first + (at - 0.25) * first * factor;
                Errors errors = replay(DISK, new Load(ramp, random -> 0.005 * random.nextGaussian(), 0), minutes, seed);
                assertThat(errors.isWithin(0.2))
                        .as("seed %d, %d minutes, factor %s: %s", seed, minutes, factor, errors)
                        .isTrue();
            }
        }
    }

    /** Every 20 seconds or so up to three hundredths of the limit come at once and are consumed within seconds; or up to a twentieth every minute. In ramps of two minutes there are too few of them. */
    @ParameterizedTest
    @MethodSource("seeds")
    void aDriftUnderBurstsIsForecastWithinAFifth(int seed) {
        for (Resource resource : RESOURCES) {
            for (int minutes : new int[] {5, 10, 30, 120}) {
                for (Noise bursts : List.of(bursts(0.03, 20), bursts(0.05, 60))) {
                    Errors errors = replay(resource, new Load(at -> at, bursts, seed % 2 * 1_200), minutes, seed);
                    assertThat(errors.isWithin(0.2))
                            .as("seed %d, %s, %d minutes: %s", seed, resource, minutes, errors)
                            .isTrue();
                }
            }
        }
    }

    /** Up to {@code most} of the limit at once, every {@code seconds} on average, that half are gone of after four seconds. */
    private static Noise bursts(double most, int seconds) {
        double[] burst = {0};
        return random -> {
            burst[0] *= 0.85;
            burst[0] += random.nextInt(seconds) == 0 ? most * random.nextDouble() : 0;
            return burst[0] + 0.002 * random.nextGaussian();
        };
    }

    /** Nothing is consumed, and what comes does so in bursts of differing size, 4 to 6 seconds after one another. */
    @ParameterizedTest
    @MethodSource("seeds")
    void whatComesInBurstsIsForecastWithinAFifth(int seed) {
        for (Resource resource : RESOURCES) {
            for (int minutes : new int[] {30, 120}) {
                double[] filled = arrivals(new Random(seed), minutes * 60);
                DoubleUnaryOperator ramp = at -> filled[(int) Math.round(at * minutes * 60)];
                Errors errors = replay(resource, new Load(ramp, random -> 0, 0), minutes, seed);
                assertThat(errors.isWithin(0.2))
                        .as("seed %d, %s, %d minutes: %s", seed, resource, minutes, errors)
                        .isTrue();
            }
        }
    }

    /** For each second how much there is of what there is in the end. */
    private static double[] arrivals(Random random, int seconds) {
        double[] filled = new double[seconds + 1];
        int next = 0;
        for (int second = 1; second <= seconds; second++) {
            filled[second] = filled[second - 1];
            if (second >= next) {
                filled[second] += 0.75 + random.nextDouble() / 2;
                next = second + random.nextInt(4, 7);
            }
        }
        double all = filled[seconds];
        return Arrays.stream(filled).map(amount -> amount / all).toArray();
    }

    @Test
    void aDiskThatFillsByWholeJournalFilesIsForecastWithinAFifth() {
        for (int minutes : MINUTES) {
            Load load = new Load(
                    at -> Math.floor(at * LIMIT_BYTES / STEP_BYTES) * STEP_BYTES / LIMIT_BYTES, random -> 0, 1_200);
            assertThat(replay(DISK, load, minutes, 0).isWithin(0.2))
                    .as("%d minutes", minutes)
                    .isTrue();
        }
    }

    /**
     * A line cannot know that a rate goes on rising: of a load that grows with the square of time the forecast is never too short and up to twice too long at half of the time, when a straight line itself would be half too long;
     * in the last part it comes to less than half too long.
     */
    @ParameterizedTest
    @ValueSource(ints = {10, 30, 120})
    void anAcceleratingRampIsForecastTooLateAndLessAndLessSo(int minutes) {
        Errors errors = replay(DISK, new Load(at -> at * at, random -> 0.002 * random.nextGaussian(), 0), minutes, 1);
        assertThat(errors.least()).isGreaterThan(1);
        assertThat(errors.most()).isLessThan(2.1);
        assertThat(errors.lastMost()).isLessThan(1.5).isLessThan(errors.most());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void saysNothingOfWhatOnlyFluctuates(int seed) {
        var random = new Random(seed);
        for (int second = 0; second < 3_600; second++) {
            forecast.sample(second * 1_000L, (long) (LIMIT_BYTES * (0.5 + 0.01 * random.nextGaussian())));
            // Chance may look like a trend for a moment, but never like one that matters.
            assertThat(forecast.msUntil((long) LIMIT_BYTES).orElse(Long.MAX_VALUE))
                    .as("seed %d, second %d", seed, second)
                    .isGreaterThan(5 * 60_000);
        }
    }

    @Test
    void aSingleJumpIsNoGrowth() {
        for (int second = 0; second < 600; second++) {
            forecast.sample(second * 1_000L, second < 300 ? 1_000_000_000 : 1_300_000_000);
        }
        assertThat(forecast.msUntil((long) LIMIT_BYTES)).isEmpty();
        assertThat(forecast.perSecond()).isZero();
    }

    @Test
    void whatShrinksHasATimeToALowerMarkOnly() {
        for (int second = 0; second < 60; second++) {
            forecast.sample(second * 1_000L, 9_000_000_000L - second * 10_000_000L);
        }
        assertThat(forecast.perSecond()).isCloseTo(-10_000_000, within(1.0));
        assertThat(forecast.msUntil((long) LIMIT_BYTES)).isEmpty();
        assertThat(forecast.msUntil(8_000_000_000L).orElseThrow()).isBetween(40_000L, 42_000L);
    }

    @Test
    void saysNothingOfTheFirstMoments() {
        for (int second = 0; second < 10; second++) {
            forecast.sample(second * 1_000L, second * 1_000_000_000L);
            assertThat(forecast.msUntil((long) LIMIT_BYTES)).isEmpty();
        }
    }

    @Test
    void aClockThatStandsStillIsLeftOut() {
        forecast.sample(1_000, 5);
        forecast.sample(1_000, 500);
        forecast.sample(900, 500);
        assertThat(forecast.perSecond()).isZero();
    }

    private static Errors replay(Resource resource, Load load, int minutes, int seed) {
        var forecast = new GrowthForecast(resource.leastNoise());
        var random = new Random(seed);
        int seconds = minutes * 60;
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        double lastLeast = Double.POSITIVE_INFINITY;
        double lastMost = 0;
        for (int second = -load.flatSeconds(); second < seconds * ASKED_UNTIL; second++) {
            double at = Math.max(0, second / (double) seconds);
            double used = resource.limit()
                    * (load.ramp().applyAsDouble(at) + load.noise().next(random));
            forecast.sample((second + load.flatSeconds()) * 1_000L, (long) Math.max(0, used));
            if (at >= 0.5) {
                long said = forecast.msUntil((long) resource.limit()).orElse(-1);
                if (said < 0) {
                    continue; // no forecast for the moment, since the rate has just changed
                }
                double error = said / ((seconds - second) * 1_000.0);
                least = Math.min(least, error);
                most = Math.max(most, error);
                if (at >= ASKED_UNTIL - 0.05) {
                    lastLeast = Math.min(lastLeast, error);
                    lastMost = Math.max(lastMost, error);
                }
            }
        }
        assertThat(most).as("there was a forecast").isPositive();
        return new Errors(least, most, lastLeast, lastMost);
    }
}
