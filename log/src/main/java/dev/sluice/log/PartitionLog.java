package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * One ordered log of batches: appended at the end, read anywhere below the durable offset, given back from the front or
 * in ranges. Confined to its owner thread, the one it was opened on: every method throws {@link IllegalStateException}
 * on another, and every callback runs there. Nothing here blocks.
 *
 * <p>Offsets are dense as appended. Gaps arise only where records were discarded, at either end of a read or between.
 */
public final class PartitionLog {

    /** Hears how the log fares. Always called on the owner thread, never from inside {@link PartitionLog#append}. */
    public interface Listener {

        /** Everything below the offset survives a power cut; called at most once per write of the journal. */
        void durable(long durableOffset);

        /**
         * The storage takes no more now; the reason is for people ("the disk is full"). What was accepted waits, in
         * order, and consumers go on; the caller should refuse new publishes.
         */
        void stalled(String reason);

        /** The storage takes appends again. */
        void resumed();

        /** The log belongs to somebody else now, or is damaged beyond repair; it takes no more appends. */
        void lost(StorageException cause);
    }

    private final LogId id;
    private final OwnerLane lane;
    private final Listener listener;
    private final SegmentStore store;
    private final TailBudget budget;
    private final Thread ownerThread = Thread.currentThread();
    private final Tail tail = new Tail();

    /** Settled offsets inside batches that are not settled as a whole. Created when first needed. */
    private @Nullable OffsetSet partlyDiscarded;

    private long startOffset;
    private long endOffset;
    private long durableOffset;
    private long tailBytes;
    private final int epoch;
    private final LogSettings settings;
    private @Nullable String stalledReason;
    private boolean closed;

    /** Part of the running completion; the listener has still to be told. */
    private boolean durableToTell;

    private boolean wasWritten;

    /** By the lane's count. */
    private long lastUse;

    /** The newest journal file that knows of this log. Journal thread only. */
    @Nullable
    JournalFile newestJournalFile;

    /** What waits for groups. Journal thread only. */
    WaitingGroups.@Nullable HeldLog held;

    PartitionLog(
            LogId id,
            LogSettings settings,
            OwnerLane lane,
            Listener listener,
            SegmentStore store,
            TailBudget budget,
            int epoch,
            long startOffset,
            long endOffset) {
        this.id = id;
        this.settings = settings;
        this.lane = lane;
        this.listener = listener;
        this.store = store;
        this.budget = budget;
        this.epoch = epoch;
        this.startOffset = startOffset;
        this.endOffset = endOffset;
        this.durableOffset = endOffset;
        lane.logs().add(this);
        store.attach(this);
    }

    public LogId id() {
        return id;
    }

    /** Of this opening of the log, higher than that of any before; all batches that are appended carry it. Any thread. */
    public int epoch() {
        return epoch;
    }

    /**
     * Appends one batch at the end of the log and starts to make it durable; {@link Listener#durable} tells when it is. A
     * log in memory, and one whose {@link Durability} is not {@code sync}, counts it as durable at once and tells nobody.
     *
     * @param batch one whole record batch between reader and writer index. It is taken over, also when this throws. Its base
     *     offset and leader epoch are overwritten
     * @return the offset of its first record, which is {@link #endOffset()} before the call
     */
    public long append(ByteBuf batch) {
        return add(batch, null);
    }

    /**
     * As {@link #append(ByteBuf)}, for one member of the group: the batch becomes durable with those of the others, or none does.
     * Where this throws, the member has not come yet: it can be appended to another log, or {@link AppendGroup#leave}.
     *
     * @throws IllegalArgumentException if the group would become larger than {@link Storage#maxGroupBytes}, or the log is of state
     *     ({@link LogSettings#isState}): on a full disk that would have to wait for what only it can make room for
     * @throws IllegalStateException if the group has all its members
     */
    public long append(ByteBuf batch, AppendGroup group) {
        return add(batch, group);
    }

    private long add(ByteBuf batch, @Nullable AppendGroup group) {
        checkOwner();
        if (closed) {
            batch.release();
            throw new StorageException(StorageException.Kind.CLOSED, "log " + id + " is closed");
        }
        if (group != null) {
            join(batch, group);
        }
        long baseOffset = endOffset;
        int index = batch.readerIndex();
        RecordBatch.setBaseOffset(batch, index, baseOffset);
        batch.setInt(index + RecordBatch.LEADER_EPOCH, epoch);
        Entry entry = new Entry(this, baseOffset, RecordBatch.lastOffset(batch, index), batch);
        endOffset = entry.lastOffset + 1;
        lastUse = lane.nextUse();
        addToTail(entry);
        entry.inFlight = true;
        entry.group = group;
        entry.isOfOpenGroup = group != null;
        boolean isDurable = store.append(entry);
        if (isDurable) {
            entry.inFlight = false;
        }
        if (isDurable && group != null) {
            entry.group = null;
            group.pass();
        }
        if (isDurable || !settings.durability().isSync()) {
            durableOffset = endOffset;
        }
        return baseOffset;
    }

    private void join(ByteBuf batch, AppendGroup group) {
        try {
            if (isState()) {
                throw new IllegalArgumentException("log " + id + " is of state, which takes no part in groups");
            }
            group.join(batch.readableBytes());
        } catch (IllegalArgumentException | IllegalStateException refused) {
            batch.release();
            throw refused;
        }
    }

    /**
     * No record gets an offset below this one any more. For a log that has just been opened, whose user knows of records that did not
     * outlive a crash: their offsets must not be given to others. Remembered only once something was appended.
     */
    public void skipTo(long offset) {
        checkOwner();
        if (durableOffset != endOffset) {
            throw new IllegalStateException("log " + id + " has appends in flight");
        }
        endOffset = Math.max(endOffset, offset);
        durableOffset = endOffset;
    }

    /** The first offset that was not trimmed; what it names may have been discarded. */
    public long startOffset() {
        return startOffset;
    }

    /** The offset that the next record gets. */
    public long endOffset() {
        return endOffset;
    }

    /** Everything below it survives a power cut, or counts as if it did by the log's {@link Durability}; reads end here. */
    public long durableOffset() {
        return durableOffset;
    }

    public boolean isStalled() {
        return stalledReason != null;
    }

    /**
     * The durable batch in memory that holds the offset, or the first one after it if the log has a gap there.
     *
     * @return null if it is not in memory (use {@link #fetch}) or not below the durable offset. Borrowed: valid until this
     *     thread returns to its event loop, retain it to keep it longer. The reader index is the start of exactly one batch;
     *     leave both indices as they are
     */
    public @Nullable ByteBuf tail(long offset) {
        checkOwner();
        if (offset < store.segmentEndOffset() || offset >= durableOffset) {
            return null;
        }
        lastUse = lane.nextUse();
        Entry entry = tail.find(offset);
        return entry == null || entry.baseOffset >= durableOffset ? null : entry.batch();
    }

    /**
     * Reads whole batches from wherever they are. The first holds the offset, or is the next existing one; none is at or
     * above the durable offset. Correct also if records are trimmed, discarded or written to segments meanwhile.
     *
     * @param maxBytes about how much to read at most; one batch is always read whole
     */
    public void fetch(long offset, int maxBytes, FetchCallback callback) {
        checkOwner();
        long from = Math.max(offset, startOffset);
        long segmentEnd = store.segmentEndOffset();
        if (from >= segmentEnd) {
            ByteBuf batches = copyOfTail(from, maxBytes);
            lane.execute(() -> callback.fetched(batches));
            return;
        }
        store.fetch(from, maxBytes, new FetchCallback() {
            @Override
            public void fetched(ByteBuf batches) {
                if (batches.isReadable()) {
                    callback.fetched(batches);
                    return;
                }
                batches.release();
                if (closed) {
                    callback.failed(new StorageException(
                            StorageException.Kind.CLOSED, "log " + id + " was closed while it was read"));
                } else if (store.segmentEndOffset() > segmentEnd) {
                    fetch(
                            from, maxBytes,
                            callback); // since it was looked for in segments, some of the tail has moved there
                } else {
                    callback.fetched(copyOfTail(from, maxBytes));
                }
            }

            @Override
            public void failed(StorageException cause) {
                callback.failed(cause);
            }
        });
    }

    /**
     * Finds the first record whose timestamp is the one given or later; timestamps need not ascend. The answer is the durable offset, and
     * {@link TimestampCallback#NO_TIMESTAMP}, if there is none. In a compressed batch it is the first record of the batch.
     */
    public void offsetFor(long timestampMs, TimestampCallback callback) {
        checkOwner();
        store.seekTimestamp(timestampMs, new TimestampSearch(this, timestampMs, callback));
    }

    /**
     * Finds the record with the greatest timestamp, the first of them if several have it. The answer is as that of {@link #offsetFor} if there is no record. It may be one that was
     * discarded, as long as reads may return it.
     */
    public void latest(TimestampCallback callback) {
        checkOwner();
        new LatestSearch(this, callback).begin();
    }

    /**
     * Gives up from the front what need not be kept: segments as a whole, and of what is in memory batches that are too old. Does nothing
     * by itself later: call it now and then.
     *
     * @param nowMs on the clock that gave the records their timestamps
     */
    public void retain(Retention retention, long nowMs) {
        checkOwner();
        long from = store.retainedFrom(retention, nowMs, tailBytes);
        if (from >= store.segmentEndOffset()) {
            for (int i = 0; i < tail.size() && tail.at(i).lastOffset < durableOffset; i++) {
                Entry entry = tail.at(i);
                if (!entry.gone
                        && !retention.isTooOld(
                                RecordBatch.maxTimestamp(
                                        entry.batch(), entry.batch().readerIndex()),
                                nowMs)) {
                    break;
                }
                from = entry.lastOffset + 1;
            }
        }
        trim(from);
    }

    /**
     * Gives up all records below the offset. Not remembered by itself across a restart: the caller has made the fact durable
     * elsewhere, and trims again after opening.
     */
    public void trim(long before) {
        checkOwner();
        long limit = Math.min(before, endOffset);
        if (limit <= startOffset) {
            return;
        }
        startOffset = limit;
        while (!tail.isEmpty() && tail.at(0).lastOffset < limit) {
            markGone(tail.at(0));
        }
        if (partlyDiscarded != null) {
            partlyDiscarded.removeBelow(limit);
        }
        store.trim(limit);
    }

    /**
     * Gives up the records of a range, both ends included; a batch goes when all its records were given up, in one call or
     * several. Its bytes leave the tail and are left out when segments are written or rewritten; reads may return it until
     * then. As with {@link #trim}, the caller remembers.
     */
    public void discard(long firstOffset, long lastOffset) {
        checkOwner();
        long first = Math.max(firstOffset, startOffset);
        long last = Math.min(lastOffset, endOffset - 1);
        if (first > last) {
            return;
        }
        if (first < store.segmentEndOffset()) {
            store.discard(first, Math.min(last, store.segmentEndOffset() - 1));
        }
        discardFromTail(first, last);
    }

    /** Bytes of batches held in memory. */
    public long tailBytes() {
        return tailBytes;
    }

    /** Bytes of the files that hold this log's older batches. */
    public long segmentBytes() {
        return store.segmentBytes();
    }

    /** Ends the use of the log; what was appended still becomes durable. Runs {@code done} on the owner thread. */
    public void close(Runnable done) {
        checkOwner();
        if (closed) {
            lane.execute(done);
            return;
        }
        closed = true;
        store.close(() -> {
            lane.logs().remove(this);
            while (!tail.isEmpty()) {
                markGone(tail.at(0));
            }
            done.run();
        });
    }

    // ---- for the store; owner thread only ----

    OwnerLane lane() {
        return lane;
    }

    Tail tail() {
        return tail;
    }

    boolean isClosed() {
        return closed;
    }

    /** Takes over what was durable before this log was opened. */
    void recovered(DetachedLog held) {
        for (DetachedLog.Held found : held.entries()) {
            Entry entry = new Entry(this, found.baseOffset(), found.lastOffset(), found.batch());
            entry.file = found.file();
            addToTail(entry);
        }
    }

    LogSettings settings() {
        return settings;
    }

    boolean isState() {
        return settings.isState();
    }

    /** When its memory was appended to or read last, among the logs of its owner. */
    long lastUse() {
        return lastUse;
    }

    boolean isInMemoryOnly() {
        return store == MemorySegmentStore.INSTANCE;
    }

    /** The entry, and all before it, are durable. The caller tells the listener afterwards, once. */
    void onDurable(Entry entry) {
        entry.inFlight = false;
        entry.isOfOpenGroup = false;
        wasWritten = true;
        if (entry.lastOffset >= durableOffset) {
            durableOffset = entry.lastOffset + 1;
            durableToTell = true;
        }
        boolean wasGone = entry.gone; // what goes from now on is not in flight, and leaves by itself
        store.onDurable(entry);
        if (wasGone) {
            leaveMemory(entry);
        }
    }

    /** The entry, which is gone and durable, was not copied to a new place in the journal. */
    void notCopied(Entry entry) {
        entry.inFlight = false;
        store.onNotCopied();
        leaveMemory(entry);
    }

    /** Tells the listener of {@link #onDurable} if that is still to be done. */
    void tellDurable() {
        if (durableToTell && !closed) {
            listener.durable(durableOffset);
        }
        durableToTell = false;
        if (wasWritten) {
            wasWritten = false;
            store.afterDurable();
        }
    }

    SegmentStore store() {
        return store;
    }

    /** Moves the settled part of batches that are not settled as a whole to what the store knows. */
    void movePartlyDiscarded(long first, long last, OffsetSet settled) {
        if (partlyDiscarded != null && !partlyDiscarded.isEmpty()) {
            partlyDiscarded.forEachRange(first, last, settled::add);
            partlyDiscarded.remove(first, last);
        }
    }

    /** The storage ends: memory goes, the log takes nothing more and reports nothing more. */
    void abandon() {
        closed = true;
        store.abandon();
        tail.forEach(entry -> {
            entry.gone = true; // whatever ends later finds nothing left to do
            entry.release();
        });
        budget.release(tailBytes);
        tailBytes = 0;
    }

    void onStalled(String reason) {
        if (stalledReason == null && !closed) {
            stalledReason = reason;
            listener.stalled(reason);
        }
    }

    void onResumed() {
        if (stalledReason != null && !closed) {
            stalledReason = null;
            listener.resumed();
        }
    }

    void onLost(StorageException cause) {
        if (!closed) {
            closed = true;
            lane.logs().remove(this);
            listener.lost(cause);
        }
    }

    /** The entry leaves the tail: it was given up, or is in a segment now. */
    void markGone(Entry entry) {
        if (!entry.gone) {
            entry.gone = true;
            if (!entry.inFlight) {
                leaveMemory(entry);
            }
            tail.noteGone();
        }
    }

    private void leaveMemory(Entry entry) {
        store.onGone(entry);
        entry.release();
        tailBytes -= entry.sizeInBytes;
        budget.release(entry.sizeInBytes);
    }

    private void addToTail(Entry entry) {
        tail.add(entry);
        tailBytes += entry.sizeInBytes;
        budget.take(entry.sizeInBytes);
    }

    private void discardFromTail(long first, long last) {
        int index = tail.indexOf(first);
        while (index < tail.size()) {
            Entry entry = tail.at(index);
            if (entry.baseOffset > last) {
                return;
            }
            int sizeBefore = tail.size();
            if (!entry.gone && isDiscarded(entry, first, last)) {
                markGone(entry);
            }
            // The ring closes gaps when entries go; then the place has to be looked up again.
            index = tail.size() == sizeBefore ? index + 1 : tail.indexOf(entry.lastOffset + 1);
        }
    }

    private boolean isDiscarded(Entry entry, long first, long last) {
        if (entry.baseOffset >= first && entry.lastOffset <= last) {
            return true;
        }
        if (partlyDiscarded == null) {
            partlyDiscarded = new OffsetSet();
        }
        partlyDiscarded.add(Math.max(first, entry.baseOffset), Math.min(last, entry.lastOffset));
        boolean whole = partlyDiscarded.covers(entry.baseOffset, entry.lastOffset);
        if (whole) {
            partlyDiscarded.remove(entry.baseOffset, entry.lastOffset);
        }
        return whole;
    }

    private ByteBuf copyOfTail(long offset, int maxBytes) {
        int first = tail.indexOf(offset);
        int end = first;
        int bytes = 0;
        Entry only = null;
        int entries = 0;
        while (end < tail.size() && tail.at(end).lastOffset < durableOffset) {
            Entry entry = tail.at(end);
            if (!entry.gone) {
                if (entries > 0 && bytes + entry.sizeInBytes > maxBytes) {
                    break;
                }
                only = entry;
                entries++;
                bytes += entry.sizeInBytes;
            }
            end++;
        }
        if (only == null) {
            return Unpooled.EMPTY_BUFFER;
        }
        if (entries == 1) {
            return only.batch().retainedDuplicate();
        }
        ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
        ByteBuf copy = allocator.directBuffer(bytes, bytes);
        for (int i = first; i < end; i++) {
            if (!tail.at(i).gone) {
                ByteBuf batch = tail.at(i).batch();
                copy.writeBytes(batch, batch.readerIndex(), batch.readableBytes());
            }
        }
        return copy;
    }

    private void checkOwner() {
        if (Thread.currentThread() != ownerThread) {
            throw new IllegalStateException("log " + id + " belongs to " + ownerThread.getName() + ", not "
                    + Thread.currentThread().getName());
        }
    }
}
