package dev.sluice.log;

import io.netty.buffer.ByteBuf;

/**
 * Finds the first record of a log with a timestamp, or a later one; timestamps need not ascend. Reads the batches from where {@link
 * SegmentStore#seekTimestamp} says, which is at most one chunk ahead. Confined to the log's owner thread; used once.
 */
final class TimestampSearch implements OffsetCallback, FetchCallback {
    private static final int FETCH_BYTES = 256 << 10;

    private final PartitionLog log;
    private final long timestampMs;
    private final TimestampCallback callback;
    private final RecordCursor cursor = new RecordCursor();
    private long next;
    private long found = -1;
    private long foundTimestampMs = TimestampCallback.NO_TIMESTAMP;

    TimestampSearch(PartitionLog log, long timestampMs, TimestampCallback callback) {
        this.log = log;
        this.timestampMs = timestampMs;
        this.callback = callback;
    }

    @Override
    public void found(long offset) {
        next = Math.max(offset, log.startOffset());
        advance();
    }

    private void advance() {
        while (next < log.durableOffset()) {
            ByteBuf tail = log.tail(next);
            if (tail == null) {
                log.fetch(next, FETCH_BYTES, this);
                return;
            }
            look(tail, tail.readerIndex());
            if (found >= 0) {
                callback.found(found, foundTimestampMs);
                return;
            }
        }
        callback.found(log.durableOffset(), TimestampCallback.NO_TIMESTAMP);
    }

    @Override
    public void fetched(ByteBuf batches) {
        try {
            if (!batches.isReadable()) {
                next = log.durableOffset();
            }
            for (int at = batches.readerIndex();
                    at < batches.writerIndex() && found < 0;
                    at += RecordBatch.sizeInBytes(batches, at)) {
                look(batches, at);
            }
        } finally {
            batches.release();
        }
        if (found >= 0) {
            callback.found(found, foundTimestampMs);
        } else {
            advance();
        }
    }

    private void look(ByteBuf batches, int at) {
        long from = next;
        next = RecordBatch.lastOffset(batches, at) + 1;
        if (RecordBatch.maxTimestamp(batches, at) < timestampMs) {
            return;
        }
        try {
            cursor.reset(batches, at);
            while (cursor.next()) {
                if (cursor.offset() >= from && cursor.timestampMs() >= timestampMs) {
                    found = cursor.offset();
                    foundTimestampMs = cursor.timestampMs();
                    return;
                }
            }
        } catch (CorruptRecordException | StorageException unreadable) {
            found = Math.max(from, RecordBatch.baseOffset(batches, at)); // whoever reads on from there finds the same
            foundTimestampMs = RecordBatch.baseTimestamp(batches, at);
        }
    }

    @Override
    public void failed(StorageException cause) {
        callback.failed(cause);
    }
}
