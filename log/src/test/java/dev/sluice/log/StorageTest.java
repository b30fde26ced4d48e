package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageTest {
    @TempDir
    Path folder;

    @Test
    void confirmsInOrderOncePerWriteAndOnlyAfterTheWrite() throws Exception {
        try (TestNode node = node()) {
            TestNode.Heard heard = new TestNode.Heard();
            PartitionLog log = node.open(1, heard);
            node.appendLater(log, 3, 100);
            node.appendLater(log, 1, 100);
            assertThat(log.endOffset()).isEqualTo(4);
            assertThat(log.durableOffset()).isZero();
            assertThat(log.tail(0)).isNull();
            node.threads.runAll();
            assertThat(heard.durable).containsExactly(4L);
            assertThat(node.offsets(log)).containsExactly(0L, 1L, 2L, 3L);
        }
    }

    @Test
    void findsEverythingAgainAfterACleanEnd() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < 20; i++) {
                node.append(log, 200);
            }
        }
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            assertThat(log.endOffset()).isEqualTo(20);
            assertThat(node.offsets(log)).isEqualTo(range(0, 20));
            node.append(log, 10);
            assertThat(node.offsets(log)).isEqualTo(range(0, 21));
        }
    }

    @Test
    void findsEverythingAgainAfterACrashTimeAndAgain() throws Exception {
        for (int round = 0; round < 5; round++) {
            try (TestNode node = node()) {
                PartitionLog log = node.open(1);
                PartitionLog other = node.open(2);
                assertThat(node.offsets(log)).isEqualTo(range(0, round * 3L));
                assertThat(node.offsets(other)).isEqualTo(range(0, round));
                node.append(log, 300);
                node.append(other, 300);
                node.append(log, 300);
                node.append(log, 300);
                node.crash();
            }
        }
    }

    @Test
    void movesTheTailOfALogWhoseRecordsAreKeptSooner() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1, LogSettings.DEFAULT.kept(), new TestNode.Heard());
            for (int i = 0; i < 60; i++) {
                node.append(log, 1000);
            }
            assertThat(log.tailBytes())
                    .isLessThanOrEqualTo(StorageConfig.small().logTailBytes() / 4);
            assertThat(node.offsets(log)).isEqualTo(range(0, 60));
        }
    }

    @Test
    void movesALargeTailToSegmentsAndReadsItFromThere() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < 300; i++) {
                node.append(log, 1000);
            }
            assertThat(log.tailBytes()).isLessThanOrEqualTo(64 << 10);
            assertThat(log.segmentBytes()).isGreaterThan(200_000);
            assertThat(log.tail(0)).isNull();
            assertThat(node.offsets(log)).isEqualTo(range(0, 300));
            assertThat(node.disk.list("segments")).hasSizeGreaterThan(1);
            node.crash();
        }
        try (TestNode node = node()) {
            assertThat(node.offsets(node.open(1))).isEqualTo(range(0, 300));
        }
    }

    @Test
    void keepsTheJournalBoundedWhileTenTimesItsSizeFlowsThroughAndIsTrimmed() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < 2600; i++) {
                node.append(log, 1000);
                log.trim(log.durableOffset() - 5);
            }
            assertThat(node.storage.journalBytes()).isLessThanOrEqualTo(256 << 10);
            assertThat(node.disk.list("segments")).isEmpty();
            assertThat(node.offsets(log)).isEqualTo(range(2595, 2600));
            node.crash();
        }
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            assertThat(log.endOffset()).isEqualTo(2600);
            log.trim(2595);
            assertThat(node.offsets(log)).isEqualTo(range(2595, 2600));
        }
    }

    @Test
    void oneStuckRecordCostsLittleWhileMuchFlowsPastIt() throws Exception {
        try (TestNode node = node()) {
            PartitionLog stuck = node.open(1);
            PartitionLog flow = node.open(2);
            node.append(stuck, 1000);
            node.append(stuck, 1000);
            stuck.discard(0, 0);
            node.append(flow, 1000);
            for (int i = 1; i < 3000; i++) {
                node.append(flow, 1000);
                flow.discard(i, i);
            }
            assertThat(node.storage.journalBytes()).isLessThanOrEqualTo(320 << 10);
            assertThat(node.disk.list("segments")).isEmpty();
            assertThat(node.offsets(flow)).containsExactly(0L);
            assertThat(node.offsets(stuck)).containsExactly(1L);
            node.crash();
        }
        try (TestNode node = node()) {
            PartitionLog flow = node.open(2);
            assertThat(flow.endOffset()).isEqualTo(3000);
            flow.discard(1, 2999);
            assertThat(node.offsets(flow)).containsExactly(0L);
            assertThat(node.offsets(node.open(1))).contains(1L);
        }
    }

    @Test
    void rewritesSegmentsOfWhichLittleIsNeeded() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < 1000; i++) {
                node.append(log, 1000);
            }
            long before = log.segmentBytes();
            for (int i = 0; i < 1000; i++) {
                if (i % 100 != 0) {
                    log.discard(i, i);
                    node.threads.runAll();
                }
            }
            assertThat(log.segmentBytes()).isLessThan(before / 4);
            assertThat(TestNode.sizes(node.disk, "segments").values().stream()
                            .mapToLong(Long::longValue)
                            .sum())
                    .isEqualTo(log.segmentBytes());
            assertThat(node.offsets(log)).contains(0L, 100L, 200L, 300L, 400L, 500L, 600L, 700L, 800L, 900L);
            node.crash();
        }
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            assertThat(node.offsets(log)).contains(0L, 100L, 500L, 900L);
            log.trim(1000);
            node.threads.runAll();
            assertThat(node.disk.list("segments")).isEmpty();
            assertThat(node.offsets(log)).isEmpty();
            assertThat(log.endOffset()).isEqualTo(1000);
        }
    }

    @Test
    void neverGivesAnOffsetTwiceAlthoughNothingIsLeftOfALog() throws Exception {
        try (TestNode node = node()) {
            PartitionLog idle = node.open(1);
            node.append(idle, 10);
            idle.trim(1);
            PartitionLog flow = node.open(2);
            for (int i = 0; i < 1000; i++) {
                node.append(flow, 1000);
                flow.trim(i + 1);
            }
            node.crash();
        }
        try (TestNode node = node()) {
            assertThat(node.open(1).endOffset()).isEqualTo(1);
            assertThat(node.open(2).endOffset()).isEqualTo(1000);
        }
    }

    @Test
    void takesABatchThatIsLargerThanAJournalFile() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            node.append(log, 300_000);
            node.append(log, 10);
            node.append(log, 300_000);
            node.append(log, 10);
            assertThat(node.offsets(log)).isEqualTo(range(0, 4));
            node.crash();
        }
        try (TestNode node = node()) {
            assertThat(node.offsets(node.open(1))).isEqualTo(range(0, 4));
        }
    }

    @Test
    void servesManyLogsWithFewWrites() throws Exception {
        try (TestNode node = node()) {
            List<PartitionLog> logs =
                    LongStream.rangeClosed(1, 500).mapToObj(node::open).toList();
            long before = node.storage.journalWrites();
            logs.forEach(log -> node.appendLater(log, 1, 20));
            node.threads.runAll();
            assertThat(node.storage.journalWrites() - before).isLessThanOrEqualTo(5);
            logs.forEach(log -> assertThat(log.durableOffset()).isEqualTo(1));
        }
    }

    @Test
    void aClosedLogOpensAgainWithEverything() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            node.append(log, 10);
            node.appendLater(log, 1, 10);
            boolean[] closed = new boolean[1];
            log.close(() -> closed[0] = true);
            assertThatThrownBy(() -> node.appendLater(log, 1, 10)).hasMessageContaining("closed");
            node.threads.runAll();
            assertThat(closed[0]).isTrue();
            assertThat(node.offsets(node.open(1))).isEqualTo(range(0, 2));
        }
    }

    @Test
    void refusesToOpenALogTwice() throws Exception {
        try (TestNode node = node()) {
            node.open(1);
            StorageException failure = TestNode.openFailure(node, 1);
            assertThat(failure).hasMessageContaining("open already");
        }
    }

    @Test
    void aDeletedLogIsGoneForEver() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < 200; i++) {
                node.append(log, 1000);
            }
            boolean[] done = new boolean[1];
            node.storage.deleteLog(new LogId(1), () -> done[0] = true);
            node.threads.runAll();
            assertThat(done[0]).isTrue();
            assertThat(node.storage.logs()).isEmpty();
            assertThat(node.disk.list("segments")).isEmpty();
            node.crash();
        }
        try (TestNode node = node()) {
            assertThat(node.storage.logs()).isEmpty();
            assertThat(node.open(1).endOffset()).isZero();
        }
    }

    @Test
    void aLogInMemoryIsDurableAtOnceAndTellsNobody() throws Exception {
        try (TestNode node = node()) {
            TestNode.Heard heard = new TestNode.Heard();
            PartitionLog log = node.storage.openMemoryLog(new LogId(1), node.threads.owner(), heard);
            node.appendLater(log, 2, 10);
            node.appendLater(log, 1, 10);
            assertThat(log.durableOffset()).isEqualTo(3);
            assertThat(node.offsets(log)).containsExactly(0L, 1L, 2L);
            log.discard(0, 0);
            assertThat(node.offsets(log)).containsExactly(0L, 1L, 2L);
            log.discard(1, 1);
            assertThat(node.offsets(log)).containsExactly(2L);
            ByteBuf fetched = node.fetch(log, 0);
            assertThat(RecordBatch.baseOffset(fetched, fetched.readerIndex())).isEqualTo(2);
            fetched.release();
            assertThat(heard.durable).isEmpty();
            assertThat(node.storage.logs()).isEmpty();
        }
    }

    @Test
    void keepsAllTailsWithinTheBudgetOfTheNode() throws Exception {
        try (TestNode node = node()) {
            List<PartitionLog> logs =
                    LongStream.rangeClosed(1, 20).mapToObj(node::open).toList();
            for (int i = 0; i < 60; i++) {
                for (PartitionLog log : logs) {
                    node.append(log, 500);
                }
            }
            assertThat(node.storage.tailBytes()).isLessThan(300 << 10);
            for (PartitionLog log : logs) {
                assertThat(node.offsets(log)).isEqualTo(range(0, 60));
            }
        }
    }

    @Test
    void saysHowMuchRoomTheDiskHas() throws Exception {
        try (Storage storage = Storage.open(folder, StorageConfig.small())) {
            DiskSpace space = storage.diskSpace().get(10, TimeUnit.SECONDS);
            assertThat(space.usableBytes()).isBetween(0L, space.totalBytes());
            assertThat(space.totalBytes()).isPositive();
        }
    }

    @Test
    void worksWithoutDirectIo() throws Exception {
        FaultyDisk disk = new FaultyDisk(FileDisk.withoutDirectIo(folder));
        try (TestNode node = new TestNode(disk, StorageConfig.small())) {
            PartitionLog log = node.open(1);
            for (int i = 0; i < 300; i++) {
                node.append(log, 1000);
            }
        }
        try (TestNode node = node()) {
            assertThat(node.offsets(node.open(1))).isEqualTo(range(0, 300));
        }
    }

    private TestNode node() throws IOException {
        return new TestNode(new FaultyDisk(FileDisk.open(folder)), StorageConfig.small());
    }

    static List<Long> range(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }
}
