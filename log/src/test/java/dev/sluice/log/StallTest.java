package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
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
