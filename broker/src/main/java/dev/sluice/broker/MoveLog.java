package dev.sluice.broker;

import dev.sluice.log.AppendGroup;
import dev.sluice.log.LogId;
import dev.sluice.log.OffsetSet;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one shard notes what its queues have settled together with appends to others: dead letters that were moved, and transactions. A note is in one {@link AppendGroup} with those appends. Notes are cursor changes, as in the {@link
 * CursorLog}, which cannot be part of a group; once that one has said the same, they are not needed any more. Confined to its shard.
 */
final class MoveLog implements PartitionLog.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(MoveLog.class);
    private static final LongObjectMap<Integer> NO_COUNTS = new LongObjectHashMap<>(2);
    /** Room in a group for the note of a move of dead letters. */
    static final int NOTE_BYTES = 64 * 1024;

    private final BrokerShard shard;
    private final Storage storage;
    private final CursorChangeWriter writer = new CursorChangeWriter(this::add);
    private @Nullable RecordBatchBuilder batch;
    private final ArrayDeque<Note> notes = new ArrayDeque<>();
    /** Those of which nobody knows yet whether they are durable. */
    private final ArrayDeque<Note> written = new ArrayDeque<>();

    private @Nullable PartitionLog log;
    /** Everything below was settled in this process too. */
    private long doneBelow;

    private long trimming;
    private boolean stopped;
    private @Nullable String outOfOrder;

    /** What one move or transaction has settled. */
    static final class Note {
        private final long end;
        private final Confirms stored;
        private boolean done;

        private Note(long end, Confirms stored) {
            this.end = end;
            this.stored = stored;
        }
    }

    MoveLog(BrokerShard shard, Storage storage) {
        this.shard = shard;
        this.storage = storage;
    }

    void open(PartitionLog itsLog) {
        log = itsLog;
    }

    PartitionLog log() {
        PartitionLog opened = log;
        if (opened == null) {
            throw new IllegalStateException("the log of moves is not open");
        }
        return opened;
    }

    /** Begins a group of so many members, {@link #settle} included, and so many bytes; null if that would be too large for one. */
    @Nullable
    AppendGroup begin(int members, long bytes) {
        return bytes > storage.maxGroupBytes() ? null : storage.group(members);
    }

    /** What all members of a group together may have. */
    long mostGroupBytes() {
        return storage.maxGroupBytes();
    }

    /** Notes as a member of the group that these records of these lanes are settled; {@code stored} is told, here, when that is durable. */
    Note settle(Map<LogId, OffsetSet> offsets, AppendGroup group, Confirms stored) {
        RecordBatchBuilder open = shard.takeBuilder();
        batch = open;
        offsets.forEach((lane, settled) -> writer.write(lane.value(), 0, 0, settled, NO_COUNTS));
        batch = null;
        ByteBuf bytes = open.build();
        shard.giveBack(open);
        log().append(bytes, group);
        var note = new Note(log().endOffset(), stored);
        notes.addLast(note);
        written.addLast(note);
        return note;
    }

    private void add(ByteBuf change) {
        Objects.requireNonNull(batch).append(shard.turnTimeMs(), null, change, RecordHeaders.EMPTY);
    }

    /** What the note says has happened in the queue, which is going to write it to the cursor log. */
    void done(Note note) {
        note.done = true;
        for (Note first = notes.peekFirst(); first != null && first.done; first = notes.peekFirst()) {
            doneBelow = first.end;
            notes.removeFirst();
        }
    }

    /** Notes below have been done. */
    long doneBelow() {
        return doneBelow;
    }

    /** Lets go of the notes below, as soon as what the cursor log has been given so far is durable. */
    void trimAfter(long below, CursorLog cursors) {
        if (below > trimming && !stopped) {
            trimming = below;
            cursors.whenEverythingIsDurable(() -> trim(below));
        }
    }

    /** The queues settle nothing any more: what is noted from here on is told to the next start by the notes alone. */
    void stop() {
        stopped = true;
    }

    void trim(long below) {
        log().trim(below);
    }

    /** Why nothing can be noted now; null if something can. */
    @Nullable
    String outOfOrder() {
        return outOfOrder;
    }

    @Override
    public void durable(long durableOffset) {
        for (Note first = written.peekFirst();
                first != null && first.end <= durableOffset;
                first = written.peekFirst()) {
            written.removeFirst();
            first.stored.stored();
        }
    }

    @Override
    public void stalled(String reason) {
        LOG.warn("dead letters and transactions wait for storage: {}", reason);
        outOfOrder = reason;
    }

    @Override
    public void resumed() {
        LOG.info("dead letters and transactions go on");
        outOfOrder = null;
    }

    @Override
    public void lost(StorageException cause) {
        LOG.error(
                "moves of dead letters and transactions cannot be noted; after a restart some records may be in both queues",
                cause);
        outOfOrder = String.valueOf(cause.getMessage());
        var refusal = new Refusal(Refusal.Reason.STORAGE, "", outOfOrder);
        var lost = List.copyOf(written);
        written.clear();
        lost.forEach(note -> note.stored.refused(refusal));
    }
}
