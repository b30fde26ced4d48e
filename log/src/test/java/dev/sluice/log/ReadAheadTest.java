package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadAheadTest {
    private static final int PIECE_BYTES = 10_000;
    private static final int LARGE_PIECE_BYTES = 2 << 20;
    private static final int TOO_MANY_LOGS = (int) (ReadAhead.MOST_BYTES / LARGE_PIECE_BYTES) + 1;

    @TempDir
    Path folder;

    @Test
    void whoReadsOnFindsTheNextPieceInMemory() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = filled(node, 1);
            long next = read(node, log, read(node, log, 0, PIECE_BYTES), PIECE_BYTES);
            assertThat(node.storage.aheadBytes()).isEqualTo(PIECE_BYTES);
            node.disk.setUnreadable(true);
            assertThat(read(node, log, next, PIECE_BYTES)).isGreaterThan(next);
            assertThat(node.storage.aheadBytes()).isZero(); // the next one could not be read
        }
    }

    @Test
    void nothingIsReadAheadForWhoJumpsOrWhereSeveralReadInTurn() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = filled(node, 1);
            long a = 0;
            long b = 100;
            for (int i = 0; i < 5; i++) {
                a = read(node, log, a, PIECE_BYTES);
                b = read(node, log, b, PIECE_BYTES);
                assertThat(node.storage.aheadBytes()).isZero();
            }
        }
    }

    @Test
    void whatNobodyComesForIsGivenBack() throws Exception {
        try (TestNode node = node()) {
            PartitionLog log = filled(node, 1);
            read(node, log, read(node, log, 0, PIECE_BYTES), PIECE_BYTES);
            assertThat(node.storage.aheadBytes()).isPositive();
            node.threads.fireTimers(ReadAhead.IDLE_MS);
            assertThat(node.storage.aheadBytes()).isZero();
        }
    }

    @Test
    void takesOnlySoMuchMemoryForAllLogs() throws Exception {
        try (TestNode node = node()) {
            List<PartitionLog> logs = new ArrayList<>();
            for (int id = 1; id <= TOO_MANY_LOGS; id++) {
                logs.add(filled(node, id));
            }
            for (PartitionLog log : logs) {
                read(node, log, read(node, log, 0, 1), LARGE_PIECE_BYTES);
            }
            assertThat(node.storage.aheadBytes()).isEqualTo(ReadAhead.MOST_BYTES);
        }
    }

    /** Returns the offset after what was read. */
    private static long read(TestNode node, PartitionLog log, long offset, int maxBytes) {
        ByteBuf batches = node.fetch(log, offset, maxBytes);
        try {
            int last = batches.readerIndex();
            assertThat(RecordBatch.baseOffset(batches, last)).isEqualTo(offset);
            while (last + RecordBatch.sizeInBytes(batches, last) < batches.writerIndex()) {
                last += RecordBatch.sizeInBytes(batches, last);
            }
            return RecordBatch.lastOffset(batches, last) + 1;
        } finally {
            batches.release();
        }
    }

    private static PartitionLog filled(TestNode node, long id) {
        PartitionLog log = node.open(id);
        for (int i = 0; i < 250; i++) {
            node.append(log, 1000);
        }
        return log;
    }

    private TestNode node() throws Exception {
        return new TestNode(new FaultyDisk(FileDisk.open(folder)), StorageConfig.small());
    }
}
