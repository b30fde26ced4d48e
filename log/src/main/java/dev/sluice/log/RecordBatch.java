package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Stateless. Reads the header of a record batch that begins at {@code index} of a buffer. The format is Kafka's record
 * batch v2, big-endian:
 *
 * <pre>
 *   0        8       12       16    17     21         23          27
 *  +--------+--------+--------+-----+------+----------+-----------+-----
 *  | base   | batch  | leader |magic| crc  |attributes| last      | ...
 *  | offset | length | epoch  |  2  |      |          | offset    |
 *  |        |        |        |     |      |          | delta     |
 *  +--------+--------+--------+-----+------+----------+-----------+-----
 *  27          35          43         51         53         57        61
 *  +-----------+-----------+----------+----------+----------+---------+--------
 *  | base      | max       | producer | producer | base     | record  | records
 *  | timestamp | timestamp | id       | epoch    | sequence | count   |
 *  +-----------+-----------+----------+----------+----------+---------+--------
 *
 *  record, all but the attributes (one byte, 0) zigzag varints:
 *  +--------+------------+-----------+--------+------------+-----+--------------+-------+---------+
 *  | length | attributes | timestamp | offset | key length | key | value length | value | headers |
 *  |        |     0      | delta     | delta  | (-1: none) |     | (-1: null)   |       |         |
 *  +--------+------------+-----------+--------+------------+-----+--------------+-------+---------+
 * </pre>
 *
 * The batch length counts what follows it; a record's length too. The CRC32C covers everything from the attributes to the
 * end, so that the base offset and the leader epoch can be set without computing it again. Headers: see {@link
 * RecordHeaders}.
 *
 * <p>The accessors trust that a header is there; for bytes from outside ask {@link #violation} first.
 */
public final class RecordBatch {
    public static final int HEADER_BYTES = 61;
    /** No batch is larger, header included. */
    public static final int MAX_BATCH_BYTES = 64 << 20;

    static final byte MAGIC = 2;
    /** Seven fields of at least one byte each. */
    static final int MIN_RECORD_BYTES = 7;
    /** What a record takes beyond key, value and headers, at most. */
    static final int MAX_RECORD_OVERHEAD_BYTES = 4 * Varint.MAX_INT_BYTES + Varint.MAX_LONG_BYTES + 1;

    static final int BASE_OFFSET = 0;
    static final int LENGTH = 8;
    static final int LEADER_EPOCH = 12;
    static final int MAGIC_AT = 16;
    static final int CRC = 17;
    static final int ATTRIBUTES = 21;
    static final int LAST_OFFSET_DELTA = 23;
    static final int BASE_TIMESTAMP = 27;
    static final int MAX_TIMESTAMP = 35;
    static final int PRODUCER_ID = 43;
    static final int PRODUCER_EPOCH = 51;
    static final int BASE_SEQUENCE = 53;
    static final int RECORD_COUNT = 57;

    /** The base offset and the length itself, which the length does not count. */
    static final int LENGTH_EXCLUDES_BYTES = 12;

    private static final int COMPRESSION_MASK = 0x07;

    private RecordBatch() {}

    public static long baseOffset(ByteBuf batch, int index) {
        return batch.getLong(index + BASE_OFFSET);
    }

    /** The checksum does not cover the base offset and stays right. */
    public static void setBaseOffset(ByteBuf batch, int index, long offset) {
        batch.setLong(index + BASE_OFFSET, offset);
    }

    /** The whole batch, header included. */
    public static int sizeInBytes(ByteBuf batch, int index) {
        return LENGTH_EXCLUDES_BYTES + batch.getInt(index + LENGTH);
    }

    public static int leaderEpoch(ByteBuf batch, int index) {
        return batch.getInt(index + LEADER_EPOCH);
    }

    /** The checksum as stored. */
    public static int crc(ByteBuf batch, int index) {
        return batch.getInt(index + CRC);
    }

    public static short attributes(ByteBuf batch, int index) {
        return batch.getShort(index + ATTRIBUTES);
    }

    public static boolean isCompressed(ByteBuf batch, int index) {
        return compression(batch, index) != 0;
    }

    /** Which codec the records are compressed with, in Kafka's numbers; 0 for none. */
    static int compression(ByteBuf batch, int index) {
        return attributes(batch, index) & COMPRESSION_MASK;
    }

    /** The checksum covers it and is wrong then. */
    static void clearCompression(ByteBuf batch, int index) {
        batch.setShort(index + ATTRIBUTES, attributes(batch, index) & ~COMPRESSION_MASK);
    }

    public static long lastOffset(ByteBuf batch, int index) {
        return baseOffset(batch, index) + lastOffsetDelta(batch, index);
    }

    static int lastOffsetDelta(ByteBuf batch, int index) {
        return batch.getInt(index + LAST_OFFSET_DELTA);
    }

    public static long baseTimestamp(ByteBuf batch, int index) {
        return batch.getLong(index + BASE_TIMESTAMP);
    }

    public static long maxTimestamp(ByteBuf batch, int index) {
        return batch.getLong(index + MAX_TIMESTAMP);
    }

    public static long producerId(ByteBuf batch, int index) {
        return batch.getLong(index + PRODUCER_ID);
    }

    public static short producerEpoch(ByteBuf batch, int index) {
        return batch.getShort(index + PRODUCER_EPOCH);
    }

    public static int baseSequence(ByteBuf batch, int index) {
        return batch.getInt(index + BASE_SEQUENCE);
    }

    public static int recordCount(ByteBuf batch, int index) {
        return batch.getInt(index + RECORD_COUNT);
    }

    public static boolean isValid(ByteBuf batch, int index, int availableBytes) {
        return violation(batch, index, availableBytes).isEmpty();
    }

    /**
     * What is wrong with the batch at {@code index}, of which at most {@code availableBytes} are there; empty if nothing.
     * Safe on any bytes. Covers the header and the checksum; the records themselves are checked by {@link RecordCursor} as
     * it walks them.
     */
    public static Optional<BatchViolation> violation(ByteBuf batch, int index, int availableBytes) {
        if (availableBytes < HEADER_BYTES) {
            return Optional.of(BatchViolation.TRUNCATED);
        }
        int length = batch.getInt(index + LENGTH);
        if (length < HEADER_BYTES - LENGTH_EXCLUDES_BYTES || length > MAX_BATCH_BYTES - LENGTH_EXCLUDES_BYTES) {
            return Optional.of(BatchViolation.LENGTH);
        }
        int size = LENGTH_EXCLUDES_BYTES + length;
        if (size > availableBytes) {
            return Optional.of(BatchViolation.TRUNCATED);
        }
        if (batch.getByte(index + MAGIC_AT) != MAGIC) {
            return Optional.of(BatchViolation.MAGIC);
        }
        if (crc(batch, index) != computeCrc(batch, index, size)) {
            return Optional.of(BatchViolation.CHECKSUM);
        }
        if (!isCountPossible(batch, index, size)) {
            return Optional.of(BatchViolation.COUNT);
        }
        long baseOffset = baseOffset(batch, index);
        if (baseOffset < 0 || baseOffset > Long.MAX_VALUE - 1 - lastOffsetDelta(batch, index)) {
            return Optional.of(BatchViolation.OFFSETS);
        }
        return Optional.empty();
    }

    private static boolean isCountPossible(ByteBuf batch, int index, int size) {
        int count = recordCount(batch, index);
        if (count < 1 || count - 1 > lastOffsetDelta(batch, index)) {
            return false;
        }
        return isCompressed(batch, index) || count <= (size - HEADER_BYTES) / MIN_RECORD_BYTES;
    }

    /** Over everything from the attributes to the end, in place. */
    static int computeCrc(ByteBuf batch, int index, int size) {
        ByteBuffer covered = batch.nioBuffer(index + ATTRIBUTES, size - ATTRIBUTES);
        CRC32C crc = new CRC32C();
        crc.update(covered);
        return (int) crc.getValue();
    }
}
