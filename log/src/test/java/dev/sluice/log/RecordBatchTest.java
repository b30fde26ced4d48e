package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class RecordBatchTest {
    private static final long TIMESTAMP_MS = 1_700_000_000_000L;

    /** Written by hand from the specification, field by field; the checksum by a bitwise CRC-32C in another language. */
    private static final String GOLDEN = "0000000000000000" // base offset
            + "0000009e" // batch length
            + "ffffffff" // leader epoch
            + "02" // magic
            + "c2eaf5f3" // checksum
            + "0000" // attributes
            + "00000002" // last offset delta
            + "0000018bcfe56800" // base timestamp
            + "0000018bcfe5692c" // max timestamp
            + "ffffffffffffffff" // producer id
            + "ffff" // producer epoch
            + "ffffffff" // base sequence
            + "00000003" // record count
            + "2a000000066b65790a76616c75650402610231026201" // key, value, headers a=1 and b without value
            + "0c000102010100" // no key, no value, one millisecond earlier
            + "9c0100d80404008c01" + "78".repeat(70) + "00"; // empty key, 70 bytes, 300 ms later

    @Test
    void buildsTheGoldenBytes() {
        ByteBuf batch = threeRecords();

        assertThat(ByteBufUtil.hexDump(batch)).isEqualTo(GOLDEN);
        assertThat(batch.isDirect()).isTrue();
        batch.release();
    }

    @Test
    void readsTheHeaderOfTheGoldenBytes() {
        ByteBuf batch = Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump("beef" + GOLDEN));

        assertThat(RecordBatch.violation(batch, 2, batch.readableBytes() - 2)).isEmpty();
        assertThat(RecordBatch.baseOffset(batch, 2)).isZero();
        assertThat(RecordBatch.lastOffset(batch, 2)).isEqualTo(2);
        assertThat(RecordBatch.sizeInBytes(batch, 2)).isEqualTo(batch.readableBytes() - 2);
        assertThat(RecordBatch.leaderEpoch(batch, 2)).isEqualTo(-1);
        assertThat(RecordBatch.crc(batch, 2)).isEqualTo(0xc2eaf5f3);
        assertThat(RecordBatch.attributes(batch, 2)).isZero();
        assertThat(RecordBatch.baseTimestamp(batch, 2)).isEqualTo(TIMESTAMP_MS);
        assertThat(RecordBatch.maxTimestamp(batch, 2)).isEqualTo(TIMESTAMP_MS + 300);
        assertThat(RecordBatch.producerId(batch, 2)).isEqualTo(-1);
        assertThat(RecordBatch.producerEpoch(batch, 2)).isEqualTo((short) -1);
        assertThat(RecordBatch.baseSequence(batch, 2)).isEqualTo(-1);
        assertThat(RecordBatch.recordCount(batch, 2)).isEqualTo(3);
    }

    @Test
    void staysValidWhenTheBaseOffsetIsSet() {
        ByteBuf batch = threeRecords();

        RecordBatch.setBaseOffset(batch, 0, 1L << 40);

        assertThat(RecordBatch.isValid(batch, 0, batch.readableBytes())).isTrue();
        assertThat(RecordBatch.lastOffset(batch, 0)).isEqualTo((1L << 40) + 2);
        batch.release();
    }

    @Test
    void everyFlippedBitOfTheCoveredPartIsNoticed() {
        ByteBuf batch = threeRecords();
        for (int bit = RecordBatch.LENGTH * 8; bit < batch.readableBytes() * 8; bit++) {
            int at = bit / 8;
            if (at >= RecordBatch.LEADER_EPOCH && at < RecordBatch.MAGIC_AT) {
                continue;
            }
            batch.setByte(at, batch.getByte(at) ^ (1 << (bit % 8)));
            assertThat(RecordBatch.isValid(batch, 0, batch.readableBytes()))
                    .as("bit %d", bit)
                    .isFalse();
            batch.setByte(at, batch.getByte(at) ^ (1 << (bit % 8)));
        }
        batch.release();
    }

    @Test
    void saysWhatIsWrong() {
        ByteBuf batch = threeRecords();
        int size = batch.readableBytes();

        assertThat(RecordBatch.violation(batch, 0, 60)).contains(BatchViolation.TRUNCATED);
        assertThat(RecordBatch.violation(batch, 0, size - 1)).contains(BatchViolation.TRUNCATED);

        batch.setInt(RecordBatch.LENGTH, Integer.MAX_VALUE);
        assertThat(RecordBatch.violation(batch, 0, size)).contains(BatchViolation.LENGTH);
        batch.setInt(RecordBatch.LENGTH, 48);
        assertThat(RecordBatch.violation(batch, 0, size)).contains(BatchViolation.LENGTH);
        batch.setInt(RecordBatch.LENGTH, size - 12);

        batch.setByte(RecordBatch.MAGIC_AT, 1);
        assertThat(RecordBatch.violation(batch, 0, size)).contains(BatchViolation.MAGIC);
        batch.setByte(RecordBatch.MAGIC_AT, 2);

        batch.setByte(100, batch.getByte(100) + 1);
        assertThat(RecordBatch.violation(batch, 0, size)).contains(BatchViolation.CHECKSUM);
        batch.setByte(100, batch.getByte(100) - 1);

        RecordBatch.setBaseOffset(batch, 0, -1);
        assertThat(RecordBatch.violation(batch, 0, size)).contains(BatchViolation.OFFSETS);
        RecordBatch.setBaseOffset(batch, 0, Long.MAX_VALUE - 2);
        assertThat(RecordBatch.violation(batch, 0, size)).contains(BatchViolation.OFFSETS);
        RecordBatch.setBaseOffset(batch, 0, Long.MAX_VALUE - 3);
        assertThat(RecordBatch.violation(batch, 0, size)).isEmpty();

        for (int count : new int[] {-1, 0, 4, Integer.MAX_VALUE}) {
            batch.setInt(RecordBatch.RECORD_COUNT, count);
            batch.setInt(RecordBatch.CRC, RecordBatch.computeCrc(batch, 0, size));
            assertThat(RecordBatch.violation(batch, 0, size)).as("%d", count).contains(BatchViolation.COUNT);
        }
        batch.release();
    }

    static ByteBuf threeRecords() {
        try (RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT)) {
            ByteBuf headers = Unpooled.buffer();
            RecordHeaders.writeCount(headers, 2);
            RecordHeaders.write(headers, utf8("a"), utf8("1"));
            RecordHeaders.write(headers, utf8("b"), (ByteBuf) null);
            builder.append(TIMESTAMP_MS, buffer("key"), buffer("value"), headers);
            builder.append(TIMESTAMP_MS - 1, null, null, RecordHeaders.EMPTY);
            builder.append(TIMESTAMP_MS + 300, buffer(""), buffer("x".repeat(70)), RecordHeaders.EMPTY);
            return builder.build();
        }
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static ByteBuf buffer(String text) {
        return Unpooled.wrappedBuffer(utf8(text));
    }
}
