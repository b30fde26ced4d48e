package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the record of a log with the greatest timestamp, the first if several have it; timestamps need not ascend. What segments, chunks and batches say of their greatest timestamps may be that of a record that was
 * given up, or a client's mistake: so the one that says the most is looked at first, and others as long as they may have more than was found. Mostly that is a single batch. Confined to the log's owner thread; used once.
 */
final class LatestSearch implements FetchCallback {
    /** At a time, of a segment of which the chunks are not known. */
    private static final int FETCH_BYTES = 128 << 10;

    private static final Range NOTHING = new Range(Long.MIN_VALUE, 0, 0, 0, null);

    private final PartitionLog log;
    private final TimestampCallback callback;
    private final long startOffset;
    private final PriorityQueue<Range> ranges = new PriorityQueue<>(
            Comparator.comparingLong(Range::maxTimestampMs).reversed().thenComparingLong(Range::firstOffset));
    private final RecordCursor cursor = new RecordCursor();
    private long found = -1;
    private long foundTimestampMs = Long.MIN_VALUE;

    private Range reading = NOTHING;
    private long next;

    /**
     * A part of the log that is in a segment.
     *
     * @param bytes how much to read of it at a time
     * @param segment of which the chunks are to be looked at; null if the records are
     */
    private record Range(
            long maxTimestampMs,
            long firstOffset,
            long lastOffset,
            int bytes,
            @Nullable SegmentRef segment) {}

    private interface BatchVisitor {
        void visit(ByteBuf batches, int at);
    }

    LatestSearch(PartitionLog log, TimestampCallback callback) {
        this.log = log;
        this.callback = callback;
        this.startOffset = log.startOffset();
    }

    void begin() {
        lookThrough(this::visitTail);
        for (SegmentRef segment : log.store().segments()) {
            add(new Range(segment.maxTimestampMs(), segment.baseOffset(), segment.lastOffset(), 0, segment));
        }
        advance();
    }

    private void visitTail(BatchVisitor visitor) {
        log.tail().forEach(entry -> {
            if (entry.lastOffset < log.durableOffset()) {
                visitor.visit(entry.batch(), entry.batch().readerIndex());
            }
        });
    }

    private void add(Range range) {
        if (range.lastOffset >= startOffset && mayHaveMore(range.maxTimestampMs, range.firstOffset)) {
            ranges.add(range);
        }
    }

    private boolean mayHaveMore(long maxTimestampMs, long firstOffset) {
        return found < 0
                || maxTimestampMs > foundTimestampMs
                || (maxTimestampMs == foundTimestampMs && firstOffset < found);
    }

    private void advance() {
        Range range = ranges.poll();
        if (range == null || !mayHaveMore(range.maxTimestampMs, range.firstOffset)) {
            if (found < 0) {
                callback.found(log.durableOffset(), TimestampCallback.NO_TIMESTAMP);
            } else {
                callback.found(found, foundTimestampMs);
            }
        } else if (range.segment != null) {
            log.store().chunks(range.segment, chunks -> split(range, chunks));
        } else {
            reading = range;
            next = Math.max(range.firstOffset, startOffset);
            log.fetch(next, range.bytes, this);
        }
    }

    private void split(Range range, List<SegmentChunk> chunks) {
        for (SegmentChunk chunk : chunks) {
            add(new Range(chunk.maxTimestampMs(), chunk.firstOffset(), chunk.lastOffset(), chunk.payloadBytes(), null));
        }
        if (chunks.isEmpty()) {
            // Whoever reads its records finds out why, or that they are somewhere else by now.
            add(new Range(range.maxTimestampMs, range.firstOffset, range.lastOffset, FETCH_BYTES, null));
        }
        advance();
    }

    @Override
    public void fetched(ByteBuf batches) {
        boolean isMore = batches.isReadable();
        try {
            lookThrough(visitor -> {
                for (int at = batches.readerIndex();
                        at < batches.writerIndex();
                        at += RecordBatch.sizeInBytes(batches, at)) {
                    visitor.visit(batches, at);
                    next = RecordBatch.lastOffset(batches, at) + 1;
                }
            });
        } finally {
            batches.release();
        }
        if (isMore && next <= reading.lastOffset) {
            log.fetch(next, reading.bytes, this);
        } else {
            advance();
        }
    }

    @Override
    public void failed(StorageException cause) {
        callback.failed(cause);
    }

    /** Looks into the batch whose header says the most, and into others only if that has not what it says. */
    private void lookThrough(Consumer<BatchVisitor> batches) {
        var greatest = new Greatest();
        batches.accept(greatest);
        if (greatest.batches != null && !look(greatest.batches, greatest.at)) {
            batches.accept((batch, at) -> {
                if (mayHaveMore(RecordBatch.maxTimestamp(batch, at), RecordBatch.baseOffset(batch, at))) {
                    look(batch, at);
                }
            });
        }
    }

    /** Keeps the first batch with the greatest timestamp, by the headers, of those that may have more than was found. */
    private final class Greatest implements BatchVisitor {
        private @Nullable ByteBuf batches;
        private int at;

        @Override
        public void visit(ByteBuf visited, int index) {
            long timestampMs = RecordBatch.maxTimestamp(visited, index);
            boolean isGreater = batches == null || timestampMs > RecordBatch.maxTimestamp(batches, at);
            if (isGreater && mayHaveMore(timestampMs, RecordBatch.baseOffset(visited, index))) {
                batches = visited;
                at = index;
            }
        }
    }

    /** Whether the batch has a record with the timestamp that its header says is the greatest. */
    private boolean look(ByteBuf batches, int at) {
        long greatestMs = RecordBatch.maxTimestamp(batches, at);
        try {
            cursor.reset(batches, at);
            while (cursor.next()) {
                if (cursor.offset() >= startOffset) {
                    note(cursor.offset(), cursor.timestampMs());
                    if (cursor.timestampMs() == greatestMs) {
                        return true;
                    }
                }
            }
            return false;
        } catch (CorruptRecordException | StorageException unreadable) {
            note(Math.max(startOffset, RecordBatch.baseOffset(batches, at)), greatestMs); // as far as anybody can tell
            return true;
        }
    }

    private void note(long offset, long timestampMs) {
        if (mayHaveMore(timestampMs, offset)) {
            found = offset;
            foundTimestampMs = timestampMs;
        }
    }
}
