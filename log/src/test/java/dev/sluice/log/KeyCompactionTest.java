package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyCompactionTest {
    private static final int MANY_KEYS = 1_000_000;
    private static final int BATCHES = 300;
    private static final int RECORDS_IN_A_BATCH = 20;
    private static final int KEYS = 50;
    private static final long NO_DELETIONS = Long.MIN_VALUE;

    @TempDir
    Path folder;

    @Test
    void keepsTheLastValueOfEachKeyAndLittleElse() throws Exception {
        Map<String, @Nullable String> expected;
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            expected = fill(node, log);
            long bytes = log.segmentBytes();

            compact(node, log, 0, MANY_KEYS, NO_DELETIONS);

            Map<String, @Nullable String> found = new HashMap<>();
            int records = node.readKeyed(log, found);
            assertThat(found).isEqualTo(expected);
            // What is not in closed segments, and batches in memory, is left as it is.
            assertThat(records).isLessThan(BATCHES * RECORDS_IN_A_BATCH / 2);
            assertThat(log.segmentBytes()).isLessThan(bytes / 2);
            node.crash();
        }
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            Map<String, @Nullable String> found = new HashMap<>();
            node.readKeyed(log, found);
            assertThat(found).isEqualTo(expected);
            assertThat(log.endOffset()).isEqualTo((long) BATCHES * RECORDS_IN_A_BATCH);
        }
    }

    @Test
    void comesToTheSameInSeveralPassesWithLittleMemory() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            Map<String, @Nullable String> expected = fill(node, log);
            long from = 0;
            int passes = 0;
            while (from < log.durableOffset()) {
                long end = compact(node, log, from, KEYS / 4, NO_DELETIONS);
                assertThat(end).isGreaterThan(from);
                from = end;
                passes++;
            }
            assertThat(passes).isGreaterThan(1);
            Map<String, @Nullable String> found = new HashMap<>();
            node.readKeyed(log, found);
            assertThat(found).isEqualTo(expected);
        }
    }

    @Test
    void forgetsDeletedKeysOnceTheirDeletionIsOldEnough() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            fill(node, log);
            node.appendKeyed(log, KEYS, key -> "key " + key, key -> null);

            compact(node, log, 0, MANY_KEYS, 0);
            Map<String, @Nullable String> found = new HashMap<>();
            node.readKeyed(log, found);
            assertThat(found)
                    .hasSize(KEYS)
                    .allSatisfy((key, value) -> assertThat(value).isNull());

            compact(node, log, 0, MANY_KEYS, 1);
            assertThat(log.tailBytes()).isZero();
        }
    }

    /** Random keys and values, enough for several segments. Returns the last value of each key. */
    private static Map<String, @Nullable String> fill(TestNode node, PartitionLog log) {
        SplittableRandom random = new SplittableRandom(7);
        Map<String, @Nullable String> last = new HashMap<>();
        for (int batch = 0; batch < BATCHES; batch++) {
            String[] keys = new String[RECORDS_IN_A_BATCH];
            String[] values = new String[RECORDS_IN_A_BATCH];
            for (int i = 0; i < RECORDS_IN_A_BATCH; i++) {
                keys[i] = "key " + random.nextInt(KEYS);
                values[i] = "value " + batch + ' ' + i + "x".repeat(100);
                last.put(keys[i], values[i]);
            }
            node.appendKeyed(log, RECORDS_IN_A_BATCH, i -> keys[i], i -> values[i]);
        }
        assertThat(log.segmentBytes()).isGreaterThan(3 * StorageConfig.small().segmentBytes());
        return last;
    }

    private static long compact(TestNode node, PartitionLog log, long from, int mostKeys, long deletedBeforeMs) {
        CompletableFuture<Long> result = new CompletableFuture<>();
        KeyCompaction.run(log, from, mostKeys, deletedBeforeMs, new KeyCompaction.Callback() {
            @Override
            public void done(long nextOffset, long discarded) {
                result.complete(nextOffset);
            }

            @Override
            public void failed(StorageException cause) {
                result.completeExceptionally(cause);
            }
        });
        node.threads.runAll();
        return result.join();
    }

    private TestNode node() throws IOException {
        return new TestNode(new FaultyDisk(FileDisk.open(folder)), StorageConfig.small());
    }
}
