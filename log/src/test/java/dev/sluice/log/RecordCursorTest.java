package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class RecordCursorTest {
    private final RecordCursor cursor = new RecordCursor();

    @Test
    void readsBackWhateverWasBuilt() {
        RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
        for (long seed = 0; seed < 300; seed++) {
            List<RandomRecords.Plain> records = new RandomRecords(seed).next(40);
            ByteBuf batch = RandomRecords.build(builder, records);
            RecordBatch.setBaseOffset(batch, 0, seed * 1_000);

            assertThat(RecordBatch.violation(batch, 0, batch.readableBytes()))
                    .as("seed %d", seed)
                    .isEmpty();
            cursor.reset(batch, 0);
            for (int i = 0; i < records.size(); i++) {
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.offset()).isEqualTo(seed * 1_000 + i);
                assertIs(cursor, records.get(i), "seed " + seed);
            }
            assertThat(cursor.next()).isFalse();
            assertThat(cursor.next()).isFalse();
            batch.release();
        }
    }

    /** The record at which the cursor stands. */
    static void assertIs(RecordCursor cursor, RandomRecords.Plain plain, String as) {
        assertThat(cursor.timestampMs()).as(as).isEqualTo(plain.timestampMs());
        assertThat(bytes(cursor, cursor.keyIndex(), cursor.keyLength())).as(as).isEqualTo(plain.key());
        assertThat(bytes(cursor, cursor.valueIndex(), cursor.valueLength()))
                .as(as)
                .isEqualTo(plain.value());
        assertThat(cursor.headerCount()).as(as).isEqualTo(plain.headers().size());
        for (RandomRecords.Header header : plain.headers()) {
            assertThat(cursor.nextHeader()).as(as).isTrue();
            assertThat(bytes(cursor, cursor.headerKeyIndex(), cursor.headerKeyLength()))
                    .isEqualTo(header.key());
            assertThat(bytes(cursor, cursor.headerValueIndex(), cursor.headerValueLength()))
                    .isEqualTo(header.value());
        }
        assertThat(cursor.nextHeader()).as(as).isFalse();
        assertThat(cursor.headersIndex() + cursor.headersLength()).isEqualTo(cursor.position() + cursor.sizeInBytes());
    }

    private static byte @Nullable [] bytes(RecordCursor cursor, int index, int length) {
        return length < 0 ? null : ByteBufUtil.getBytes(cursor.buffer(), index, length);
    }

    @Test
    void findsAHeaderByItsKey() {
        ByteBuf batch = RecordBatchTest.threeRecords();
        cursor.reset(batch, 0);
        cursor.next();

        assertThat(cursor.findHeader(RecordBatchTest.utf8("b"))).isTrue();
        assertThat(cursor.headerValueLength()).isEqualTo(-1);
        assertThat(cursor.findHeader(RecordBatchTest.utf8("a"))).isTrue();
        assertThat(bytes(cursor, cursor.headerValueIndex(), cursor.headerValueLength()))
                .isEqualTo(RecordBatchTest.utf8("1"));
        assertThat(cursor.findHeader(RecordBatchTest.utf8("c"))).isFalse();
        batch.release();
    }

    @Test
    void comesBackToAPosition() {
        ByteBuf batch = Unpooled.buffer().writeLong(0);
        ByteBuf records = RecordBatchTest.threeRecords();
        batch.writeBytes(records);
        records.release();
        RecordBatch.setBaseOffset(batch, 8, 50);
        cursor.reset(batch, 8);
        List<Integer> positions = new ArrayList<>();
        while (cursor.next()) {
            positions.add(cursor.position());
        }

        cursor.readAt(batch, 8, positions.get(1));
        assertThat(cursor.offset()).isEqualTo(51);
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.offset()).isEqualTo(52);
        assertThat(cursor.next()).isFalse();
    }

    @Test
    void seeksForwardsAndBackwards() {
        ByteBuf batch = RecordBatchTest.threeRecords();
        RecordBatch.setBaseOffset(batch, 0, 100);
        cursor.reset(batch, 0);

        assertThat(cursor.seek(102)).isTrue();
        assertThat(cursor.offset()).isEqualTo(102);
        assertThat(cursor.seek(5)).isTrue();
        assertThat(cursor.offset()).isEqualTo(100);
        assertThat(cursor.seek(101)).isTrue();
        assertThat(cursor.valueLength()).isEqualTo(-1);
        assertThat(cursor.seek(103)).isFalse();
        batch.release();
    }

    @Test
    void isAtTheEndBeforeItsFirstBatch() {
        assertThat(cursor.next()).isFalse();
        assertThat(cursor.seek(0)).isFalse();
    }

    @Test
    void refusesACountThatDoesNotComeTrue() {
        ByteBuf batch = RecordBatchTest.threeRecords();
        batch.setInt(RecordBatch.RECORD_COUNT, 4);
        cursor.reset(batch, 0);
        assertThatThrownBy(this::readAll).isInstanceOf(CorruptRecordException.class);

        batch.setInt(RecordBatch.RECORD_COUNT, 2);
        cursor.reset(batch, 0);
        assertThatThrownBy(this::readAll).isInstanceOf(CorruptRecordException.class);
        batch.release();
    }

    private int readAll() {
        int records = 0;
        while (cursor.next()) {
            records++;
        }
        return records;
    }
}
