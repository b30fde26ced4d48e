package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;

/**
 * Confined to one thread. Walks the records of one batch, and the headers of one record, without allocating; reusable.
 *
 * <p>Indexes are absolute in {@link #buffer()}; the buffer is borrowed, never retained. Every length and count is checked
 * against the batch before it is followed, since a checksum proves nothing about who made the bytes: on any bytes
 * whatsoever a cursor stays inside the batch, ends after finitely many steps, and answers or throws {@link
 * CorruptRecordException}. After a throw the cursor is at the end of the batch.
 *
 * <p>A compressed batch is decompressed into memory of the cursor's own, of at most {@link RecordBatch#MAX_BATCH_BYTES}: {@link
 * #buffer()} and {@link #batchIndex()} are those of the decompressed batch then. Nobody has to release it; who retains it may
 * keep it, as any buffer.
 */
public final class RecordCursor {
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;
    private int batchIndex;
    private int batchEnd;
    private long baseOffset;
    private long baseTimestampMs;
    private int lastOffsetDelta;

    /** Records not yet read; negative when unknown, as the walk did not begin at the first. */
    private int recordsLeft;

    private int recordStart;
    private int recordEnd;
    private int offsetDelta;
    private long timestampDelta;
    private int keyIndex;
    private int keyLength;
    private int valueIndex;
    private int valueLength;
    private int headersIndex;

    private int headersLeft;
    private int nextHeaderIndex;
    private int headerKeyIndex;
    private int headerKeyLength;
    private int headerValueIndex;
    private int headerValueLength;

    /** Where the varint that was read last ends. */
    private int at;

    /**
     * Stands before the first record of the batch at {@code index}.
     *
     * @throws StorageException if the batch is compressed, and the library that could read it does not load
     */
    public void reset(ByteBuf batch, int index) {
        buffer = batch;
        batchIndex = index;
        batchEnd = index;
        rewind();
        int available = batch.writerIndex() - index;
        if (index < 0 || available < RecordBatch.HEADER_BYTES) {
            throw corrupt("batch", "only " + available + " bytes are there of a header");
        }
        int length = batch.getInt(index + RecordBatch.LENGTH);
        if (length < RecordBatch.HEADER_BYTES - RecordBatch.LENGTH_EXCLUDES_BYTES
                || length > available - RecordBatch.LENGTH_EXCLUDES_BYTES) {
            throw corrupt("batch", "its length is " + length + ", there are " + available + " bytes");
        }
        if (batch.getByte(index + RecordBatch.MAGIC_AT) != RecordBatch.MAGIC) {
            throw corrupt("batch", "its magic is " + batch.getByte(index + RecordBatch.MAGIC_AT) + ", not 2");
        }
        baseOffset = RecordBatch.baseOffset(batch, index);
        baseTimestampMs = RecordBatch.baseTimestamp(batch, index);
        lastOffsetDelta = RecordBatch.lastOffsetDelta(batch, index);
        if (RecordBatch.isCompressed(batch, index)) {
            decompress();
        } else {
            batchEnd = index + RecordBatch.LENGTH_EXCLUDES_BYTES + length;
        }
        rewind();
        if (recordsLeft < 0) {
            throw corrupt("batch", "its record count is " + recordsLeft);
        }
    }

    private void decompress() {
        try {
            buffer = Decompression.of(buffer, batchIndex);
            batchIndex = 0;
            batchEnd = buffer.writerIndex();
        } catch (IOException damage) {
            throw corrupt("compressed batch", String.valueOf(damage.getMessage()));
        }
    }

    /** Forgets the batch; as a new cursor. */
    public void clear() {
        buffer = Unpooled.EMPTY_BUFFER;
        batchIndex = 0;
        batchEnd = 0;
        baseOffset = 0;
        rewind();
    }

    /** Stands on the record at a {@link #position()} that a cursor gave for the same {@link #batchIndex()} of the same {@link #buffer()}. */
    public void readAt(ByteBuf batch, int batchIndex, int position) {
        reset(batch, batchIndex);
        if (position < recordEnd || position >= batchEnd) {
            throw corrupt("record", "position " + position + " is outside of the batch");
        }
        recordEnd = position;
        recordsLeft = -1;
        next();
    }

    /** Moves to the next record; false after the last. */
    public boolean next() {
        if (recordEnd >= batchEnd) {
            headersLeft = 0;
            if (recordsLeft > 0) {
                throw corrupt("batch", recordsLeft + " records fewer than its count says");
            }
            return false;
        }
        if (recordsLeft == 0) {
            throw corrupt("batch", "bytes follow the last record");
        }
        int previousDelta = offsetDelta;
        recordStart = recordEnd;
        int length = readInt(recordStart, batchEnd);
        if (length < RecordBatch.MIN_RECORD_BYTES - 1 || length > batchEnd - at) {
            throw corrupt("record", "its length is " + length + ", the batch has " + (batchEnd - at) + " bytes left");
        }
        int end = at + length;
        timestampDelta = readLong(at + 1, end);
        offsetDelta = readInt(at, end);
        if (offsetDelta <= previousDelta || offsetDelta > lastOffsetDelta) {
            throw corrupt("record", "offset delta " + offsetDelta + " comes after " + previousDelta);
        }
        keyLength = readLength(end);
        keyIndex = at;
        at += Math.max(keyLength, 0);
        valueLength = readLength(end);
        valueIndex = at;
        headersIndex = at + Math.max(valueLength, 0);
        if (headersIndex >= end) {
            throw corrupt("record", "it ends before its headers");
        }
        recordEnd = end;
        recordsLeft--;
        rewindHeaders();
        return true;
    }

    /** Moves to the first record whose offset is {@code offset} or above; false if there is none. */
    public boolean seek(long offset) {
        rewind();
        while (next()) {
            if (offset() >= offset) {
                return true;
            }
        }
        return false;
    }

    /** Stands before the first record again. */
    public void rewind() {
        recordsLeft =
                batchEnd - batchIndex < RecordBatch.HEADER_BYTES ? 0 : RecordBatch.recordCount(buffer, batchIndex);
        recordEnd = batchIndex + RecordBatch.HEADER_BYTES;
        offsetDelta = -1;
        headersLeft = 0;
    }

    public ByteBuf buffer() {
        return buffer;
    }

    /** Index of the current record, for {@link #readAt}. */
    public int position() {
        return recordStart;
    }

    /** Index behind the current record. */
    int end() {
        return recordEnd;
    }

    /** Index of the batch that the record belongs to, for {@link #readAt}. */
    public int batchIndex() {
        return batchIndex;
    }

    public long offset() {
        return baseOffset + offsetDelta;
    }

    public long timestampMs() {
        return baseTimestampMs + timestampDelta;
    }

    public int keyIndex() {
        return keyIndex;
    }

    /** -1: the record has no key. */
    public int keyLength() {
        return keyLength;
    }

    public int valueIndex() {
        return valueIndex;
    }

    /** -1: the value is null. */
    public int valueLength() {
        return valueLength;
    }

    /** Of the headers section, which begins with the count. */
    public int headersIndex() {
        return headersIndex;
    }

    /** Of the headers section, with the count. */
    public int headersLength() {
        return recordEnd - headersIndex;
    }

    /** Of the whole record, its length field included. */
    public int sizeInBytes() {
        return recordEnd - recordStart;
    }

    public int headerCount() {
        int count = readInt(headersIndex, recordEnd);
        // A header takes at least its two lengths.
        if (count < 0 || count > (recordEnd - at) / 2) {
            throw corrupt("headers", "their count is " + count + " in " + (recordEnd - at) + " bytes");
        }
        return count;
    }

    /** Stands before the first header again. */
    public void rewindHeaders() {
        headersLeft = -1;
    }

    /** Moves to the next header of the current record; false after the last. */
    public boolean nextHeader() {
        if (headersLeft < 0) {
            headersLeft = headerCount();
            nextHeaderIndex = at;
        }
        if (headersLeft == 0) {
            return false;
        }
        headersLeft--;
        at = nextHeaderIndex;
        headerKeyLength = readLength(recordEnd);
        if (headerKeyLength < 0) {
            throw corrupt("header", "it has no key");
        }
        headerKeyIndex = at;
        at += headerKeyLength;
        headerValueLength = readLength(recordEnd);
        headerValueIndex = at;
        nextHeaderIndex = at + Math.max(headerValueLength, 0);
        return true;
    }

    /** Moves to the first header with this key; false if the record has none. */
    public boolean findHeader(byte[] key) {
        rewindHeaders();
        while (nextHeader()) {
            if (headerKeyEquals(key)) {
                return true;
            }
        }
        return false;
    }

    public boolean headerKeyEquals(byte[] key) {
        if (headerKeyLength != key.length) {
            return false;
        }
        for (int i = 0; i < key.length; i++) {
            if (buffer.getByte(headerKeyIndex + i) != key[i]) {
                return false;
            }
        }
        return true;
    }

    public int headerKeyIndex() {
        return headerKeyIndex;
    }

    public int headerKeyLength() {
        return headerKeyLength;
    }

    public int headerValueIndex() {
        return headerValueIndex;
    }

    /** -1: the header has no value. */
    public int headerValueLength() {
        return headerValueLength;
    }

    /** A length at {@link #at} of bytes that follow it and must end by {@code end}; any negative one means none: -1. */
    private int readLength(int end) {
        int length = readInt(at, end);
        if (length > end - at) {
            throw corrupt("field", "its length is " + length + ", the record has " + (end - at) + " bytes left");
        }
        return Math.max(length, -1);
    }

    private int readInt(int index, int end) {
        long bits = readUnsigned(index, end, Varint.MAX_INT_BYTES);
        if (bits >>> 32 != 0) {
            throw corrupt("number", "it does not fit into 32 bits");
        }
        int value = (int) bits;
        return (value >>> 1) ^ -(value & 1);
    }

    private long readLong(int index, int end) {
        long bits = readUnsigned(index, end, Varint.MAX_LONG_BYTES);
        return (bits >>> 1) ^ -(bits & 1);
    }

    private long readUnsigned(int index, int end, int maxBytes) {
        if (index < end) {
            byte only = buffer.getByte(index);
            if (only >= 0) { // most numbers in records are small
                at = index + 1;
                return only;
            }
        }
        int limit = Math.min(end, index + maxBytes);
        long bits = 0;
        int shift = 0;
        int from = index;
        while (from < limit) {
            byte next = buffer.getByte(from++);
            bits |= (next & 0x7fL) << shift;
            if (next >= 0) {
                at = from;
                return bits;
            }
            shift += 7;
        }
        throw corrupt("number", "it has no end within " + Math.max(limit - index, 0) + " bytes");
    }

    private CorruptRecordException corrupt(String what, String found) {
        recordEnd = batchEnd;
        recordsLeft = 0;
        headersLeft = 0;
        return new CorruptRecordException("damaged " + what + " in the batch at index " + batchIndex + ", near index "
                + recordStart + ": " + found);
    }
}
