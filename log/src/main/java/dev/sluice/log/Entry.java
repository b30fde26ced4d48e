package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One batch of a log from append until it is given up or written to a segment. Confined to the log's owner thread,
 * except that the journal thread reads the batch and uses {@link #next}, {@link #file} and {@link #group} between append and completion.
 */
final class Entry {
    final PartitionLog log;
    final long baseOffset;
    final long lastOffset;
    final int sizeInBytes;

    /** Owned by this entry until {@link #release}; null afterwards. */
    private @Nullable ByteBuf batch;

    /** Link of whichever list it is in on its way to the journal and back. */
    @Nullable
    Entry next;

    /** Holds the durable copy until a segment does; set by the journal thread. */
    @Nullable
    JournalFile file;

    /**
     * Until it is written: the group that it is a member of, and from when that may be written, of all entries that have to be in one
     * frame with it, one that stands for them. Set by the owner before the append, then by the journal thread.
     */
    @Nullable
    AppendGroup group;

    /** A member of a group that is not durable yet. Owner thread. */
    boolean isOfOpenGroup;

    /** It leads out of a full journal, being an acknowledgement or a copy that lets an older file go: the reserve is for it. */
    boolean leadsOut;

    /** Handed to the journal and not yet reported back: its bytes must stay. */
    boolean inFlight;

    /**
     * No longer needed, or durable elsewhere: leaves memory as soon as it is not in flight. Set once by the owner thread, read by the
     * journal thread too.
     */
    volatile boolean gone;

    Entry(PartitionLog log, long baseOffset, long lastOffset, ByteBuf batch) {
        this.log = log;
        this.baseOffset = baseOffset;
        this.lastOffset = lastOffset;
        this.sizeInBytes = batch.readableBytes();
        this.batch = batch;
        this.leadsOut = log.isState();
    }

    /** The batch's bytes, exactly one batch from reader index to writer index. */
    ByteBuf batch() {
        ByteBuf bytes = batch;
        if (bytes == null) {
            throw new IllegalStateException("released entry " + baseOffset);
        }
        return bytes;
    }

    /** Hands the bytes to the caller; the entry is of no use afterwards. */
    ByteBuf detach() {
        ByteBuf bytes = batch();
        batch = null;
        return bytes;
    }

    /** Gives up the bytes; at most one call has an effect. */
    void release() {
        ByteBuf bytes = batch;
        if (bytes != null) {
            batch = null;
            bytes.release();
        }
    }
}
