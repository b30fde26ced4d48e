package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

final class RecordBatchBuilderTest {
    private final RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);

    @Test
    void beginsAnewAfterEachBatch() {
        builder.append(7, null, RecordBatchTest.buffer("first"), RecordHeaders.EMPTY);
        ByteBuf first = builder.build();
        assertThat(builder.isEmpty()).isTrue();
        assertThat(builder.sizeInBytes()).isEqualTo(RecordBatch.HEADER_BYTES);

        builder.append(3, null, RecordBatchTest.buffer("second"), RecordHeaders.EMPTY);
        ByteBuf second = builder.build();

        assertThat(RecordBatch.recordCount(second, 0)).isOne();
        assertThat(RecordBatch.maxTimestamp(second, 0)).isEqualTo(3);
        assertThat(RecordBatch.maxTimestamp(first, 0)).isEqualTo(7);
        first.release();
        second.release();
    }

    @Test
    void tellsItsSizeBeforehand() {
        builder.append(0, RecordBatchTest.buffer("k"), RecordBatchTest.buffer("v".repeat(5_000)), RecordHeaders.EMPTY);
        int expected = builder.sizeInBytes();
        ByteBuf batch = builder.build();

        assertThat(batch.readableBytes()).isEqualTo(expected);
        assertThat(batch.capacity()).isEqualTo(expected);
        batch.release();
    }

    @Test
    void leavesTheBuffersOfTheCallerAsTheyAre() {
        ByteBuf value = RecordBatchTest.buffer("skip-this:value");
        value.skipBytes(10);

        builder.append(0, value, value, RecordHeaders.EMPTY);
        ByteBuf batch = builder.build();

        assertThat(value.readerIndex()).isEqualTo(10);
        assertThat(value.refCnt()).isOne();
        RecordCursor cursor = new RecordCursor();
        cursor.reset(batch, 0);
        assertThat(cursor.next()).isTrue();
        assertThat(cursor.valueLength()).isEqualTo(5);
        batch.release();
    }

    @Test
    void refusesAnEmptyBatch() {
        assertThatThrownBy(builder::build).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesARecordAboveTheLimitAndKeepsTheOthers() {
        builder.append(0, null, RecordBatchTest.buffer("kept"), RecordHeaders.EMPTY);
        ByteBuf huge = Unpooled.wrappedBuffer(new byte[RecordBatch.MAX_BATCH_BYTES - 80]);

        assertThat(builder.fits(huge.readableBytes())).isFalse();
        assertThatThrownBy(() -> builder.append(0, null, huge, RecordHeaders.EMPTY))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(String.valueOf(RecordBatch.MAX_BATCH_BYTES));

        assertThat(builder.recordCount()).isOne();
        ByteBuf batch = builder.build();
        assertThat(RecordBatch.isValid(batch, 0, batch.readableBytes())).isTrue();
        batch.release();
    }

    @Test
    void takesTheLargestRecordThatFits() {
        int payloadBytes =
                RecordBatch.MAX_BATCH_BYTES - RecordBatch.HEADER_BYTES - RecordBatch.MAX_RECORD_OVERHEAD_BYTES;
        assertThat(builder.fits(payloadBytes)).isTrue();
        assertThat(builder.fits(payloadBytes + 1)).isFalse();

        builder.append(0, null, Unpooled.wrappedBuffer(new byte[payloadBytes - 1]), RecordHeaders.EMPTY);
        ByteBuf batch = builder.build();

        assertThat(RecordBatch.violation(batch, 0, batch.readableBytes())).isEmpty();
        batch.release();
    }
}
