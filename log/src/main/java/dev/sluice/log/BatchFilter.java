package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

/**
 * Leaves out of a batch the records that are settled. What stays keeps its bytes, and the batch its first and last offset, so that only length,
 * count and checksum are new. A compressed batch stays as it is. Confined to one thread.
 */
final class BatchFilter {
    private final OffsetSet settled;
    private final long startOffset;
    private final RecordCursor cursor = new RecordCursor();

    /** @param startOffset everything below it is settled too */
    BatchFilter(OffsetSet settled, long startOffset) {
        this.settled = settled;
        this.startOffset = startOffset;
    }

    /** The batch with what is not settled; the caller releases it. At least one of its records is not. */
    ByteBuf filtered(ByteBuf batches, int at) {
        int size = RecordBatch.sizeInBytes(batches, at);
        int live = RecordBatch.isCompressed(batches, at) ? Integer.MAX_VALUE : countLive(batches, at);
        if (live >= RecordBatch.recordCount(batches, at)) {
            return batches.retainedSlice(at, size);
        }
        ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer(size, size);
        out.writeBytes(batches, at, RecordBatch.HEADER_BYTES);
        cursor.reset(batches, at);
        while (cursor.next()) {
            if (isLive(cursor.offset())) {
                out.writeBytes(batches, cursor.position(), cursor.end() - cursor.position());
            }
        }
        out.setInt(RecordBatch.LENGTH, out.writerIndex() - RecordBatch.LENGTH_EXCLUDES_BYTES);
        out.setInt(RecordBatch.RECORD_COUNT, live);
        out.setInt(RecordBatch.CRC, RecordBatch.computeCrc(out, 0, out.writerIndex()));
        return out;
    }

    private int countLive(ByteBuf batches, int at) {
        int live = 0;
        cursor.reset(batches, at);
        while (cursor.next()) {
            if (isLive(cursor.offset())) {
                live++;
            }
        }
        return live;
    }

    private boolean isLive(long offset) {
        return offset >= startOffset && !settled.contains(offset);
    }
}
