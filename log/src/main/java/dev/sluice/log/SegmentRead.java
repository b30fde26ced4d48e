package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One read of batches from a segment, in one piece of the file: chunks say themselves what they hold, so that whoever reads on from where he was needs no index.
 * Blocks, so it runs on the background threads; used once.
 */
final class SegmentRead {
    /** Whatever is asked for, a read takes about so much memory at most, single chunks apart: the allocator keeps memory of that size. */
    static final int MOST_BYTES = 2 << 20;

    /** Of a read, for headers and the filling of blocks. */
    private static final int SHARE_BETWEEN_BATCHES = 16;

    private final SegmentRef segment;
    private final SegmentIndex index;
    private final long offset;
    private final int maxBytes;
    private final boolean isCached;
    private final int usualChunkBytes;
    private final List<SegmentChunk> found = new ArrayList<>();

    /**
     * @param offset batches are wanted from the first on that reaches up to it
     * @param maxBytes about how many of them; at least one batch is read
     * @param usualChunkBytes how large chunks are, single batches apart
     * @param isCached whether to read through the system's page cache, so that it keeps what was read, instead of past it
     */
    SegmentRead(
            SegmentRef segment, SegmentIndex index, long offset, int maxBytes, int usualChunkBytes, boolean isCached) {
        this.segment = segment;
        this.index = index;
        this.offset = offset;
        this.maxBytes = Math.min(maxBytes, MOST_BYTES);
        this.usualChunkBytes = usualChunkBytes;
        this.isCached = isCached;
    }

    /**
     * Reads whole batches, without gaps between them in the buffer; empty if none reaches up to the offset. The caller releases it.
     *
     * @throws StorageException of kind CORRUPT if they are not what was written
     */
    ByteBuf execute(Disk disk) throws IOException {
        try (DiskFile file = SegmentReader.open(disk, segment)) {
            long position = seek(file);
            if (position >= segment.bytes()) {
                return Unpooled.EMPTY_BUFFER;
            }
            ByteBuf batches = read(file, position, Math.min(endOfRead(position), segment.bytes()));
            var _ = SegmentReader.cut(batches, offset, maxBytes);
            return batches;
        }
    }

    /** The chunks that were come by, in order. */
    List<SegmentChunk> found() {
        return found;
    }

    private long endOfRead(long position) {
        int most = maxBytes + maxBytes / SHARE_BETWEEN_BATCHES;
        if (position < index.endPosition()) {
            return index.endOfRead(position, position + blocks(most));
        }
        return position + blocks(Math.max(most, usualChunkBytes));
    }

    private static int blocks(int bytes) {
        return (bytes + Disk.BLOCK_BYTES - 1) & -Disk.BLOCK_BYTES;
    }

    private long seek(DiskFile file) throws IOException {
        long position = index.positionOf(offset);
        if (position < index.endPosition() || offset <= index.nextOffset()) {
            return position;
        }
        while (position < segment.bytes()) {
            SegmentChunk chunk = SegmentReader.readHeader(file, segment, position);
            if (chunk.lastOffset() >= offset) {
                break;
            }
            found.add(chunk);
            position = chunk.endPosition();
        }
        return position;
    }

    private ByteBuf read(DiskFile file, long position, long end) throws IOException {
        int length = (int) (end - position);
        ByteBuf memory = PooledByteBufAllocator.DEFAULT.directBuffer(length + Disk.BLOCK_BYTES);
        long missing;
        try {
            int start = memory.nioBuffer(0, memory.capacity()).alignmentOffset(0, Disk.BLOCK_BYTES);
            start = start == 0 ? 0 : Disk.BLOCK_BYTES - start;
            ByteBuffer blocks = memory.nioBuffer(start, length);
            int read = isCached ? file.read(position, blocks) : file.readBlocks(position, blocks);
            SegmentChunk first = SegmentChunk.readHeader(blocks.flip(), segment.fileName(), segment.id(), position);
            missing = first.endPosition() - position - read;
            if (missing <= 0) {
                return withoutGaps(memory, start, position, read);
            }
            if (first.endPosition() > segment.bytes() || read < length) {
                throw SegmentChunk.corrupt(segment.fileName(), position, "the file ends within a chunk");
            }
        } catch (IOException | RuntimeException failure) {
            memory.release();
            throw failure;
        }
        memory.release();
        return read(file, position, end + missing);
    }

    /** Checks the chunks that are there as a whole, and moves their batches together. */
    private ByteBuf withoutGaps(ByteBuf memory, int start, long position, int read) {
        int batchesStart = start + SegmentChunk.HEADER_BYTES;
        int batchesEnd = batchesStart;
        int at = start;
        int end = start + read;
        ByteBuffer bytes = memory.nioBuffer(0, end);
        while (end - at >= SegmentChunk.HEADER_BYTES) {
            SegmentChunk chunk = SegmentChunk.readHeader(
                    bytes.slice(at, end - at), segment.fileName(), segment.id(), position + at - start);
            int payload = chunk.payloadBytes();
            int batchesBytes = batchesEnd - batchesStart;
            boolean isWhole = chunk.endPosition() - position <= read;
            if (!isWhole || (batchesBytes > 0 && batchesBytes + payload > maxBytes)) {
                break;
            }
            int payloadAt = at + SegmentChunk.HEADER_BYTES;
            chunk.checkPayload(bytes.slice(payloadAt, payload), segment.fileName());
            if (payloadAt > batchesEnd) {
                bytes.put(batchesEnd, bytes, payloadAt, payload);
            }
            batchesEnd += payload;
            at += (int) SegmentChunk.chunkBytes(payload);
            found.add(chunk);
        }
        return memory.setIndex(batchesStart, batchesEnd);
    }
}
