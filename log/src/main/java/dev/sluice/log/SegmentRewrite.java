package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Copies what is still needed of a run of adjacent segments to one new segment. Made on the owner thread, run once on the
 * flusher thread; what it was given does not change.
 */
final class SegmentRewrite {
    /** The outcome: the new segment, or none if nothing was needed, and the settled offsets inside what was copied. */
    record Result(@Nullable SegmentRef segment, OffsetSet settled) {}

    private static final int SMALL_SEGMENTS_TO_MERGE = 4;

    private final List<SegmentRef> run;
    private final OffsetSet settled;
    private final long startOffset;

    private SegmentRewrite(List<SegmentRef> run, OffsetSet settled, long startOffset) {
        this.run = run;
        this.settled = settled;
        this.startOffset = startOffset;
    }

    /**
     * Picks what is worth rewriting: a segment of which less than half is needed, together with small neighbours, or several
     * small neighbours. The last segment, which still grows, is left alone unless nothing of it is needed.
     *
     * @param irremovable by segment: how many settled offsets lay within its batches when it was written. Their records are gone already, but
     *     for those of compressed batches; so they do not count, or it would be rewritten again and again
     */
    static @Nullable SegmentRewrite pick(
            SegmentChain chain, OffsetSet settled, long startOffset, long segmentBytes, Map<Long, Long> irremovable) {
        List<SegmentRef> run = new ArrayList<>();
        long runBytes = 0;
        boolean hasSparse = false;
        for (int i = 0; i < chain.segments().size(); i++) {
            SegmentRef segment = chain.segments().get(i);
            long first = Math.max(startOffset, segment.baseOffset());
            long dead = settledIn(segment, settled, startOffset);
            boolean isDead = segment.lastOffset() < startOffset || settled.covers(first, segment.lastOffset());
            long removable = isDead ? dead : Math.max(0, dead - irremovable.getOrDefault(segment.id(), 0L));
            long live = Math.max(0, segment.records() - removable);
            long liveBytes = segment.bytes() / Math.max(1, segment.records()) * live;
            boolean isSparse = live * 2 < segment.records();
            boolean isSmall = liveBytes <= segmentBytes / 4;
            boolean isLast = i == chain.segments().size() - 1;
            boolean fits = runBytes + liveBytes <= segmentBytes / 2;
            if (isSmall && fits && (!isLast || live == 0)) {
                run.add(segment);
                runBytes += liveBytes;
                hasSparse |= isSparse;
            } else if (hasSparse || run.size() >= SMALL_SEGMENTS_TO_MERGE) {
                break;
            } else {
                run.clear();
                runBytes = 0;
                hasSparse = false;
                if (isSparse && !isLast) {
                    run.add(segment);
                    runBytes = liveBytes;
                    hasSparse = true;
                }
            }
        }
        if (run.isEmpty() || (!hasSparse && run.size() < SMALL_SEGMENTS_TO_MERGE)) {
            return null;
        }
        OffsetSet within =
                settled.copyOf(run.getFirst().baseOffset(), run.getLast().lastOffset());
        return new SegmentRewrite(List.copyOf(run), within, startOffset);
    }

    private static long settledIn(SegmentRef segment, OffsetSet settled, long startOffset) {
        long first = Math.max(startOffset, segment.baseOffset());
        return settled.countWithin(first, segment.lastOffset()) + first - segment.baseOffset();
    }

    /** Settled offsets within the batches of the new segment. */
    long irremovable(Result result) {
        SegmentRef segment = result.segment();
        return segment == null ? 0 : settledIn(segment, result.settled(), startOffset);
    }

    List<SegmentRef> run() {
        return run;
    }

    long firstOffset() {
        return run.getFirst().baseOffset();
    }

    long lastOffset() {
        return run.getLast().lastOffset();
    }

    /** Blocks. A file that was begun is deleted if this fails. */
    Result execute(Disk disk, StorageConfig config, long newSegment) throws IOException {
        OffsetSet kept = new OffsetSet();
        BatchFilter filter = new BatchFilter(settled, startOffset);
        SegmentWriter writer = null;
        long base = 0;
        long last = 0;
        boolean done = false;
        try {
            for (SegmentRef segment : run) {
                if (isDead(segment.baseOffset(), segment.lastOffset())) {
                    continue;
                }
                List<SegmentChunk> chunks = SegmentReader.readIndex(disk, segment);
                for (SegmentChunk chunk : chunks) {
                    if (isDead(chunk.firstOffset(), chunk.lastOffset())) {
                        continue;
                    }
                    ByteBuf batches = SegmentReader.readChunk(disk, segment, chunk);
                    try {
                        for (int at = 0; at < batches.writerIndex(); at += RecordBatch.sizeInBytes(batches, at)) {
                            long first = RecordBatch.baseOffset(batches, at);
                            long end = RecordBatch.lastOffset(batches, at);
                            if (isDead(first, end)) {
                                continue;
                            }
                            if (writer == null) {
                                writer = SegmentWriter.open(disk, config, newSegment, 0, largestChunk(disk));
                                base = first;
                            }
                            add(writer, filter.filtered(batches, at));
                            settled.forEachRange(first, end, kept::add);
                            last = end;
                        }
                    } finally {
                        batches.release();
                    }
                }
            }
            if (writer == null) {
                return new Result(null, kept);
            }
            writer.finish();
            done = true;
            return new Result(
                    new SegmentRef(
                            newSegment, base, last, writer.endPosition(), writer.records(), writer.maxTimestampMs()),
                    kept);
        } finally {
            if (writer != null) {
                writer.close();
                if (!done) {
                    disk.delete(SegmentRef.fileName(newSegment));
                }
            }
        }
    }

    private static void add(SegmentWriter writer, ByteBuf batch) throws IOException {
        try {
            writer.add(batch, batch.readerIndex(), batch.readableBytes());
        } finally {
            batch.release();
        }
    }

    private boolean isDead(long first, long last) {
        return last < startOffset || settled.covers(Math.max(first, startOffset), last);
    }

    /** So that the writer's buffer holds any batch there is. */
    private int largestChunk(Disk disk) throws IOException {
        int largest = 0;
        for (SegmentRef segment : run) {
            for (SegmentChunk chunk : SegmentReader.readIndex(disk, segment)) {
                largest = Math.max(largest, chunk.payloadBytes());
            }
        }
        return largest;
    }
}
