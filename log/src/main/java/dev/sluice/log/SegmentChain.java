package dev.sluice.log;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The catalog of one log: one record of the metadata, changed by compare-and-set. Files that it does not name do not count;
 * it is changed first and files are deleted after. Immutable.
 *
 * <pre>
 *    0  format         1  1
 *    1  epoch          4  raised by each opening
 *    5  start offset   8
 *   13  end offset     8  the log's end is not below it, whatever the journal still holds
 *   21  count          4  segments, in order
 *   25  segments          each: id 8, base offset 8, last offset 8, bytes 8, records 8, max timestamp 8
 * </pre>
 *
 * @param epoch whose appends count
 * @param startOffset nothing below is needed
 * @param endOffset a lower bound of the log's end
 * @param segments in offset order
 */
record SegmentChain(int epoch, long startOffset, long endOffset, List<SegmentRef> segments) {
    private static final String KEY_PREFIX = "log/chain/";
    private static final byte FORMAT = 1;
    private static final int HEADER_BYTES = 25;
    private static final int SEGMENT_BYTES = 48;

    static final SegmentChain EMPTY = new SegmentChain(0, 0, 0, List.of());

    static String key(LogId id) {
        return KEY_PREFIX + id;
    }

    /** The log whose chain the key names; null if it names anything else. */
    static @Nullable LogId logOf(String key) {
        return key.startsWith(KEY_PREFIX)
                ? new LogId(Long.parseUnsignedLong(key.substring(KEY_PREFIX.length()), 16))
                : null;
    }

    /** All logs that have a chain. */
    static List<LogId> logs(MetadataStore metadata) {
        return metadata.children(KEY_PREFIX).stream()
                .map(SegmentChain::logOf)
                .filter(Objects::nonNull)
                .toList();
    }

    /** The offset after the last batch that lies in a segment; 0 without segments. */
    long segmentEndOffset() {
        return segments.isEmpty() ? 0 : segments.getLast().lastOffset() + 1;
    }

    long segmentBytes() {
        long bytes = 0;
        for (SegmentRef segment : segments) {
            bytes += segment.bytes();
        }
        return bytes;
    }

    long records() {
        long records = 0;
        for (SegmentRef segment : segments) {
            records += segment.records();
        }
        return records;
    }

    SegmentChain withEpoch(int newEpoch) {
        return new SegmentChain(newEpoch, startOffset, endOffset, segments);
    }

    SegmentChain withBounds(long newStart, long newEnd) {
        return new SegmentChain(epoch, Math.max(startOffset, newStart), Math.max(endOffset, newEnd), segments);
    }

    /** Without the segments that lie wholly below the start offset. */
    SegmentChain withoutTrimmed() {
        return new SegmentChain(
                epoch,
                startOffset,
                endOffset,
                segments.stream()
                        .filter(segment -> segment.lastOffset() >= startOffset)
                        .toList());
    }

    /** With the segment as its last; replaces an older state of the same segment. */
    SegmentChain withLast(SegmentRef segment) {
        List<SegmentRef> next = new ArrayList<>(segments);
        next.removeIf(old -> old.id() == segment.id());
        next.add(segment);
        return new SegmentChain(epoch, startOffset, Math.max(endOffset, segment.lastOffset() + 1), next);
    }

    /** With the replacement in the place of a run of segments, as far as they are still there. */
    SegmentChain withReplaced(List<SegmentRef> run, List<SegmentRef> replacement) {
        List<SegmentRef> next = new ArrayList<>();
        boolean isIn = false;
        for (SegmentRef segment : segments) {
            if (!run.contains(segment)) {
                next.add(segment);
            } else if (!isIn) {
                next.addAll(replacement);
                isIn = true;
            }
        }
        return new SegmentChain(epoch, startOffset, endOffset, next);
    }

    byte[] encode() {
        ByteBuffer buffer = ByteBuffer.allocate(HEADER_BYTES + segments.size() * SEGMENT_BYTES);
        buffer.put(FORMAT).putInt(epoch).putLong(startOffset).putLong(endOffset).putInt(segments.size());
        for (SegmentRef segment : segments) {
            buffer.putLong(segment.id()).putLong(segment.baseOffset()).putLong(segment.lastOffset());
            buffer.putLong(segment.bytes()).putLong(segment.records()).putLong(segment.maxTimestampMs());
        }
        return buffer.array();
    }

    static SegmentChain decode(LogId id, byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        if (bytes.length < HEADER_BYTES
                || !FormatVersions.check(key(id), buffer.get(), FORMAT)
                || bytes.length != HEADER_BYTES + (long) buffer.getInt(HEADER_BYTES - 4) * SEGMENT_BYTES) {
            throw new StorageException(
                    StorageException.Kind.CORRUPT,
                    "the metadata key " + key(id) + " has a length that its format does not have");
        }
        int epoch = buffer.getInt();
        long start = buffer.getLong();
        long end = buffer.getLong();
        int count = buffer.getInt();
        List<SegmentRef> segments = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            segments.add(new SegmentRef(
                    buffer.getLong(),
                    buffer.getLong(),
                    buffer.getLong(),
                    buffer.getLong(),
                    buffer.getLong(),
                    buffer.getLong()));
        }
        return new SegmentChain(epoch, start, end, List.copyOf(segments));
    }
}
