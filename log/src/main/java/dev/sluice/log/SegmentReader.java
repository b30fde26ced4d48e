package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
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
            long position = 0;
            while (position < segment.bytes()) {
                SegmentChunk chunk = readHeader(file, segment, position);
                chunks.add(chunk);
                position = chunk.endPosition();
            }
        }
        return List.copyOf(chunks);
    }

    /** The batches of one chunk; the caller releases the buffer. */
    static ByteBuf readChunk(Disk disk, SegmentRef segment, SegmentChunk chunk) throws IOException {
        ByteBuf batches = PooledByteBufAllocator.DEFAULT.directBuffer(chunk.payloadBytes(), chunk.payloadBytes());
        try (DiskFile file = open(disk, segment)) {
            ByteBuffer target = batches.nioBuffer(0, chunk.payloadBytes());
            file.read(chunk.payloadPosition(), target);
            chunk.checkPayload(target.flip(), segment.fileName());
            return batches.writerIndex(chunk.payloadBytes());
        } catch (IOException | RuntimeException failure) {
            batches.release();
            throw failure;
        }
    }

    /** Reads the header of the chunk that begins there. */
    static SegmentChunk readHeader(DiskFile file, SegmentRef segment, long position) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(SegmentChunk.HEADER_BYTES);
        file.read(position, header);
        return SegmentChunk.readHeader(header.flip(), segment.fileName(), segment.id(), position);
    }

    /** Leaves the batches from the one that reaches up to the offset to the last that fits; the index of that one. */
    static int cut(ByteBuf batches, long offset, int maxBytes) {
        int at = batches.readerIndex();
        while (RecordBatch.lastOffset(batches, at) < offset) {
            at += RecordBatch.sizeInBytes(batches, at);
        }
        int end = at;
        int last;
        do {
            last = end;
            end += RecordBatch.sizeInBytes(batches, end);
        } while (end < batches.writerIndex() && end - at + RecordBatch.sizeInBytes(batches, end) <= maxBytes);
        batches.setIndex(at, end);
        return last;
    }

    static DiskFile open(Disk disk, SegmentRef segment) throws IOException {
        return disk.open(segment.fileName(), Disk.Layout.BLOCKS, Disk.Writes.FORCED);
    }
}
