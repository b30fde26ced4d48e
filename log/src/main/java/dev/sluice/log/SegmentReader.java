package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads segment files. Stateless; blocks, so it runs on the background threads or the flusher. */
final class SegmentReader {
    private SegmentReader() {}

    /** The chunks of a segment, in order, from their headers alone. */
    static List<SegmentChunk> readIndex(Disk disk, SegmentRef segment) throws IOException {
        List<SegmentChunk> chunks = new ArrayList<>();
        try (DiskFile file = open(disk, segment)) {
            ByteBuffer header = ByteBuffer.allocate(SegmentChunk.HEADER_BYTES);
            long position = 0;
            while (position < segment.bytes()) {
                header.clear();
                file.read(position, header);
                SegmentChunk chunk = SegmentChunk.readHeader(header.flip(), segment.fileName(), segment.id(), position);
                chunks.add(chunk);
                position = chunk.endPosition();
            }
        }
        return List.copyOf(chunks);
    }

    /**
     * Whole batches from the first that reaches up to the offset, about {@code maxBytes} of them and at least one, without
     * gaps between them in the buffer. The caller releases it.
     */
    static ByteBuf read(Disk disk, SegmentRef segment, List<SegmentChunk> chunks, long offset, int maxBytes)
            throws IOException {
        int first = 0;
        while (first < chunks.size() && chunks.get(first).lastOffset() < offset) {
            first++;
        }
        if (first == chunks.size()) {
            return Unpooled.EMPTY_BUFFER;
        }
        int end = first + 1;
        long bytes = chunks.get(first).payloadBytes();
        while (end < chunks.size() && bytes + chunks.get(end).payloadBytes() <= maxBytes) {
            bytes += chunks.get(end).payloadBytes();
            end++;
        }
        ByteBuf batches = readChunks(disk, segment, chunks.subList(first, end), (int) bytes);
        cut(batches, offset, maxBytes);
        return batches;
    }

    /** The batches of one chunk; the caller releases the buffer. */
    static ByteBuf readChunk(Disk disk, SegmentRef segment, SegmentChunk chunk) throws IOException {
        return readChunks(disk, segment, List.of(chunk), chunk.payloadBytes());
    }

    private static ByteBuf readChunks(Disk disk, SegmentRef segment, List<SegmentChunk> chunks, int bytes)
            throws IOException {
        ByteBuf batches = PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
        try (DiskFile file = open(disk, segment)) {
            for (SegmentChunk chunk : chunks) {
                int at = batches.writerIndex();
                ByteBuffer target = batches.nioBuffer(at, chunk.payloadBytes());
                file.read(chunk.payloadPosition(), target);
                chunk.checkPayload(target.flip(), segment.fileName());
                batches.writerIndex(at + chunk.payloadBytes());
            }
            return batches;
        } catch (IOException | RuntimeException failure) {
            batches.release();
            throw failure;
        }
    }

    /** Leaves the batches from the one that reaches up to the offset to the last that fits. */
    private static void cut(ByteBuf batches, long offset, int maxBytes) {
        int at = 0;
        while (RecordBatch.lastOffset(batches, at) < offset) {
            at += RecordBatch.sizeInBytes(batches, at);
        }
        int end = at;
        do {
            end += RecordBatch.sizeInBytes(batches, end);
        } while (end < batches.writerIndex() && end - at + RecordBatch.sizeInBytes(batches, end) <= maxBytes);
        batches.setIndex(at, end);
    }

    private static DiskFile open(Disk disk, SegmentRef segment) throws IOException {
        return disk.open(segment.fileName(), Disk.Layout.BLOCKS, Disk.Writes.FORCED);
    }
}
