package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every stall ends when its cause does, also if nobody needs any more what could not be done. */
class StallTest {
    @TempDir
    Path folder;

    @Test
    void endsWhenTheTailThatCouldNotBeMovedIsNotNeededAnyMoreAndSegmentsAreRewrittenInstead() throws Exception {
        try (TestNode node = node()) {
            TestNode.Heard heard = new TestNode.Heard();
            PartitionLog log = node.open(1, heard);
            while (log.segmentBytes() < 200_000) {
                node.append(log, 1000);
            }
            node.disk.failWrites("segments/", 1);
            while (!log.isStalled()) {
                node.append(log, 1000);
            }
            log.discard(1, log.endOffset() - 1);
            long before = log.segmentBytes();
            node.threads.fireTimers();

            assertThat(log.segmentBytes()).isLessThan(before);
            assertThat(log.isStalled()).isFalse();
            assertThat(heard.events).hasSize(2).last().isEqualTo("resumed");
            node.append(log, 1000);
            assertThat(node.offsets(log)).contains(0L, log.endOffset() - 1);
        }
    }

    @Test
    void endsWhenAllThatTheJournalCouldNotWriteAreCopiesThatNobodyNeedsAnyMore() throws Exception {
        try (TestNode node = node()) {
            PartitionLog stuck = node.open(1);
            TestNode.Heard heard = new TestNode.Heard() {
                @Override
                public void durable(long durableOffset) {
                    if (!stuck.tail().isEmpty() && stuck.tail().at(0).inFlight) {
                        node.disk.failWrites("journal/", 2);
                        stuck.trim(stuck.endOffset());
                    }
                }
            };
            PartitionLog flow = node.open(2, heard);
            node.append(stuck, 100);
            while (!stuck.tail().isEmpty()) {
                node.append(flow, 1000);
                flow.trim(flow.durableOffset());
            }
            assertThat(heard.events).singleElement().asString().contains("the journal cannot be written");

            node.threads.fireTimers();

            assertThat(heard.events).last().isEqualTo("resumed");
            node.append(flow, 1000);
            assertThat(flow.durableOffset()).isEqualTo(flow.endOffset());
        }
    }

    @Test
    void endsWhenAnOwnerIsSlowToSayThatItHasNothingToMove() throws Exception {
        StorageConfig small = StorageConfig.small();
        StorageConfig config = new StorageConfig(
                small.journalFileBytes(),
                small.firstJournalFileBytes(),
                64L * small.journalFileBytes(), // so that it does not ask for tails to be moved
                small.writeBufferBytes(),
                small.segmentBytes(),
                small.chunkBytes(),
                small.tailBudgetBytes(),
                small.logTailBytes(),
                small.metadataBytes());
        try (TestNode node = new TestNode(new FaultyDisk(FileDisk.open(folder)), config)) {
            SteppedThreads slow = new SteppedThreads();
            AtomicBoolean isSlow = new AtomicBoolean(true);
            Executor owner =
                    task -> (isSlow.get() ? slow : node.threads).owner().execute(task);
            node.storage.openMemoryLog(new LogId(99), owner, new TestNode.Heard());
            List<PartitionLog> logs =
                    LongStream.rangeClosed(1, 20).mapToObj(node::open).toList();
            logs.forEach(log -> node.appendLater(log, 1, 30_000));
            node.threads.runAll();
            assertThat(logs).allMatch(PartitionLog::isStalled);

            isSlow.set(false);
            slow.runAll();
            node.threads.runAll();

            assertThat(logs).noneMatch(PartitionLog::isStalled);
            assertThat(node.storage.tailBytes()).isLessThan(config.tailBudgetBytes());
        }
    }

    @Test
    void endsOnAFullDiskThoughWhatWaitsIsMoreThanAnyFileHasRoomFor() throws Exception {
        StorageConfig small = StorageConfig.small();
        StorageConfig config = new StorageConfig(
                small.journalFileBytes(),
                2 * Disk.BLOCK_BYTES,
                small.journalBytes(),
                small.writeBufferBytes(),
                small.segmentBytes(),
                small.chunkBytes(),
                small.tailBudgetBytes(),
                small.logTailBytes(),
                small.metadataBytes());
        try (TestNode node = new TestNode(new FaultyDisk(FileDisk.open(folder)), config)) {
            PartitionLog log = node.open(1);
            node.disk.setFull(true);
            node.append(log, 3000);
            node.append(log, 3000);
            for (int i = 0; i < 4; i++) {
                node.appendLater(log, 1, 3000);
            }
            node.threads.runAll();
            assertThat(log.isStalled()).isTrue();

            log.trim(log.endOffset());
            for (int i = 0; i < 10 && log.isStalled(); i++) {
                node.threads.fireTimers();
            }

            assertThat(log.isStalled()).isFalse();
            assertThat(log.durableOffset()).isEqualTo(log.endOffset());
        }
    }

    @Test
    void aLogHearsTheTruthLastInWhateverOrderThreadsRaiseAndClear() throws Exception {
        SteppedThreads threads = new SteppedThreads();
        Stalls stalls = new Stalls();
        OwnerLane lane = new OwnerLane(threads.owner());
        stalls.add(lane);
        TestNode.Heard heard = new TestNode.Heard();
        new PartitionLog(
                new LogId(1),
                LogSettings.DEFAULT,
                lane,
                heard,
                MemorySegmentStore.INSTANCE,
                new TailBudget(1, stalls),
                0,
                0,
                0);
        stalls.raise(Stalls.Cause.MEMORY, "too much");
        stalls.clear(Stalls.Cause.MEMORY);
        threads.runAll();
        assertThat(heard.events).isEmpty();
        stalls.raise(Stalls.Cause.MEMORY, "too much");
        threads.runAll();
        stalls.raise(Stalls.Cause.SEGMENT_SPACE, "full");
        stalls.clear(Stalls.Cause.MEMORY);
        threads.runAll();
        assertThat(heard.events).containsExactly("stalled: too much", "resumed");
    }

    private TestNode node() throws IOException {
        return new TestNode(new FaultyDisk(FileDisk.open(folder)), StorageConfig.small());
    }
}
