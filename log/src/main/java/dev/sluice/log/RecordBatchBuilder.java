package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Confined to one thread. Collects records and builds one batch of them (see {@link RecordBatch} for the format), then
 * begins anew.
 *
 * <p>Records are encoded into a scratch array that is kept between batches, so that an append allocates nothing; an array
 * that one large batch made grow beyond {@link #MAX_RETAINED_SCRATCH_BYTES} is let go. An append that throws leaves the
 * builder as it was.
 */
public final class RecordBatchBuilder implements AutoCloseable {
    static final int INITIAL_SCRATCH_BYTES = 1 << 10;
    static final int MAX_RETAINED_SCRATCH_BYTES = 1 << 20;

    private static final byte[] NO_SCRATCH = {};
    private static final int MAX_RECORDS_BYTES = RecordBatch.MAX_BATCH_BYTES - RecordBatch.HEADER_BYTES;
    private static final long NO_PRODUCER = -1;

    private final ByteBufAllocator allocator;

    private byte[] scratch = NO_SCRATCH;
    private int recordsBytes;
    private int recordCount;
    private long baseTimestampMs;
    private long maxTimestampMs;

    public RecordBatchBuilder(ByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    public boolean isEmpty() {
        return recordCount == 0;
    }

    public int recordCount() {
        return recordCount;
    }

    /** Of the batch if it were built now, header included. */
    public int sizeInBytes() {
        return RecordBatch.HEADER_BYTES + recordsBytes;
    }

    /**
     * Whether a record with so many bytes of key, value and headers section together can still be appended. False on an empty
     * builder means that the record is larger than any batch.
     */
    public boolean fits(long payloadBytes) {
        return payloadBytes <= MAX_RECORDS_BYTES - recordsBytes - RecordBatch.MAX_RECORD_OVERHEAD_BYTES;
    }

    /**
     * Adds a record. Key and value are copied from their reader to their writer index, {@code headers} is a section as {@link
     * RecordHeaders} encodes it; no index moves and nothing is released.
     *
     * @throws IllegalArgumentException if the batch would become larger than {@link RecordBatch#MAX_BATCH_BYTES}
     */
    public void append(long timestampMs, @Nullable ByteBuf key, @Nullable ByteBuf value, ByteBuf headers) {
        int keyLength = key == null ? -1 : key.readableBytes();
        int valueLength = value == null ? -1 : value.readableBytes();
        int headersLength = headers.readableBytes();
        if (headersLength == 0) {
            throw new IllegalArgumentException("a headers section has at least its count; use RecordHeaders.EMPTY");
        }
        long timestampDelta = recordCount == 0 ? 0 : timestampMs - baseTimestampMs;
        long bodyBytes = 1L
                + Varint.sizeOf(timestampDelta)
                + Varint.sizeOf(recordCount)
                + Varint.sizeOf(keyLength)
                + Math.max(keyLength, 0)
                + Varint.sizeOf(valueLength)
                + Math.max(valueLength, 0)
                + headersLength;
        int at = recordsBytes;
        ensureRoom(at + Varint.MAX_INT_BYTES + bodyBytes);

        byte[] out = scratch;
        at = Varint.write(out, at, (int) bodyBytes);
        out[at++] = 0;
        at = Varint.write(out, at, timestampDelta);
        at = Varint.write(out, at, recordCount);
        at = writeBytes(out, at, key, keyLength);
        at = writeBytes(out, at, value, valueLength);
        headers.getBytes(headers.readerIndex(), out, at, headersLength);
        added(at + headersLength, timestampMs);
    }

    private static int writeBytes(byte[] out, int index, @Nullable ByteBuf bytes, int length) {
        int at = Varint.write(out, index, length);
        if (bytes == null) {
            return at;
        }
        bytes.getBytes(bytes.readerIndex(), out, at, length);
        return at + length;
    }

    private void added(int newRecordsBytes, long timestampMs) {
        if (recordCount == 0) {
            baseTimestampMs = timestampMs;
            maxTimestampMs = timestampMs;
        } else {
            maxTimestampMs = Math.max(maxTimestampMs, timestampMs);
        }
        recordsBytes = newRecordsBytes;
        recordCount++;
    }

    private void ensureRoom(long neededBytes) {
        if (neededBytes <= scratch.length) {
            return;
        }
        if (neededBytes > MAX_RECORDS_BYTES) {
            throw new IllegalArgumentException("a batch of " + (RecordBatch.HEADER_BYTES + neededBytes)
                    + " bytes is above the limit of " + RecordBatch.MAX_BATCH_BYTES + "; ask fits() before");
        }
        long doubled = Math.max(INITIAL_SCRATCH_BYTES, 2L * scratch.length);
        scratch = Arrays.copyOf(scratch, (int) Math.min(Math.max(doubled, neededBytes), MAX_RECORDS_BYTES));
    }

    /**
     * The batch as a direct buffer of exactly its size, with base offset 0 and no producer; the caller owns it. The builder is
     * empty again.
     */
    public ByteBuf build() {
        if (recordCount == 0) {
            throw new IllegalStateException("a batch has at least one record");
        }
        int size = sizeInBytes();
        ByteBuf batch = allocator.directBuffer(size, size);
        writeHeader(batch, size);
        batch.writeBytes(scratch, 0, recordsBytes);
        batch.setInt(RecordBatch.CRC, RecordBatch.computeCrc(batch, 0, size));
        clear();
        return batch;
    }

    /** As {@link #build()}; all records, which have been appended with the same timestamp, get this one instead. */
    public ByteBuf build(long timestampMs) {
        baseTimestampMs = timestampMs;
        maxTimestampMs = timestampMs;
        return build();
    }

    private void writeHeader(ByteBuf batch, int size) {
        batch.writeLong(0);
        batch.writeInt(size - RecordBatch.LENGTH_EXCLUDES_BYTES);
        batch.writeInt((int) NO_PRODUCER); // leader epoch: unknown as well
        batch.writeByte(RecordBatch.MAGIC);
        batch.writeInt(0); // checksum, once the rest is there
        batch.writeShort(0);
        batch.writeInt(recordCount - 1);
        batch.writeLong(baseTimestampMs);
        batch.writeLong(maxTimestampMs);
        batch.writeLong(NO_PRODUCER);
        batch.writeShort((int) NO_PRODUCER);
        batch.writeInt((int) NO_PRODUCER);
        batch.writeInt(recordCount);
    }

    /** Forgets the records appended since the last batch. */
    public void clear() {
        recordsBytes = 0;
        recordCount = 0;
        if (scratch.length > MAX_RETAINED_SCRATCH_BYTES) {
            scratch = NO_SCRATCH;
        }
    }

    /** Lets go of the records appended and of the scratch array. */
    @Override
    public void close() {
        clear();
        scratch = NO_SCRATCH;
    }
}
