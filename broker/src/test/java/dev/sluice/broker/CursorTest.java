package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.OffsetSet;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CursorTest {
    private static final int RECORDS = 20_000;

    @TempDir
    private Path folder;

    private MemoryLog memory;

    @BeforeEach
    void open() {
        memory = new MemoryLog(folder);
    }

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void givesBackWhatWasSettledAboveTheFloorOnceAndNotAgain() {
        Cursor cursor = cursor();
        settle(cursor, 1, 2 * 4095);
        assertThat(changeWritten(cursor).above()).as("little is not worth it").isNull();
        settle(cursor, 1 + 2 * 4095, 10_000);
        assertThat(changeWritten(cursor).above()).hasToString(everySecond(1, 10_000));
        settle(cursor, 10_001, 18_500);
        assertThat(changeWritten(cursor).above()).hasToString(everySecond(10_001, 18_500));
        assertThat(changeWritten(cursor).above()).isNull();
    }

    @Test
    void whatIsGivenBackLeavesMemoryWithTheLastRecordOfItsBatch() {
        Cursor cursor = cursor();
        long bytes = memory.log().tailBytes();

        settle(cursor, 1, RECORDS);
        changeWritten(cursor).giveBack(memory.log());
        assertThat(memory.log().tailBytes()).isEqualTo(bytes);
        settle(cursor, 2, 10_002);
        changeWritten(cursor).giveBack(memory.log());
        assertThat(memory.log().tailBytes()).isBetween(bytes / 2, bytes / 2 + bytes / 500);
    }

    @Test
    void whatTheFloorHasPassedIsNotGivenBackPieceByPiece() {
        Cursor cursor = cursor();
        settle(cursor, 1, 8_000);
        changeWritten(cursor);
        settle(cursor, 0, 8_000);
        settle(cursor, 10_001, 10_003);
        Cursor.Reclaim reclaim = changeWritten(cursor);
        assertThat(reclaim.floor()).isEqualTo(8_000);
        assertThat(reclaim.above()).isNull();
        reclaim.giveBack(memory.log());
        assertThat(memory.log().startOffset()).isEqualTo(8_000);
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
        memory.log().skipTo(3L * ranges);
        var cursor = new Cursor(state, memory.log());
        var given = new OffsetSet();
        for (int portion = 0; portion < 3; portion++) {
            OffsetSet above = Objects.requireNonNull(cursor.reclaimable().above());
            assertThat(above.cardinality()).isLessThanOrEqualTo(2 * 8192);
            assertThat(given.cardinality()).isEqualTo(portion * 2L * 8192);
            given.addAll(above);
        }
        assertThat(given).hasToString(settled.toString());
        assertThat(cursor.reclaimable().above()).isNull();
    }

    /** Of a log with {@link #RECORDS}. */
    private Cursor cursor() {
        memory.append(RECORDS);
        return new Cursor(new CursorState(), memory.log());
    }

    /** Every second record. */
    private static void settle(Cursor cursor, int from, int before) {
        for (int offset = from; offset < before; offset += 2) {
            cursor.settle(offset);
        }
    }

    private static String everySecond(int from, int before) {
        var set = new OffsetSet();
        for (int offset = from; offset < before; offset += 2) {
            set.add(offset, offset);
        }
        return set.toString();
    }

    private static Cursor.Reclaim changeWritten(Cursor cursor) {
        cursor.writeChange(new CursorChangeWriter(record -> {}), 1, RECORDS);
        return cursor.reclaimable();
    }
}
