package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Damaged batches with a checksum that somebody made right: the cursor has to be safe on its own. */
final class RecordCursorFuzzTest {
    private static final int SEEDS = Integer.getInteger("fuzz.seeds", 20_000);
    private static final byte[] HEADER_KEY = {'a', 'b'};

    private final RecordCursor cursor = new RecordCursor();

    @Test
    void neverLeavesTheBatchNorRunsForEver() {
        int survived = 0;
        RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
        for (long seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            ByteBuf whole = RandomRecords.build(builder, new RandomRecords(seed).next(8));
            try {
                survived += walkDamaged(random, whole);
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed, e);
            } finally {
                whole.release();
            }
        }
        assertThat(survived).as("some damage is harmless, most is not").isBetween(SEEDS / 50, SEEDS - SEEDS / 10);
    }

    private int walkDamaged(SplittableRandom random, ByteBuf whole) {
        int before = random.nextInt(20);
        int size = whole.readableBytes();
        // Exactly as large as the batch, so that any read beyond it throws something else than CorruptRecordException.
        ByteBuf bytes = Unpooled.buffer(before + size, before + size);
        bytes.writeZero(before).writeBytes(whole, 0, size);
        damage(random, bytes, before, size);
        try {
            walk(bytes, before, size);
            return 1;
        } catch (CorruptRecordException e) {
            assertThat(cursor.next()).isFalse();
        }
        try {
            cursor.readAt(bytes, before, random.nextInt(-5, before + size + 5));
            walkHeaders(before, size);
        } catch (CorruptRecordException e) {
            assertThat(cursor.next()).isFalse();
        }
        return 0;
    }

    private static void damage(SplittableRandom random, ByteBuf bytes, int index, int size) {
        int places = 1 + random.nextInt(6);
        for (int i = 0; i < places; i++) {
            // Half of the damage near the lengths of the first record.
            int span = random.nextBoolean() ? Math.min(size, RecordBatch.HEADER_BYTES + 12) : size;
            int at = index
                    + (random.nextInt(4) == 0
                            ? random.nextInt(span)
                            : Math.min(size, 61) + random.nextInt(size - 60) - 1);
            switch (random.nextInt(4)) {
                case 0 -> bytes.setByte(at, random.nextInt(256));
                case 1 -> bytes.setByte(at, bytes.getByte(at) ^ (1 << random.nextInt(8)));
                case 2 -> bytes.setByte(at, 0xff);
                default -> bytes.setByte(at, 0x80);
            }
        }
        bytes.setByte(index + RecordBatch.MAGIC_AT, RecordBatch.MAGIC);
    }

    private void walk(ByteBuf bytes, int index, int size) {
        cursor.reset(bytes, index);
        int records = 0;
        while (cursor.next()) {
            records++;
            assertThat(records).isLessThanOrEqualTo(size / RecordBatch.MIN_RECORD_BYTES);
            assertInside(cursor.position(), cursor.sizeInBytes(), index, size);
            assertInside(cursor.keyIndex(), cursor.keyLength(), index, size);
            assertInside(cursor.valueIndex(), cursor.valueLength(), index, size);
            walkHeaders(index, size);
            cursor.findHeader(HEADER_KEY);
        }
        cursor.seek(RecordBatch.baseOffset(bytes, index) + 3);
    }

    private void walkHeaders(int index, int size) {
        assertInside(cursor.headersIndex(), cursor.headersLength(), index, size);
        int headers = 0;
        while (cursor.nextHeader()) {
            headers++;
            assertThat(headers).isLessThanOrEqualTo(size / 2);
            assertInside(cursor.headerKeyIndex(), cursor.headerKeyLength(), index, size);
            assertInside(cursor.headerValueIndex(), cursor.headerValueLength(), index, size);
        }
    }

    private static void assertInside(int at, int length, int index, int size) {
        if (at < index + RecordBatch.HEADER_BYTES || at + (long) Math.max(length, 0) > index + size || length < -1) {
            throw new AssertionError(
                    at + " + " + length + " is outside of the batch of " + size + " bytes at " + index);
        }
    }
}
