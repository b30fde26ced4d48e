package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a log that is not open still has in the journal: found by recovery, or left by closing. Handed from one owner to the
 * next; confined to whoever has it. Holds the journal files of its entries.
 */
final class DetachedLog {
    /** A batch whose durable copy is in the file. */
    record Held(long baseOffset, long lastOffset, ByteBuf batch, JournalFile file) {}

    private final TreeMap<Long, Held> entries = new TreeMap<>();
    private long endOffset;
    private @Nullable JournalFile endFile;
    private @Nullable StorageException damage;
    private @Nullable JournalFile evidence;

    /** Takes over the buffer and one hold of the file; a copy of the same batch found before is let go. */
    void add(Held entry) {
        Held old = entries.put(entry.baseOffset, entry);
        if (old != null) {
            old.file.release(old.batch.readableBytes());
            old.batch.release();
        }
    }

    boolean has(long baseOffset) {
        return entries.containsKey(baseOffset);
    }

    /** The log reaches up to the offset, and only this file knows. */
    void noteEnd(long offset, JournalFile file) {
        if (offset >= endOffset) {
            file.hold();
            if (endFile != null) {
                endFile.release();
            }
            endOffset = offset;
            endFile = file;
        }
    }

    /** The log has lost something that was durable, and must not be opened. */
    void damaged(StorageException cause, JournalFile file) {
        if (damage == null) {
            damage = cause;
            evidence = file;
            file.hold(); // kept for whoever looks into it
        }
    }

    @Nullable
    StorageException damage() {
        return damage;
    }

    long endOffset() {
        return endOffset;
    }

    @Nullable
    JournalFile endFile() {
        return endFile;
    }

    /** The journal files that hold something of this log, each once. */
    List<JournalFile> files() {
        Set<JournalFile> files = new LinkedHashSet<>();
        for (Held entry : entries.values()) {
            files.add(entry.file);
        }
        if (endFile != null) {
            files.add(endFile);
        }
        return List.copyOf(files);
    }

    Collection<Held> entries() {
        return entries.values();
    }

    /** Gives everything up: the log was deleted. */
    void release() {
        for (Held entry : entries.values()) {
            entry.file.release(entry.batch.readableBytes());
            entry.batch.release();
        }
        entries.clear();
        if (endFile != null) {
            endFile.release();
            endFile = null;
        }
        if (evidence != null) {
            evidence.release();
            evidence = null;
        }
    }

    /** The process ends: memory goes, the journal keeps what it has. */
    void forget() {
        for (Held entry : entries.values()) {
            entry.batch.release();
        }
        entries.clear();
    }
}
