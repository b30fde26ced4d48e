package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.RecordCursor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ten quiet tenants and consumers that need a fixed time for each record; then a tenant comes who publishes a hundred times as much as each of them, many times what the consumers can do. Prints its seed, and takes one from the property
 * {@code seed}.
 */
class FairQueueSimTest {
    private static final int QUIET_TENANTS = 10;
    private static final int TIMES_NOISIER = 100;
    private static final int CONSUMERS = 20;
    private static final long SERVICE_MS = 100;
    /** When the noisy one comes; who waits before does not count. */
    private static final int CALM_MS = 2_000;

    private static final int RUN_MS = 40_000;

    @TempDir
    private Path folder;

    /** The consumers are busy, so that there is a wait to compare with. */
    @Test
    void quietTenantsWaitAtMostHalfAsLongAgainForTheNoisyOne() {
        double load = 0.92;
        long calmMs = p99("calm", "fair", load, 0);
        long noisyMs = p99("noisy", "fair", load, TIMES_NOISIER);
        long unfairMs = p99("unfair", "fifo", load, TIMES_NOISIER);
        System.out.printf("p99 in ms: calm %d, noisy %d, without fairness %d%n", calmMs, noisyMs, unfairMs);
        assertThat(noisyMs).isLessThanOrEqualTo(calmMs * 3 / 2);
        assertThat(unfairMs).isGreaterThan(10 * calmMs);
    }

    @Test
    void whereConsumersWereIdleQuietTenantsWaitForTheNextThatIsDone() {
        assertThat(p99("calm", "fair", 0.5, 0)).isLessThan(SERVICE_MS / 10);
        assertThat(p99("noisy", "fair", 0.5, TIMES_NOISIER)).isLessThan(SERVICE_MS);
    }

    /** {@code load}: of the consumers' time, what the quiet tenants need. */
    private long p99(String name, String ordering, double load, int timesNoisier) {
        long seed = Long.getLong("seed", 1);
        System.out.println("seed " + seed);
        long[] ascending = new Run(folder.resolve(name), ordering, seed, load, timesNoisier).waitsMs();
        return ascending[ascending.length * 99 / 100];
    }

    private static final class Run {
        private final SteppedBroker broker;
        private final Random quietRandom;
        private final Random noisyRandom;
        private final double quietPerMs;
        private final double noisyPerMs;
        private final Map<String, Long> publishedMs = new HashMap<>();
        private final Map<String, Long> lastOf = new HashMap<>();
        private final TreeMap<Long, List<Work>> worksByEnd = new TreeMap<>();
        private final List<Long> waitsMs = new ArrayList<>();
        private final List<String> reordered = new ArrayList<>();
        private int published;

        private record Work(SteppedBroker.Client client, long delivery) {}

        Run(Path folder, String ordering, long seed, double load, int timesNoisier) {
            quietRandom = new Random(seed);
            noisyRandom = new Random(seed + 1);
            quietPerMs = load * CONSUMERS / SERVICE_MS;
            noisyPerMs = timesNoisier * quietPerMs / QUIET_TENANTS;
            broker = new SteppedBroker(
                    folder, QueueSettings.DEFAULT.with(QueueProperty.ORDERING, ordering), this::delivered);
        }

        private void delivered(SteppedBroker.Client client, long delivery, RecordCursor record, int count) {
            String text = SteppedBroker.text(record);
            String tenant = text.substring(0, text.indexOf('-'));
            long number = Long.parseLong(text.substring(text.indexOf('-') + 1));
            if (number <= lastOf.getOrDefault(tenant, -1L)) {
                reordered.add(text);
            }
            lastOf.put(tenant, number);
            long nowMs = broker.nowMs();
            long itsMs = publishedMs.getOrDefault(text, 0L);
            if (!tenant.equals("noisy") && itsMs >= TimedBroker.START_MS + CALM_MS) {
                waitsMs.add(nowMs - itsMs);
            }
            worksByEnd
                    .computeIfAbsent(nowMs + SERVICE_MS, end -> new ArrayList<>())
                    .add(new Work(client, delivery));
        }

        /** Of the records of quiet tenants that were delivered, ascending. */
        long[] waitsMs() {
            try (broker) {
                for (int i = 0; i < CONSUMERS; i++) {
                    broker.subscribe(new ConsumerSpec(false, false, 1, null));
                }
                for (int ms = 0; ms < RUN_MS; ms++) {
                    broker.run(this::step);
                    broker.pass(1);
                }
            }
            assertThat(reordered).isEmpty();
            long[] ascending = waitsMs.stream().mapToLong(wait -> wait).toArray();
            Arrays.sort(ascending);
            assertThat(ascending.length).isGreaterThan(100);
            return ascending;
        }

        private void step() {
            boolean isCalm = broker.nowMs() < TimedBroker.START_MS + CALM_MS;
            List<Work> done = worksByEnd.remove(broker.nowMs());
            if (done != null) {
                done.forEach(work -> work.client.settle(work.delivery, Settlement.ACK));
            }
            for (int i = arrivals(quietRandom, quietPerMs); i > 0; i--) {
                publish("quiet" + quietRandom.nextInt(QUIET_TENANTS));
            }
            for (int i = arrivals(noisyRandom, isCalm ? 0 : noisyPerMs); i > 0; i--) {
                publish("noisy");
            }
        }

        /** By Poisson. */
        private static int arrivals(Random random, double mean) {
            double limit = Math.exp(-mean);
            int count = 0;
            for (double product = random.nextDouble(); product > limit; product *= random.nextDouble()) {
                count++;
            }
            return count;
        }

        private void publish(String tenant) {
            String text = tenant + "-" + published++;
            publishedMs.put(text, broker.nowMs());
            broker.publish(tenant, text, RecordAttributes.NONE);
        }
    }
}
