package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Reads one log's segments. Confined to the log's owner thread; files are read on the background threads and the results come back here. */
final class SegmentReads {
    /** Of so many segments it is remembered where their chunks are: those that were read last. */
    static final int KNOWN_SEGMENTS = 16;

    private static final float LOAD_FACTOR = 0.75f;

    private final StorageNode node;
    private final OwnerLane lane;
    private final ChainUpdates updates;
    /** By the segment's id. Created when first needed. */
    private @Nullable Map<Long, Known> known;

    /** What is remembered of a segment. */
    private static final class Known {
        private SegmentIndex index;
        private long readBytes;

        Known(SegmentIndex index) {
            this.index = index;
        }
    }

    SegmentReads(StorageNode node, OwnerLane lane, ChainUpdates updates) {
        this.node = node;
        this.lane = lane;
        this.updates = updates;
    }

    /** As {@link SegmentStore#fetch}. */
    void fetch(long offset, int maxBytes, FetchCallback callback) {
        SegmentRef segment = segmentAt(offset);
        if (segment == null) {
            lane.execute(() -> callback.fetched(Unpooled.EMPTY_BUFFER));
            return;
        }
        Known now = known(segment);
        // What has been read once as a whole has more than one reader, and is worth room in the page cache.
        boolean isCached = now.readBytes >= segment.bytes();
        SegmentRead read = new SegmentRead(
                segment, now.index, offset, maxBytes, node.config().chunkBytes(), isCached);
        node.threads().background().execute(() -> {
            try {
                ByteBuf batches = read.execute(node.disk());
                if (!lane.execute(() -> fetched(segment, read.found(), batches, offset, maxBytes, callback))) {
                    batches.release();
                }
            } catch (IOException | RuntimeException failure) {
                lane.execute(() -> notFetched(segment, failure, offset, maxBytes, callback));
            }
        });
    }

    private void fetched(
            SegmentRef segment,
            List<SegmentChunk> found,
            ByteBuf batches,
            long offset,
            int maxBytes,
            FetchCallback callback) {
        if (isInChain(segment)) {
            Known now = known(segment);
            now.index = now.index.with(found);
            now.readBytes += batches.readableBytes();
        }
        if (batches.isReadable()) {
            callback.fetched(batches);
        } else {
            batches.release();
            fetch(Math.max(offset, segment.lastOffset() + 1), maxBytes, callback);
        }
    }

    private void notFetched(SegmentRef segment, Exception failure, long offset, int maxBytes, FetchCallback callback) {
        if (!isInChain(segment)) {
            fetch(offset, maxBytes, callback); // it was trimmed or rewritten meanwhile
        } else if (failure instanceof StorageException storage) {
            callback.failed(storage);
        } else {
            callback.failed(new StorageException(
                    StorageException.Kind.UNAVAILABLE,
                    "the segment file " + segment.fileName() + " cannot be read: " + failure.getMessage(),
                    failure));
        }
    }

    /** Whether there is a record at the offset or above. */
    boolean reaches(long offset) {
        return segmentAt(offset) != null;
    }

    private boolean isInChain(SegmentRef segment) {
        SegmentRef now = segmentAt(segment.lastOffset());
        return now != null && now.id() == segment.id();
    }

    private @Nullable SegmentRef segmentAt(long offset) {
        List<SegmentRef> segments = updates.chain().segments();
        int low = 0;
        int high = segments.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (segments.get(middle).lastOffset() < offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < segments.size() ? segments.get(low) : null;
    }

    private Known known(SegmentRef segment) {
        if (known == null) {
            known = new LinkedHashMap<>(KNOWN_SEGMENTS, LOAD_FACTOR, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Long, Known> eldest) {
                    return size() > KNOWN_SEGMENTS;
                }
            };
        }
        return known.computeIfAbsent(segment.id(), id -> new Known(SegmentIndex.unknown(segment)));
    }

    /** As {@link SegmentStore#seekTimestamp}. */
    void seekTimestamp(long timestampMs, long startOffset, OffsetCallback callback) {
        for (SegmentRef segment : updates.chain().segments()) {
            if (segment.maxTimestampMs() >= timestampMs && segment.lastOffset() >= startOffset) {
                node.threads().background().execute(() -> {
                    long offset = firstWith(timestampMs, segment);
                    lane.execute(() -> callback.found(offset));
                });
                return;
            }
        }
        long end = updates.chain().segmentEndOffset();
        lane.execute(() -> callback.found(end));
    }

    private long firstWith(long timestampMs, SegmentRef segment) {
        List<SegmentChunk> chunks = readChunks(segment);
        for (SegmentChunk chunk : chunks) {
            if (chunk.maxTimestampMs() >= timestampMs) {
                return chunk.firstOffset();
            }
        }
        // A reader who begins at a segment that is gone or cannot be read finds out, and why.
        return chunks.isEmpty() ? segment.baseOffset() : segment.lastOffset() + 1;
    }

    /** As {@link SegmentStore#chunks}. */
    void chunks(SegmentRef segment, Consumer<List<SegmentChunk>> callback) {
        node.threads().background().execute(() -> {
            List<SegmentChunk> chunks = readChunks(segment);
            lane.execute(() -> callback.accept(chunks));
        });
    }

    /** None if the segment is gone by now, or cannot be read. Blocks. */
    private List<SegmentChunk> readChunks(SegmentRef segment) {
        try {
            return SegmentReader.readIndex(node.disk(), segment);
        } catch (IOException | RuntimeException failure) {
            return List.of();
        }
    }

    void forget(SegmentRef segment) {
        if (known != null) {
            known.remove(segment.id());
        }
    }
}
