package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.LogId;
import dev.sluice.log.OffsetSet;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import dev.sluice.log.StorageException;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BacklogTest {
    private static final int BATCH = 10;

    @TempDir
    private Path folder;

    private Storage storage;
    private PartitionLog log;

    @BeforeEach
    void open() {
        storage = Storage.open(folder, StorageConfig.defaults());
        log = storage.openMemoryLog(new LogId(1 << 20), Runnable::run, new Silence());
    }

    @AfterEach
    void close() {
        log.trim(log.endOffset());
        log.close(() -> {});
        storage.close();
    }

    @Test
    void givesBackWhatWasSettledAboveTheFloorOnceAndNotAgain() {
        var backlog = new Backlog(log, new CursorState(), () -> {}, new ReadyLanes(null), 0, null);
        takeAll(backlog, 20_000);

        settle(backlog, 1, 2 * 4095);
        assertThat(changeWritten(backlog).above()).as("little is not worth it").isNull();
        settle(backlog, 1 + 2 * 4095, 10_000);
        assertThat(changeWritten(backlog).above()).hasToString(everySecond(1, 10_000));
        settle(backlog, 10_001, 18_500);
        assertThat(changeWritten(backlog).above()).hasToString(everySecond(10_001, 18_500));
        assertThat(changeWritten(backlog).above()).isNull();
        backlog.close();
    }

    @Test
    void goesOnAroundWhatWasTakenOutOfTurn() {
        var backlog = new Backlog(log, new CursorState(), () -> {}, new ReadyLanes(null), 0, null);
        append(backlog, 2 * BATCH);
        takeOutOfTurn(backlog, 0);
        takeOutOfTurn(backlog, 3);
        takeOutOfTurn(backlog, 4);
        assertThat(backlog.ready()).isEqualTo(17);
        assertThat(backlog.isReady(3)).isFalse();
        assertThat(taken(backlog, 3)).containsExactly(1L, 2L, 5L);
        backlog.putBack(3);
        backlog.settleInFlight(4);
        takeOutOfTurn(backlog, 7);
        backlog.putBack(7);
        assertThat(taken(backlog, 3)).containsExactly(3L, 6L, 7L);
        assertThat(backlog.deliveryCount(3)).isZero();
        backlog.release(5);
        takeOutOfTurn(backlog, 5);
        assertThat(taken(backlog, 1)).containsExactly(8L);
        backlog.putBack(5);
        assertThat(taken(backlog, 2)).containsExactly(5L, 9L);
        backlog.close();
    }

    @Test
    void aPurgeLeavesWhatWasTakenOutOfTurn() {
        var backlog = new Backlog(log, new CursorState(), () -> {}, new ReadyLanes(null), 0, null);
        append(backlog, 2 * BATCH);
        takeOutOfTurn(backlog, 3);
        takeOutOfTurn(backlog, 19);
        assertThat(backlog.purge()).isEqualTo(18);
        assertThat(backlog.inFlight()).isEqualTo(2);
        assertThat(backlog.floor()).isEqualTo(3);
        backlog.putBack(3);
        assertThat(backlog.ready()).isEqualTo(1);
        assertThat(taken(backlog, 1)).containsExactly(3L);
        backlog.settleInFlight(3);
        assertThat(backlog.floor()).isEqualTo(19);
        backlog.settleInFlight(19);
        assertThat(backlog.floor()).isEqualTo(20);
        assertThat(backlog.ready()).isZero();
        backlog.close();
    }

    @Test
    void whatIsGivenBackLeavesMemoryWithTheLastRecordOfItsBatch() {
        var backlog = new Backlog(log, new CursorState(), () -> {}, new ReadyLanes(null), 0, null);
        takeAll(backlog, 20_000);
        long bytes = log.tailBytes();

        settle(backlog, 1, 20_000);
        changeWritten(backlog).giveBack(log);
        assertThat(log.tailBytes()).isEqualTo(bytes);
        settle(backlog, 2, 10_002);
        changeWritten(backlog).giveBack(log);
        assertThat(log.tailBytes()).isBetween(bytes / 2, bytes / 2 + bytes / 500);
        backlog.close();
    }

    @Test
    void whatTheFloorHasPassedIsNotGivenBackPieceByPiece() {
        var backlog = new Backlog(log, new CursorState(), () -> {}, new ReadyLanes(null), 0, null);
        takeAll(backlog, 20_000);
        settle(backlog, 1, 8_000);
        changeWritten(backlog);
        settle(backlog, 0, 8_000);
        settle(backlog, 10_001, 10_003);
        Backlog.Reclaim reclaim = changeWritten(backlog);
        assertThat(reclaim.floor()).isEqualTo(8_000);
        assertThat(reclaim.above()).isNull();
        reclaim.giveBack(log);
        assertThat(log.startOffset()).isEqualTo(8_000);
        backlog.close();
    }

    /** The log does not remember; but a queue with millions of holes does not take the shard for itself either. */
    @Test
    void givesBackWhatWasSettledBeforeTheStartInPortions() {
        int ranges = 20_000;
        var state = new CursorState();
        for (long i = 0; i < ranges; i++) {
            state.acknowledged.add(3 * i + 1, 3 * i + 2);
        }
        OffsetSet settled = state.acknowledged.above().copyOf(0, Long.MAX_VALUE);
        log.skipTo(3L * ranges);
        var backlog = new Backlog(log, state, () -> {}, new ReadyLanes(null), 0, null);
        var given = new OffsetSet();
        for (int portion = 0; portion < 3; portion++) {
            OffsetSet above = Objects.requireNonNull(backlog.reclaimable().above());
            assertThat(above.cardinality()).isLessThanOrEqualTo(2 * 8192);
            assertThat(given.cardinality()).isEqualTo(portion * 2L * 8192);
            given.addAll(above);
        }
        assertThat(given).hasToString(settled.toString());
        assertThat(backlog.reclaimable().above()).isNull();
        backlog.close();
    }

    private void takeAll(Backlog backlog, int records) {
        append(backlog, records);
        List<Long> _ = taken(backlog, records);
    }

    private void append(Backlog backlog, int records) {
        try (var builder = new RecordBatchBuilder(UnpooledByteBufAllocator.DEFAULT)) {
            for (int i = 0; i < records; i += BATCH) {
                for (int j = 0; j < BATCH; j++) {
                    builder.append(0, null, Unpooled.EMPTY_BUFFER, RecordHeaders.EMPTY);
                }
                log.append(builder.build());
                backlog.appended(BATCH);
            }
        }
    }

    /** The offsets of the records that are next, which are in flight then. */
    private static List<Long> taken(Backlog backlog, int records) {
        var offsets = new ArrayList<Long>();
        for (int i = 0; i < records; i++) {
            assertThat(backlog.peek()).isEqualTo(LogReader.Position.AT);
            offsets.add(backlog.record().offset());
            backlog.take();
        }
        return offsets;
    }

    private void takeOutOfTurn(Backlog backlog, long offset) {
        try (var reader = new LogReader(log, () -> {})) {
            assertThat(reader.seek(offset)).isEqualTo(LogReader.Position.AT);
            backlog.takeOutOfTurn(reader.record());
        }
    }

    /** Every second record. */
    private static void settle(Backlog backlog, int from, int before) {
        for (int offset = from; offset < before; offset += 2) {
            backlog.settleInFlight(offset);
        }
    }

    private static String everySecond(int from, int before) {
        var set = new OffsetSet();
        for (int offset = from; offset < before; offset += 2) {
            set.add(offset, offset);
        }
        return set.toString();
    }

    private static Backlog.Reclaim changeWritten(Backlog backlog) {
        backlog.writeChange(new CursorChangeWriter(record -> {}), 1);
        return backlog.reclaimable();
    }

    private static final class Silence implements PartitionLog.Listener {
        @Override
        public void durable(long durableOffset) {}

        @Override
        public void stalled(String reason) {}

        @Override
        public void resumed() {}

        @Override
        public void lost(StorageException cause) {
            throw cause;
        }
    }
}
