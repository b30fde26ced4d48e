package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the batches of one segment that are sound, wherever damage is. Confined to one thread; blocks. */
final class SegmentSalvage implements AutoCloseable {
    private final Disk disk;
    private final SegmentRef segment;
    private final List<ByteBuf> batches = new ArrayList<>();
    private long next;

    SegmentSalvage(Disk disk, SegmentRef segment) {
        this.disk = disk;
        this.segment = segment;
        this.next = segment.baseOffset();
    }

    /** In the order of their offsets; borrowed until {@link #close}. */
    List<ByteBuf> batches() {
        return batches;
    }

    /** Reads the file; one that is not there has no batches. */
    void read() throws IOException {
        if (!disk.exists(segment.fileName())) {
            return;
        }
        try (DiskFile file = disk.open(segment.fileName(), Disk.Layout.BLOCKS, Disk.Writes.FORCED)) {
            long end = Math.min(segment.bytes(), file.size());
            long position = 0;
            while (position < end) {
                SegmentChunk chunk = chunkAt(file, position, end);
                if (chunk == null) {
                    position += Disk.BLOCK_BYTES; // each chunk begins with a block
                } else {
                    readChunk(file, chunk);
                    position = chunk.endPosition();
                }
            }
        }
    }

    private @Nullable SegmentChunk chunkAt(DiskFile file, long position, long end) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(SegmentChunk.HEADER_BYTES);
        file.read(position, header);
        try {
            SegmentChunk chunk = SegmentChunk.readHeader(header.flip(), segment.fileName(), segment.id(), position);
            return chunk.payloadPosition() + chunk.payloadBytes() <= end ? chunk : null;
        } catch (StorageException damage) {
            return null;
        }
    }

    private void readChunk(DiskFile file, SegmentChunk chunk) throws IOException {
        ByteBuf payload = UnpooledByteBufAllocator.DEFAULT.directBuffer(chunk.payloadBytes(), chunk.payloadBytes());
        try {
            payload.writerIndex(file.read(chunk.payloadPosition(), payload.nioBuffer(0, chunk.payloadBytes())));
            int at = 0;
            while (payload.writerIndex() - at >= RecordBatch.HEADER_BYTES) {
                int available = payload.writerIndex() - at;
                int size = RecordBatch.sizeInBytes(payload, at);
                if (size < RecordBatch.HEADER_BYTES || size > available) {
                    return; // where the next one begins is not known
                }
                if (RecordBatch.isValid(payload, at, available)
                        && RecordBatch.baseOffset(payload, at) >= next
                        && RecordBatch.lastOffset(payload, at) <= chunk.lastOffset()) {
                    batches.add(payload.retainedSlice(at, size));
                    next = RecordBatch.lastOffset(payload, at) + 1;
                }
                at += size;
            }
        } finally {
            payload.release();
        }
    }

    /** The offsets that no sound batch has, such as {@code 5 to 9}; some may have been settled long before. */
    List<String> gaps() {
        List<String> gaps = new ArrayList<>();
        long from = segment.baseOffset();
        for (ByteBuf batch : batches) {
            addGap(gaps, from, RecordBatch.baseOffset(batch, batch.readerIndex()));
            from = RecordBatch.lastOffset(batch, batch.readerIndex()) + 1;
        }
        addGap(gaps, from, segment.lastOffset() + 1);
        return gaps;
    }

    private static void addGap(List<String> gaps, long from, long end) {
        if (from < end) {
            gaps.add(from + " to " + (end - 1));
        }
    }

    @Override
    public void close() {
        batches.forEach(ByteBuf::release);
        batches.clear();
    }
}
