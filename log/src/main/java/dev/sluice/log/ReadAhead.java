package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Has one log's segments read a piece ahead of whoever reads them from one end to the other, so that the device works while he does. One piece per log: where
 * several read in turn none of them goes on where the last one ended, and nothing is read ahead. Confined to the log's owner thread.
 */
final class ReadAhead {
    /** Of all logs of the node together. */
    static final long MOST_BYTES = 32 << 20;

    /** A piece that nobody has come for in this time is dropped, or in twice as much. */
    static final long IDLE_MS = 1000;

    private final StorageNode node;
    private final OwnerLane lane;
    private final SegmentReads reads;
    /** Where the read that was answered last ended. */
    private long next = -1;

    private @Nullable Piece piece;
    private boolean isWatched;
    private boolean isClosed;

    /** What is read before somebody asks for it. */
    private final class Piece implements FetchCallback {
        private final long offset;
        private final int maxBytes;
        /** Null until they have come. */
        private @Nullable ByteBuf batches;

        private @Nullable FetchCallback waiter;
        private int waiterMaxBytes;

        Piece(long offset, int maxBytes) {
            this.offset = offset;
            this.maxBytes = maxBytes;
        }

        @Override
        public void fetched(ByteBuf found) {
            FetchCallback waiting = waiter;
            if (piece == this && waiting == null && found.isReadable()) {
                batches = found;
                return;
            }
            forget(this);
            if (waiting != null && found.isReadable()) {
                answer(offset, found, waiterMaxBytes, true, waiting);
                return;
            }
            found.release();
            if (waiting != null) {
                // There was nothing yet; by now some of the tail may have moved to segments.
                reads.fetch(offset, waiterMaxBytes, waiting);
            }
        }

        @Override
        public void failed(StorageException cause) {
            forget(this);
            if (waiter != null) {
                waiter.failed(cause);
            }
        }
    }

    ReadAhead(StorageNode node, OwnerLane lane, SegmentReads reads) {
        this.node = node;
        this.lane = lane;
        this.reads = reads;
    }

    /** As {@link SegmentStore#fetch}. */
    void fetch(long offset, int maxBytes, FetchCallback callback) {
        Piece ahead = piece;
        if (ahead == null || ahead.offset != offset || ahead.waiter != null) {
            fetchNow(offset, maxBytes, callback);
            return;
        }
        ByteBuf batches = ahead.batches;
        if (batches == null) {
            ahead.waiter = callback;
            ahead.waiterMaxBytes = maxBytes;
            return;
        }
        forget(ahead);
        if (!lane.execute(() -> answer(offset, batches, maxBytes, true, callback))) {
            batches.release();
        }
    }

    private void fetchNow(long offset, int maxBytes, FetchCallback callback) {
        boolean goesOn = offset == next;
        reads.fetch(offset, maxBytes, new FetchCallback() {
            @Override
            public void fetched(ByteBuf batches) {
                if (batches.isReadable()) {
                    answer(offset, batches, maxBytes, goesOn, callback);
                } else {
                    callback.fetched(batches);
                }
            }

            @Override
            public void failed(StorageException cause) {
                callback.failed(cause);
            }
        });
    }

    private void answer(long offset, ByteBuf batches, int maxBytes, boolean goesOn, FetchCallback callback) {
        next = RecordBatch.lastOffset(batches, SegmentReader.cut(batches, offset, maxBytes)) + 1;
        if (goesOn && piece == null && !isClosed) {
            begin(next, Math.min(maxBytes, SegmentRead.MOST_BYTES));
        }
        callback.fetched(batches);
    }

    private void begin(long offset, int maxBytes) {
        if (!reads.reaches(offset)) {
            return;
        }
        if (node.aheadBytes().addAndGet(maxBytes) > MOST_BYTES) {
            node.aheadBytes().addAndGet(-maxBytes);
            return;
        }
        piece = new Piece(offset, maxBytes);
        reads.fetch(offset, maxBytes, piece);
        watch();
    }

    private void watch() {
        Piece watched = piece;
        if (isWatched || watched == null) {
            return;
        }
        isWatched = true;
        node.threads()
                .schedule(
                        IDLE_MS,
                        () -> lane.execute(() -> {
                            isWatched = false;
                            if (piece == watched && watched.waiter == null) {
                                drop();
                            }
                            watch();
                        }));
    }

    private void drop() {
        Piece dropped = piece;
        if (dropped != null) {
            forget(dropped);
            if (dropped.batches != null) {
                dropped.batches.release();
            }
        }
    }

    private void forget(Piece gone) {
        if (piece == gone) {
            piece = null;
            node.aheadBytes().addAndGet(-gone.maxBytes);
        }
    }

    /** Gives back what was read ahead; nothing is from now on. */
    void close() {
        isClosed = true;
        drop();
    }
}
