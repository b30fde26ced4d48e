package dev.sluice.log;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes entries of a tail to a segment. Made on the owner thread, run once on the flusher thread; the entries' buffers have
 * been retained for it.
 *
 * @param grown the segment to go on with, or null for a new one
 * @param id of that segment, or of the new one
 * @param largestBatch in bytes
 */
record SegmentMove(List<Movable> entries, @Nullable SegmentRef grown, long id, int largestBatch) {

    /**
     * Writes the entries; blocks.
     *
     * @return the segment as it is with them, durable; nothing counts before the catalog names it
     */
    SegmentRef execute(Disk disk, StorageConfig config) throws IOException {
        long position = grown == null ? 0 : grown.bytes();
        boolean done = false;
        try (SegmentWriter writer = SegmentWriter.open(disk, config, id, position, largestBatch)) {
            for (Movable entry : entries) {
                writer.add(
                        entry.batch(),
                        entry.batch().readerIndex(),
                        entry.batch().readableBytes());
            }
            writer.finish();
            done = true;
            return new SegmentRef(
                    id,
                    grown == null ? entries.getFirst().baseOffset() : grown.baseOffset(),
                    entries.getLast().lastOffset(),
                    writer.endPosition(),
                    writer.records() + (grown == null ? 0 : grown.records()),
                    Math.max(writer.maxTimestampMs(), grown == null ? Long.MIN_VALUE : grown.maxTimestampMs()));
        } finally {
            if (!done && grown == null) {
                disk.delete(SegmentRef.fileName(id)); // gives its space back when the device is full
            }
        }
    }

    void release() {
        entries.forEach(entry -> entry.batch().release());
    }
}
