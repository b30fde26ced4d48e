package dev.sluice.log;

import java.util.List;
import java.util.function.Consumer;

/**
 * Keeps nothing beyond the tail: for logs whose records need not survive the process. Stateless, so that all logs of all
 * owners share one.
 */
final class MemorySegmentStore implements SegmentStore {
    static final MemorySegmentStore INSTANCE = new MemorySegmentStore();

    private MemorySegmentStore() {}

    @Override
    public void attach(PartitionLog log) {}

    @Override
    public boolean append(Entry entry) {
        return true;
    }

    @Override
    public void onDurable(Entry entry) {}

    @Override
    public void afterDurable() {}

    @Override
    public void onGone(Entry entry) {}

    @Override
    public void moveTail() {}

    @Override
    public long bytesInJournalFile(JournalFile file) {
        return 0;
    }

    @Override
    public void copyForward(JournalFile file) {}

    @Override
    public void onNotCopied() {}

    @Override
    public void saveEnd(JournalFile file) {}

    @Override
    public void abandon() {}

    @Override
    public long segmentEndOffset() {
        return 0;
    }

    @Override
    public void fetch(long offset, int maxBytes, FetchCallback callback) {
        throw new IllegalStateException("a log in memory has no segments");
    }

    @Override
    public void seekTimestamp(long timestampMs, OffsetCallback callback) {
        callback.found(0);
    }

    @Override
    public List<SegmentRef> segments() {
        return List.of();
    }

    @Override
    public void chunks(SegmentRef segment, Consumer<List<SegmentChunk>> callback) {
        throw new IllegalStateException("a log in memory has no segments");
    }

    @Override
    public long retainedFrom(Retention retention, long nowMs, long tailBytes) {
        return 0;
    }

    @Override
    public void trim(long before) {}

    @Override
    public void discard(long firstOffset, long lastOffset) {}

    @Override
    public long segmentBytes() {
        return 0;
    }

    @Override
    public void close(Runnable done) {
        done.run();
    }
}
