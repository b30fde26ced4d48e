package dev.sluice.broker;

import dev.sluice.log.CorruptRecordException;
import dev.sluice.log.FetchCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatch;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Reads records of one log by offset, fastest when the offsets ascend: from memory at once, from segments by asking for them and being called back. Confined to the log's owner.
 */
final class LogReader implements AutoCloseable, FetchCallback {
    private static final int FETCH_BYTES = 256 * 1024;
    private static final int NO_BATCH = -1;

    /** Where {@link #seek} ended. */
    enum Position {
        /** {@link #record} is at the record asked for or, where the log has a gap, at the next one. */
        AT,
        /** It is being read; the callback given at construction runs when it is worth asking again. */
        PENDING,
        /** The log has nothing from there up to {@link #missingBelow}, though it should: it was lost, or cut out by a repair, or {@link #damage} says why it cannot be made out. */
        MISSING,
        /** Nothing durable there yet. */
        END,
        /** It cannot be read; {@link #failure} says why. */
        FAILED
    }

    private final PartitionLog log;
    private final Runnable fetched;
    private final RecordCursor cursor = new RecordCursor();
    /** Whole batches, ours to release: all that the log has from {@link #heldFrom} to {@link #heldTo}. */
    private @Nullable ByteBuf held;

    private long heldFrom;
    private long heldTo;
    /** Index of the batch that is looked at. */
    private int batchIndex;

    /** Index of the one that the cursor is in; {@link #NO_BATCH} if in none. */
    private int cursorIndex = NO_BATCH;

    private boolean onRecord;
    private boolean fetching;
    private long fetchingFrom;
    private long fetchingTo;
    /** There is nothing from here to {@link #missingBelow}. */
    private long missingFrom;

    private long missingBelow;
    private @Nullable CorruptRecordException damage;
    private boolean closed;
    private @Nullable StorageException failure;

    LogReader(PartitionLog log, Runnable fetched) {
        this.log = log;
        this.fetched = fetched;
    }

    /** Valid after {@link Position#AT} until the next call of any method. */
    RecordCursor record() {
        return cursor;
    }

    @Nullable
    StorageException failure() {
        return failure;
    }

    /** After {@link Position#MISSING}: the first offset that may be there. */
    long missingBelow() {
        return missingBelow;
    }

    /** After {@link Position#MISSING}: what is wrong with the bytes that are there; null if there are none. */
    @Nullable
    CorruptRecordException damage() {
        return damage;
    }

    /** Whether the reader has what is to be known of the offset, or is fetching it. */
    boolean isAt(long offset) {
        if (fetching || failure != null) {
            return offset == fetchingFrom;
        }
        return held == null ? isMissing(offset) : offset >= heldFrom && offset <= heldTo;
    }

    private boolean isMissing(long offset) {
        return offset >= missingFrom && offset < missingBelow;
    }

    /** Forgets a failure, so that the next {@link #seek} reads anew. */
    void retry() {
        failure = null;
    }

    Position seek(long offset) {
        if (onRecord && cursor.offset() == offset) {
            return Position.AT;
        }
        if (offset >= log.durableOffset()) {
            return Position.END;
        }
        Position known = seekInKnown(offset);
        if (known != null) {
            return known;
        }
        if (fetching) {
            return Position.PENDING;
        }
        ByteBuf tail = log.tail(offset);
        if (tail != null) {
            hold(tail.retain(), offset);
            Position inTail = seekInKnown(offset);
            if (inTail != null) {
                return inTail;
            }
        }
        fetching = true;
        fetchingFrom = offset;
        fetchingTo = log.durableOffset();
        log.fetch(offset, FETCH_BYTES, this);
        return Position.PENDING;
    }

    /** Null if what was read says nothing of the offset. */
    private @Nullable Position seekInKnown(long offset) {
        if (seekInHeld(offset)) {
            return Position.AT;
        }
        if (isMissing(offset)) {
            return Position.MISSING;
        }
        return failure == null ? null : Position.FAILED;
    }

    private boolean seekInHeld(long offset) {
        ByteBuf batches = held;
        if (batches == null || offset < heldFrom || offset > heldTo) {
            onRecord = false;
            return false;
        }
        if (offset < RecordBatch.baseOffset(batches, batchIndex)) {
            batchIndex = batches.readerIndex();
            onRecord = false;
        }
        while (batchIndex < batches.writerIndex()) {
            if (offset <= RecordBatch.lastOffset(batches, batchIndex)) {
                try {
                    if (seekInBatch(batches, offset)) {
                        return true;
                    }
                } catch (CorruptRecordException unreadable) {
                    miss(offset, RecordBatch.lastOffset(batches, batchIndex) + 1, unreadable);
                    return false;
                } catch (StorageException notNow) {
                    fetchingFrom = offset;
                    failure = notNow;
                    return false;
                }
            }
            onRecord = false;
            batchIndex += RecordBatch.sizeInBytes(batches, batchIndex);
        }
        release();
        return false;
    }

    private boolean seekInBatch(ByteBuf batches, long offset) {
        if (cursorIndex != batchIndex) {
            cursorIndex = NO_BATCH;
            cursor.reset(batches, batchIndex);
            cursorIndex = batchIndex;
        } else if (!onRecord || cursor.offset() > offset) {
            cursor.rewind();
        }
        onRecord = false;
        while (cursor.next()) {
            if (cursor.offset() >= offset) {
                onRecord = true;
                return true;
            }
        }
        return false;
    }

    private void miss(long from, long below, @Nullable CorruptRecordException unreadable) {
        missingFrom = from;
        missingBelow = below;
        damage = unreadable;
    }

    private void hold(ByteBuf batches, long from) {
        release();
        held = batches;
        heldFrom = from;
        batchIndex = batches.readerIndex();
        int last = batchIndex;
        for (int next = last; next < batches.writerIndex(); next += RecordBatch.sizeInBytes(batches, next)) {
            last = next;
        }
        heldTo = RecordBatch.lastOffset(batches, last);
    }

    @Override
    public void fetched(ByteBuf batches) {
        fetching = false;
        if (closed) {
            batches.release();
            return;
        }
        if (batches.isReadable()) {
            hold(batches, fetchingFrom);
        } else {
            batches.release();
            miss(fetchingFrom, fetchingTo, null);
        }
        fetched.run();
    }

    @Override
    public void failed(StorageException cause) {
        fetching = false;
        failure = cause;
        if (!closed) {
            fetched.run();
        }
    }

    /** Gives back the memory that is held; the next {@link #seek} reads anew. */
    void release() {
        onRecord = false;
        cursorIndex = NO_BATCH;
        cursor.clear();
        if (held != null) {
            held.release();
            held = null;
        }
    }

    @Override
    public void close() {
        closed = true;
        release();
    }
}
