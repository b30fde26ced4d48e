package dev.sluice.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One file of the journal and what still needs it. Confined to the journal thread but for {@link #hold} and
 * {@link #release}, which the owners of the entries call.
 *
 * <p>It is held once by each entry whose only durable copy is here, and once by each log whose highest offset is known only
 * from here. What nobody holds may be written over.
 */
final class JournalFile {
    final String name;
    final long bytes;

    /** Logs that have entries here, each once; closed ones may be among them. */
    final List<PartitionLog> logs = new ArrayList<>();

    private final AtomicInteger holds = new AtomicInteger();
    private final AtomicLong liveBytes = new AtomicLong();
    private final Consumer<JournalFile> onFree;
    private @Nullable DiskFile file;

    long position;
    long lastSequence;

    /** No frame is added any more. */
    boolean isFull;

    /** A write failed: its content from {@link #position} is unknown, and it is not used again. */
    boolean isAbandoned;

    /** @param onFree called on any thread when the last hold is released */
    JournalFile(String name, long bytes, Consumer<JournalFile> onFree) {
        this.name = name;
        this.bytes = bytes;
        this.onFree = onFree;
    }

    boolean hasRoomFor(long frameBytes) {
        return bytes - position >= frameBytes;
    }

    /** The open file; opens it if needed. */
    DiskFile open(Disk disk) throws IOException {
        DiskFile open = file;
        if (open == null) {
            open = disk.open(name, Disk.Layout.BLOCKS, Disk.Writes.SYNCHRONOUS);
            file = open;
        }
        return open;
    }

    void closeQuietly() {
        DiskFile open = file;
        file = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException ignored) {
                // Every write was durable on return; closing adds nothing.
            }
        }
    }

    /** Holds it for so many entries of so many bytes together. */
    void hold(int entries, long entryBytes) {
        liveBytes.addAndGet(entryBytes);
        holds.addAndGet(entries);
    }

    /** Holds it for what it knows of a log's end. */
    void hold() {
        holds.incrementAndGet();
    }

    /** Ends one hold for an entry. */
    void release(long entryBytes) {
        liveBytes.addAndGet(-entryBytes);
        release();
    }

    /** Bytes of the entries that hold it. */
    long liveBytes() {
        return liveBytes.get();
    }

    /** Ends one hold. */
    void release() {
        if (holds.decrementAndGet() == 0) {
            onFree.accept(this);
        }
    }

    boolean isHeld() {
        return holds.get() > 0;
    }
}
