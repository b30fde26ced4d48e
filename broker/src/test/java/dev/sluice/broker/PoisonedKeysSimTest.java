package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.RecordCursor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hundred thousand keys, of which one in a hundred fails and fails again: the others are served as if it did not. */
class PoisonedKeysSimTest {
    private static final int KEYS = 100_000;
    private static final int RECORDS_PER_KEY = 3;
    private static final int RECORDS = KEYS * RECORDS_PER_KEY;
    private static final int PUBLISHED_PER_MS = 300;
    private static final int CONSUMERS = 20;
    private static final int PREFETCH = 20;
    private static final long RETRY_MS = 40;

    @TempDir
    private Path folder;

    @Test
    void healthyKeysDoNotWaitLongerForThePoisonedOnes() {
        int[] healthy = new Run(folder.resolve("healthy"), false).dwellMs();
        int[] poisoned = new Run(folder.resolve("poisoned"), true).dwellMs();
        assertThat(poisoned).hasSameSizeAs(healthy);
        int p99 = healthy.length * 99 / 100;
        assertThat(poisoned[p99]).as("p99 in ms").isEqualTo(healthy[p99]);
    }

    /** What is delivered in one millisecond is settled in the next. */
    private static final class Run {
        private final SteppedBroker broker;
        private final boolean poisoned;
        private final long[] publishedMs = new long[RECORDS];
        private final int[] nextOfKey = new int[KEYS];
        private final boolean[] isOut = new boolean[KEYS];
        private final int[] dwellMs = new int[RECORDS - RECORDS / 100];
        private List<Out> out = new ArrayList<>();
        private int healthyDelivered;
        private int published;
        private int settled;
        private int failures;

        private record Out(SteppedBroker.Client client, long delivery, int number) {}

        Run(Path folder, boolean poisoned) {
            this.poisoned = poisoned;
            QueueSettings settings =
                    QueueSettings.DEFAULT.with(QueueProperty.ORDERING, "key").with(QueueProperty.DELIVERY_LIMIT, -1);
            this.broker = new SteppedBroker(folder, settings, this::delivered);
        }

        private void delivered(SteppedBroker.Client client, long delivery, RecordCursor record, int count) {
            out.add(new Out(client, delivery, Integer.parseInt(SteppedBroker.text(record))));
        }

        /** Of the keys that are never poisoned, ascending. */
        int[] dwellMs() {
            try (broker) {
                for (int i = 0; i < CONSUMERS; i++) {
                    broker.subscribe(new ConsumerSpec(false, false, PREFETCH, null));
                }
                while (settled < RECORDS) {
                    step();
                }
            }
            assertThat(failures > KEYS / 100).isEqualTo(poisoned);
            Arrays.sort(dwellMs);
            return dwellMs;
        }

        private void step() {
            List<Out> before = out;
            out = new ArrayList<>();
            broker.run(() -> {
                before.forEach(this::settle);
                for (int i = 0; i < PUBLISHED_PER_MS && published < RECORDS; i++) {
                    publishedMs[published] = broker.nowMs();
                    broker.publish("k" + key(published), String.valueOf(published), RecordAttributes.NONE);
                    published++;
                }
            });
            broker.quiet();
            out.forEach(this::check);
            broker.pass(1);
        }

        private void settle(Out delivered) {
            int key = key(delivered.number);
            isOut[key] = false;
            if (poisoned && isPoisoned(key) && published < RECORDS) {
                failures++;
                delivered.client.release(delivered.delivery, RETRY_MS);
            } else {
                nextOfKey[key]++;
                settled++;
                delivered.client.settle(delivered.delivery, Settlement.ACK);
            }
        }

        private void check(Out delivered) {
            int key = key(delivered.number);
            assertThat(delivered.number / KEYS)
                    .as("number of the record within its key")
                    .isEqualTo(nextOfKey[key]);
            assertThat(isOut[key]).as("another of the key is unsettled").isFalse();
            isOut[key] = true;
            if (!isPoisoned(key)) {
                dwellMs[healthyDelivered++] = (int) (broker.nowMs() - publishedMs[delivered.number]);
            }
        }

        private static int key(int number) {
            return (int) (number * 7919L % KEYS);
        }

        private static boolean isPoisoned(int key) {
            return key % 100 == 0;
        }
    }
}
