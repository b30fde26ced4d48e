package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Finding records by time, and giving them up by time and size. Record n is of the time 10 n. */
class RetentionTest {
    private static final int RECORDS = 600;
    private static final int RECORD_BYTES = 1_000;

    @TempDir
    Path folder;

    @Test
    void findsTheFirstRecordOfATimeInSegmentsAndInMemory() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = filled(node);
            for (int record = 0; record < RECORDS; record += 7) {
                assertThat(node.offsetFor(log, 10L * record)).isEqualTo(record);
                assertThat(node.offsetFor(log, 10L * record - 9)).isEqualTo(record);
            }
            assertThat(node.offsetFor(log, Long.MIN_VALUE)).isZero();
            assertThat(node.offsetFor(log, 10L * RECORDS)).isEqualTo(RECORDS);
        }
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            assertThat(node.offsetFor(log, 1_234)).isEqualTo(124);
            log.trim(200);
            assertThat(node.offsetFor(log, 1_234)).isEqualTo(200);
        }
    }

    @Test
    void findsARecordThoughLaterOnesAreOlder() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < 300; i++) {
                node.appendAt(log, i == 50 ? 5_000 : 1_000 - i, RECORD_BYTES);
            }
            assertThat(node.offsetFor(log, 2_000)).isEqualTo(50);
            assertThat(node.offsetFor(log, 1_000)).isZero();
            assertThat(node.offsetFor(log, 5_001)).isEqualTo(300);
        }
    }

    @Test
    void findsARecordInsideOfACompressedBatch() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (Compression codec : KafkaBatches.CODECS) {
                log.append(KafkaBatches.of(
                        codec,
                        new SimpleRecord(100 + log.endOffset(), new byte[0]),
                        new SimpleRecord(101 + log.endOffset(), new byte[0]),
                        new SimpleRecord(102 + log.endOffset(), new byte[0])));
            }
            node.threads.runAll();
            for (int offset = 0; offset < log.endOffset(); offset++) {
                assertThat(node.offsetFor(log, 100 + offset)).isEqualTo(offset);
            }
        }
    }

    @Test
    void pointsToACompressedBatchThatCannotBeRead() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            node.appendAt(log, 10, RECORD_BYTES);
            ByteBuf batch = KafkaBatches.of(Compression.lz4().build(), new SimpleRecord(100, new byte[10]));
            batch.setByte(RecordBatch.HEADER_BYTES, 0);
            log.append(batch);
            node.threads.runAll();
            assertThat(node.offsetFor(log, 50)).isEqualTo(1);
        }
    }

    @Test
    void givesUpWhatIsTooOldAndItsSpace() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = filled(node);
            int segments = node.disk.list("segments").size();

            log.retain(new Retention(1_000, Retention.UNLIMITED), 10L * RECORDS);
            node.threads.runAll();

            assertThat(log.startOffset()).isBetween(300L, RECORDS - 100L);
            assertThat(node.disk.list("segments")).hasSizeLessThan(segments);
            log.retain(new Retention(1_000, Retention.UNLIMITED), 20L * RECORDS);
            node.threads.runAll();
            assertThat(log.startOffset()).isEqualTo(RECORDS);
            assertThat(node.disk.list("segments")).isEmpty();
        }
    }

    @Test
    void keepsAsManyBytesAsAskedForAndAboutASegmentMore() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = filled(node);
            long keep = 300_000;

            log.retain(new Retention(Retention.UNLIMITED, keep), 0);
            node.threads.runAll();

            assertThat(log.segmentBytes() + log.tailBytes())
                    .isBetween(keep, keep + StorageConfig.small().segmentBytes() + (64 << 10));
            assertThat(node.offsets(log).getLast()).isEqualTo(RECORDS - 1L);
        }
    }

    @Test
    void unlimitedKeepsEverything() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = filled(node);
            log.retain(new Retention(Retention.UNLIMITED, Retention.UNLIMITED), Long.MAX_VALUE);
            assertThat(log.startOffset()).isZero();
        }
    }

    private static PartitionLog filled(TestNode node) {
        PartitionLog log = node.open(1);
        for (int i = 0; i < RECORDS; i++) {
            node.appendAt(log, 10L * i, RECORD_BYTES);
        }
        assertThat(log.segmentBytes()).isGreaterThan(300_000);
        assertThat(log.tailBytes()).isPositive();
        return log;
    }

    private TestNode node() throws IOException {
        return new TestNode(new FaultyDisk(FileDisk.open(folder)), StorageConfig.small());
    }
}
