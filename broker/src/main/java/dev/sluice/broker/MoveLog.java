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
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one shard notes what its queues have settled because it was moved to others, in one {@link AppendGroup} with the copies there. The notes are cursor changes, as in the {@link CursorLog}, which cannot be part of a group; once
 * that one has said the same, they are not needed any more. Confined to its shard.
 */
final class MoveLog implements PartitionLog.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(MoveLog.class);
    private static final LongObjectMap<Integer> NO_COUNTS = new LongObjectHashMap<>(2);
    /** Room in a group for the note itself. */
    private static final int NOTE_BYTES = 64 * 1024;

    private final BrokerShard shard;
    private final Storage storage;
    private final CursorChangeWriter writer = new CursorChangeWriter(this::add);
    private @Nullable RecordBatchBuilder batch;
    private final ArrayDeque<Note> notes = new ArrayDeque<>();
    private @Nullable PartitionLog log;
    /** Everything below was settled in this process too. */
    private long doneBelow;

    private long trimming;
    private boolean stopped;

    /** What one move has settled. */
    static final class Note {
        private final long end;
        private boolean done;

        private Note(long end) {
            this.end = end;
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

    /** Begins a group of batches for so many targets and one {@link #settle}; null if that would be too large for one, and the move goes without. */
    @Nullable
    AppendGroup begin(int targets, long bytes) {
        return bytes + NOTE_BYTES > storage.maxGroupBytes() ? null : storage.group(targets + 1);
    }

    /** Notes as the last member of the group that these records of the lane are settled. */
    Note settle(LogId lane, OffsetSet offsets, AppendGroup group) {
        RecordBatchBuilder open = shard.takeBuilder();
        batch = open;
        writer.write(lane.value(), 0, 0, offsets, NO_COUNTS);
        batch = null;
        ByteBuf bytes = open.build();
        shard.giveBack(open);
        log().append(bytes, group);
        var note = new Note(log().endOffset());
        notes.addLast(note);
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

    @Override
    public void durable(long durableOffset) {}

    @Override
    public void stalled(String reason) {
        LOG.warn("dead letters wait for storage: {}", reason);
    }

    @Override
    public void resumed() {
        LOG.info("dead letters go on");
    }

    @Override
    public void lost(StorageException cause) {
        LOG.error("moves of dead letters cannot be noted; after a restart some may be in both queues", cause);
    }
}
