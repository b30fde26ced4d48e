package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.log.TestNode.Found;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The record with the greatest timestamp. */
class LatestSearchTest {
    private static final int RECORDS = 600;
    private static final int RECORD_BYTES = 1_000;
    private static final Found NONE_OF_EMPTY = new Found(0, TimestampCallback.NO_TIMESTAMP);
    private static final SimpleRecord[] SHUFFLED = {at(5), at(9), at(7), at(9), at(1)};

    @TempDir
    Path folder;

    @Test
    void anEmptyLogHasNone() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            assertThat(node.latest(log)).isEqualTo(NONE_OF_EMPTY);
            node.appendAt(log, 10, RECORD_BYTES);
            log.trim(1);
            assertThat(node.latest(log)).isEqualTo(new Found(1, TimestampCallback.NO_TIMESTAMP));
        }
    }

    @Test
    void isTheLastRecordWhereTimestampsAscend() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < RECORDS; i++) {
                node.appendAt(log, 10L * i, RECORD_BYTES);
                if (i % 50 == 0) {
                    assertThat(node.latest(log)).isEqualTo(new Found(i, 10L * i));
                }
            }
        }
    }

    @Test
    void whatIsNotDurableDoesNotCount() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            node.appendAt(log, 10, RECORD_BYTES);
            node.appendLater(log, 1, RECORD_BYTES);
            var found = new Found[1];
            log.latest(new TimestampCallback() {
                @Override
                public void found(long offset, long timestampMs) {
                    found[0] = new Found(offset, timestampMs);
                }

                @Override
                public void failed(StorageException cause) {
                    throw cause;
                }
            });
            assertThat(found[0]).isEqualTo(new Found(0, 10));
            node.threads.runAll();
        }
    }

    @Test
    void isFoundInASegmentWithoutReadingTheOthers() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < RECORDS; i++) {
                node.appendAt(log, i == 300 ? 5_000 : 1_000 - i, RECORD_BYTES);
            }
            assertThat(log.segmentBytes()).isGreaterThan(300L * RECORD_BYTES);
        }
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            long before = node.disk.reads().all();
            assertThat(node.latest(log)).isEqualTo(new Found(300, 5_000));
            assertThat(node.disk.reads().all() - before)
                    .as("the index of a segment and a chunk")
                    .isPositive()
                    .isLessThan(2L * StorageConfig.small().chunkBytes());
        }
    }

    @Test
    void ofSeveralItIsTheFirst() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < RECORDS; i++) {
                node.appendAt(log, 7, RECORD_BYTES);
            }
            assertThat(log.segmentBytes()).isPositive();
            long before = node.disk.reads().all();
            assertThat(node.latest(log)).isEqualTo(new Found(0, 7));
            assertThat(node.disk.reads().all() - before)
                    .isLessThan(2L * StorageConfig.small().chunkBytes());
            log.trim(100);
            assertThat(node.latest(log)).isEqualTo(new Found(100, 7));
        }
    }

    @Test
    void isFoundInsideOfACompressedBatch() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (Compression codec : KafkaBatches.CODECS) {
                log.append(KafkaBatches.of(codec, SHUFFLED));
            }
            node.threads.runAll();
            assertThat(node.latest(log)).isEqualTo(new Found(1, 9));
            log.trim(2);
            assertThat(node.latest(log)).isEqualTo(new Found(3, 9));
            log.trim(4);
            assertThat(node.latest(log)).isEqualTo(new Found(6, 9));
        }
    }

    @Test
    void whatWasTrimmedDoesNotCount() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < RECORDS; i++) {
                node.appendAt(log, 10_000 - i, RECORD_BYTES);
            }
            for (long start = 0; start < RECORDS; start += 37) {
                log.trim(start);
                node.threads.runAll();
                assertThat(node.latest(log)).isEqualTo(new Found(start, 10_000 - start));
            }
        }
    }

    /** A client may write into the header what it likes. */
    @Test
    void aHeaderThatSaysTooMuchDoesNotHideWhatIsThere() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            log.append(claiming(1_000, 3, 4));
            log.append(claiming(30, 10, 20));
            log.append(claiming(500, 20, 1));
            node.threads.runAll();
            assertThat(node.latest(log)).isEqualTo(new Found(3, 20));
        }
    }

    @Test
    void ofABatchThatCannotBeReadTheHeaderIsBelieved() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            node.appendAt(log, 10, RECORD_BYTES);
            ByteBuf batch = KafkaBatches.of(Compression.lz4().build(), SHUFFLED);
            batch.setByte(RecordBatch.HEADER_BYTES, 0);
            batch.setLong(RecordBatch.MAX_TIMESTAMP, 100);
            log.append(batch);
            node.threads.runAll();
            assertThat(node.latest(log)).isEqualTo(new Found(1, 100));
        }
    }

    @Test
    void aSegmentThatCannotBeReadIsNamed() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < RECORDS; i++) {
                node.appendAt(log, 10_000 - i, RECORD_BYTES);
            }
            String first = "segments/"
                    + node.disk.list("segments").stream().sorted().findFirst().orElseThrow();
            Files.write(folder.resolve(first), new byte[Disk.BLOCK_BYTES]);
            assertThatThrownBy(() -> node.latest(log)).hasMessageContaining(first);
            log.trim(500);
            node.threads.runAll();
            assertThat(node.latest(log)).isEqualTo(new Found(500, 9_500));
        }
    }

    @Test
    void aLogInMemoryHasOneToo() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.storage.openMemoryLog(new LogId(1), node.threads.owner(), new TestNode.Heard());
            log.append(KafkaBatches.of(Compression.NONE, SHUFFLED));
            assertThat(node.latest(log)).isEqualTo(new Found(1, 9));
        }
    }

    /** Against a list of what there is, while records go from either end and in between. */
    @Test
    void isWhatAListOfAllRecordsSays() throws Exception {
        for (long seed = 0; seed < 5; seed++) {
            var random = new SplittableRandom(seed);
            try (TestNode node =
                    new TestNode(new FaultyDisk(FileDisk.open(folder.resolve("seed" + seed))), StorageConfig.small())) {
                PartitionLog log = node.open(1);
                var timestamps = new TreeMap<Long, Long>();
                for (int step = 0; step < 60; step++) {
                    step(random, node, log, timestamps);
                    assertThat(node.latest(log))
                            .as("seed %d, step %d", seed, step)
                            .isEqualTo(latest(timestamps, log));
                }
            }
        }
    }

    private static void step(
            SplittableRandom random, TestNode node, PartitionLog log, NavigableMap<Long, Long> timestamps) {
        switch (random.nextInt(8)) {
            case 0 -> log.trim(random.nextLong(log.startOffset(), log.endOffset() + 1));
            case 1 -> log.store().moveTail();
            default -> {
                var records = new SimpleRecord[random.nextInt(1, 40)];
                for (int i = 0; i < records.length; i++) {
                    long timestampMs = random.nextLong(100);
                    timestamps.put(log.endOffset() + i, timestampMs);
                    records[i] = new SimpleRecord(timestampMs, new byte[RECORD_BYTES]);
                }
                log.append(KafkaBatches.of(
                        random.nextBoolean()
                                ? Compression.NONE
                                : Compression.lz4().build(),
                        records));
            }
        }
        node.threads.runAll();
        timestamps.headMap(log.startOffset()).clear();
    }

    private static Found latest(Map<Long, Long> timestamps, PartitionLog log) {
        var latest = new Found(log.durableOffset(), TimestampCallback.NO_TIMESTAMP);
        for (Map.Entry<Long, Long> record : timestamps.entrySet()) {
            if (record.getValue() > latest.timestampMs()) {
                latest = new Found(record.getKey(), record.getValue());
            }
        }
        return latest;
    }

    private static SimpleRecord at(long timestampMs) {
        return new SimpleRecord(timestampMs, new byte[10]);
    }

    private static ByteBuf claiming(long maxTimestampMs, long... timestampsMs) {
        var records = new SimpleRecord[timestampsMs.length];
        for (int i = 0; i < records.length; i++) {
            records[i] = at(timestampsMs[i]);
        }
        ByteBuf batch = KafkaBatches.of(Compression.NONE, records);
        batch.setLong(RecordBatch.MAX_TIMESTAMP, maxTimestampMs);
        batch.setInt(RecordBatch.CRC, RecordBatch.computeCrc(batch, 0, batch.readableBytes()));
        return batch;
    }

    private TestNode node() throws IOException {
        return new TestNode(new FaultyDisk(FileDisk.open(folder)), StorageConfig.small());
    }
}
