package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes batches to one segment file as chunks, in large aligned writes. Confined to the flusher thread, for one flush;
 * nothing counts before the catalog names it.
 */
final class SegmentWriter implements AutoCloseable {
    private final DiskFile file;
    private final long segment;
    private final int chunkBytes;
    private final List<SegmentChunk> chunks = new ArrayList<>();
    private final ByteBuf memory;
    private final ByteBuf buffer;

    private long filePosition;
    private int buffered;
    private int chunkStart = -1;
    private long chunkFirst;
    private long chunkLast;
    private int chunkRecords;
    private long chunkMaxTimestampMs;
    private long maxTimestampMs = Long.MIN_VALUE;
    private long records;

    private SegmentWriter(DiskFile file, long segment, long position, StorageConfig config, int largestBatch) {
        this.file = file;
        this.segment = segment;
        this.filePosition = position;
        this.chunkBytes = config.chunkBytes();
        long bytes = SegmentChunk.chunkBytes(Math.max(largestBatch, chunkBytes))
                + Math.max(config.writeBufferBytes() / 2, Disk.BLOCK_BYTES);
        memory = UnpooledByteBufAllocator.DEFAULT.directBuffer((int) bytes + Disk.BLOCK_BYTES);
        int offset = memory.nioBuffer(0, memory.capacity()).alignmentOffset(0, Disk.BLOCK_BYTES);
        buffer = memory.slice(offset == 0 ? 0 : Disk.BLOCK_BYTES - offset, (int) bytes & -Disk.BLOCK_BYTES);
    }

    /** @param position where the segment's good part ends; at 0 the file is created */
    static SegmentWriter open(Disk disk, StorageConfig config, long segment, long position, int largestBatch)
            throws IOException {
        String name = SegmentRef.fileName(segment);
        if (position == 0) {
            disk.create(name, 0);
        }
        DiskFile file = disk.open(name, Disk.Layout.BLOCKS, Disk.Writes.FORCED);
        return new SegmentWriter(file, segment, position, config, largestBatch);
    }

    /** Adds one batch; its indices do not change, and nothing of it is kept. */
    void add(ByteBuf batch, int index, int bytes) throws IOException {
        if (chunkStart >= 0 && buffered - chunkStart + bytes > chunkBytes) {
            endChunk();
        }
        if (chunkStart < 0) {
            if (buffer.capacity() - buffered < SegmentChunk.chunkBytes(Math.max(bytes, chunkBytes))) {
                writeBuffered();
            }
            chunkStart = buffered;
            chunkFirst = RecordBatch.baseOffset(batch, index);
            chunkRecords = 0;
            chunkMaxTimestampMs = Long.MIN_VALUE;
            buffered += SegmentChunk.HEADER_BYTES;
        }
        buffer.setBytes(buffered, batch, index, bytes);
        buffered += bytes;
        chunkLast = RecordBatch.lastOffset(batch, index);
        int count = RecordBatch.recordCount(batch, index);
        chunkRecords += count;
        chunkMaxTimestampMs = Math.max(chunkMaxTimestampMs, RecordBatch.maxTimestamp(batch, index));
        maxTimestampMs = Math.max(maxTimestampMs, chunkMaxTimestampMs);
        records += count;
    }

    /** Writes what is left and makes everything durable. */
    void finish() throws IOException {
        endChunk();
        writeBuffered();
        file.force();
    }

    /** In the order of the file. */
    List<SegmentChunk> chunks() {
        return chunks;
    }

    long endPosition() {
        return filePosition;
    }

    /** Of the records that were added; the least number if there were none. */
    long maxTimestampMs() {
        return maxTimestampMs;
    }

    long records() {
        return records;
    }

    @Override
    public void close() throws IOException {
        memory.release();
        file.close();
    }

    private void endChunk() {
        if (chunkStart < 0) {
            return;
        }
        int payloadAt = chunkStart + SegmentChunk.HEADER_BYTES;
        int payload = buffered - payloadAt;
        SegmentChunk chunk = new SegmentChunk(
                filePosition + chunkStart,
                chunkFirst,
                chunkLast,
                payload,
                chunkRecords,
                chunkMaxTimestampMs,
                SegmentChunk.crcOf(buffer.nioBuffer(payloadAt, payload)));
        chunk.writeHeader(buffer, chunkStart, segment);
        int filling = -buffered & (Disk.BLOCK_BYTES - 1);
        buffer.setZero(buffered, filling);
        buffered += filling;
        chunks.add(chunk);
        chunkStart = -1;
    }

    private void writeBuffered() throws IOException {
        if (buffered > 0) {
            file.write(filePosition, buffer.internalNioBuffer(0, buffered));
            filePosition += buffered;
            buffered = 0;
        }
    }
}
