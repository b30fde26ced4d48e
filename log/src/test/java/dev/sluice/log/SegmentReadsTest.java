package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentReadsTest {
    @TempDir
    Path folder;

    @Test
    void whatIsReadOnceGoesPastThePageCacheAndWhatIsReadMoreOftenStaysInIt() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = filled(node, 500);
            FaultyDisk.Reads before = node.disk.reads();
            node.offsets(log);
            FaultyDisk.Reads first = node.disk.reads();
            assertThat(first.cached() - before.cached()).isZero();
            assertThat(first.direct() - before.direct()).isBetween(log.segmentBytes(), log.segmentBytes() * 2);
            node.offsets(log);
            node.offsets(log);
            FaultyDisk.Reads third = node.disk.reads();
            assertThat(third.cached() - first.cached()).isGreaterThan(log.segmentBytes());
        }
    }

    @Test
    void forgetsWhereTheChunksOfASegmentAreWhenManyOthersWereReadSince() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = filled(node, 130 * (SegmentReads.KNOWN_SEGMENTS + 1));
            assertThat(node.disk.list("segments")).hasSizeGreaterThan(SegmentReads.KNOWN_SEGMENTS);
            node.offsets(log);
            assertThat(headersReadFor(node, log, log.durableOffset() - 150)).isZero();
            assertThat(headersReadFor(node, log, 50)).isPositive();
            assertThat(headersReadFor(node, log, 50)).isZero();
        }
    }

    private static long headersReadFor(TestNode node, PartitionLog log, long offset) {
        long before = node.disk.reads().cached();
        node.fetch(log, offset).release();
        return (node.disk.reads().cached() - before) / SegmentChunk.HEADER_BYTES;
    }

    private static PartitionLog filled(TestNode node, int records) {
        PartitionLog log = node.open(1);
        for (int i = 0; i < records; i++) {
            node.append(log, 1000);
        }
        return log;
    }

    private TestNode node() throws Exception {
        return new TestNode(new FaultyDisk(FileDisk.open(folder)), StorageConfig.small());
    }
}
