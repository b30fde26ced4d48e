package dev.sluice.log;

import java.util.Arrays;
import java.util.List;

/** Where the chunks of a segment are, from its start on as far as they are known. Immutable; 16 bytes for each. */
final class SegmentIndex {
    private final long baseOffset;
    private final long[] lastOffsets;
    private final long[] endPositions;

    private SegmentIndex(long baseOffset, long[] lastOffsets, long[] endPositions) {
        this.baseOffset = baseOffset;
        this.lastOffsets = lastOffsets;
        this.endPositions = endPositions;
    }

    /** Of a segment of which nothing has been read yet. */
    static SegmentIndex unknown(SegmentRef segment) {
        return new SegmentIndex(segment.baseOffset(), new long[0], new long[0]);
    }

    /** Where the first chunk begins that is not known. */
    long endPosition() {
        return endPositions.length == 0 ? 0 : endPositions[endPositions.length - 1];
    }

    /** The first offset that no known chunk reaches up to. */
    long nextOffset() {
        return lastOffsets.length == 0 ? baseOffset : lastOffsets[lastOffsets.length - 1] + 1;
    }

    /** Where the first known chunk begins that reaches up to the offset, or {@link #endPosition}. */
    long positionOf(long offset) {
        int found = firstAtLeast(lastOffsets, offset);
        return found == 0 ? 0 : endPositions[found - 1];
    }

    /** Where a read that begins with the chunk at the position is to end: with a chunk, below the limit if one ends there, or at the limit where chunks are not known. */
    long endOfRead(long position, long limit) {
        if (limit >= endPosition()) {
            return limit;
        }
        int beyond = firstAtLeast(endPositions, limit + 1);
        return beyond > 0 && endPositions[beyond - 1] > position ? endPositions[beyond - 1] : endPositions[beyond];
    }

    /** With what was read of the same segment; chunks that are known already, or do not follow on those that are, make no difference. */
    SegmentIndex with(List<SegmentChunk> chunks) {
        long end = endPosition();
        if (chunks.isEmpty() || chunks.getLast().endPosition() <= end) {
            return this;
        }
        long[] offsets = Arrays.copyOf(lastOffsets, lastOffsets.length + chunks.size());
        long[] ends = Arrays.copyOf(endPositions, offsets.length);
        int count = lastOffsets.length;
        for (SegmentChunk chunk : chunks) {
            if (chunk.position() == end) {
                end = chunk.endPosition();
                offsets[count] = chunk.lastOffset();
                ends[count] = end;
                count++;
            }
        }
        return new SegmentIndex(baseOffset, Arrays.copyOf(offsets, count), Arrays.copyOf(ends, count));
    }

    private static int firstAtLeast(long[] ascending, long value) {
        int found = Arrays.binarySearch(ascending, value);
        return found < 0 ? -found - 1 : found;
    }
}
