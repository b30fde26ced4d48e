package dev.sluice.log;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of the journal: which one is written, which one comes next, and how the oldest is emptied so that it can be
 * used again. Confined to the journal thread; what it starts elsewhere comes back there.
 *
 * <p>Files are emptied in the order of their frames, so that the live part of the journal is one unbroken run of frames. A
 * file is given up in two steps: first the new beginning of the journal becomes durable in the metadata, then the file is
 * used again or deleted. A crash between leaves a file that recovery does not look at.
 */
final class JournalSpace {
    private static final Logger LOG = LoggerFactory.getLogger(JournalSpace.class);
    private static final long RETRY_MS = 500;

    /** Of a file that is emptied, at most one part in so many is copied forward: so emptying always gains space. */
    private static final int COPY_SHARE = 4;

    static final String FOLDER = "journal";

    private final Disk disk;
    private final StorageConfig config;
    private final StorageThreads threads;
    private final JournalState state;
    private final Stalls stalls;
    /** Tries again what waited for a file: there is one, or there will be none for a while. */
    private final Runnable onFileReady;

    /** In the order of their frames; the last one is written if it is not full. */
    private final Deque<JournalFile> used = new ArrayDeque<>();

    private final Deque<JournalFile> spare = new ArrayDeque<>();
    /** Changed by the journal thread, read by any. */
    private final AtomicLong bytes = new AtomicLong();

    private long nextName;
    private long preparing;
    private @Nullable JournalFile leaving;
    private boolean closed;

    JournalSpace(
            Disk disk,
            StorageConfig config,
            StorageThreads threads,
            JournalState state,
            Stalls stalls,
            Runnable onFileReady) {
        this.disk = disk;
        this.config = config;
        this.threads = threads;
        this.state = state;
        this.stalls = stalls;
        this.onFileReady = onFileReady;
    }

    /** Takes up the files that recovery found, in the order of their frames; none of them is written any more. */
    void recovered(List<JournalFile> files, long unusedName) {
        used.addAll(files);
        nextName = unusedName;
        for (JournalFile file : files) {
            file.isFull = true;
            bytes.addAndGet(file.bytes);
        }
        prepare(config.firstJournalFileBytes());
    }

    /** Called by a file, on any thread, when its last hold is released. */
    void onFree(JournalFile file) {
        threads.journal().execute(() -> emptied(file));
    }

    /** The file that has room for the frame, or null if one has to be made first: then {@code onFileReady} is called. */
    @Nullable
    JournalFile fileFor(long frameBytes) {
        JournalFile active = used.peekLast();
        if (active != null && !active.isFull && active.hasRoomFor(frameBytes)) {
            if (active.position + frameBytes > active.bytes / 2 && spare.isEmpty()) {
                prepare(config.journalFileBytes());
            }
            return active;
        }
        JournalFile next = takeSpare(frameBytes);
        if (next == null) {
            prepare(Math.max(frameBytes, used.isEmpty() ? config.firstJournalFileBytes() : config.journalFileBytes()));
            return null;
        }
        if (active != null) {
            fill(active);
        }
        used.addLast(next);
        leaveOldest();
        return next;
    }

    /** A write to the file failed: whatever comes next goes to another. */
    void abandon(JournalFile file) {
        file.isAbandoned = true;
        fill(file);
    }

    /** Adds the log to those that are asked when the files are emptied. */
    void register(PartitionLog log, List<JournalFile> files) {
        for (JournalFile file : files) {
            file.logs.add(log);
        }
    }

    /** Bytes of all files; any thread. */
    long bytes() {
        return bytes.get();
    }

    void close() {
        closed = true;
        used.forEach(JournalFile::closeQuietly);
        spare.forEach(JournalFile::closeQuietly);
    }

    private static void fill(JournalFile file) {
        file.isFull = true;
        file.closeQuietly();
    }

    private @Nullable JournalFile takeSpare(long frameBytes) {
        for (JournalFile file : spare) {
            if (file.hasRoomFor(frameBytes)) {
                spare.remove(file);
                return file;
            }
        }
        return null;
    }

    private boolean hasSpare(long frameBytes) {
        return spare.stream().anyMatch(file -> file.hasRoomFor(frameBytes));
    }

    // ---- making files ----

    private void prepare(long atLeastBytes) {
        long bytes = (atLeastBytes + Disk.BLOCK_BYTES - 1) & -Disk.BLOCK_BYTES;
        if (preparing >= bytes || closed) {
            return;
        }
        preparing = bytes;
        JournalFile file = new JournalFile(FOLDER + '/' + String.format("%08d", nextName++), bytes, this::onFree);
        threads.background().execute(() -> {
            try {
                disk.create(file.name, file.bytes);
                threads.journal().execute(() -> prepared(file));
            } catch (IOException failure) {
                threads.journal().execute(() -> notPrepared(bytes, failure));
            }
        });
    }

    private void prepared(JournalFile file) {
        preparing = 0;
        if (closed) {
            return;
        }
        spare.addLast(file);
        bytes.addAndGet(file.bytes);
        stalls.clear(Stalls.Cause.JOURNAL_SPACE);
        onFileReady.run();
    }

    private void notPrepared(long bytes, IOException failure) {
        if (!hasSpare(bytes)) {
            String what = failure instanceof DiskFullException ? "the disk is full" : "the journal cannot grow";
            stalls.raise(Stalls.Cause.JOURNAL_SPACE, what + " (" + failure.getMessage() + ")");
            leaveOldest();
            onFileReady.run(); // whoever waits for the end waits no longer
        }
        threads.schedule(
                RETRY_MS,
                () -> threads.journal().execute(() -> {
                    if (preparing == bytes) {
                        preparing = 0;
                        prepareAgain(bytes);
                    }
                }));
    }

    private void prepareAgain(long bytes) {
        if (!hasSpare(bytes)) {
            prepare(bytes);
        } else {
            stalls.clear(Stalls.Cause.JOURNAL_SPACE);
        }
        onFileReady.run();
    }

    // ---- emptying files ----

    /** Begins to empty the oldest file; if the journal has used up its space, what is needed of it moves elsewhere. */
    void leaveOldest() {
        JournalFile oldest = used.peekFirst();
        if (closed || oldest == null || !oldest.isFull) {
            return;
        }
        if (!oldest.isHeld()) {
            giveUp(oldest);
            return;
        }
        boolean urgent = bytes() + config.journalFileBytes() > config.journalBytes()
                || stalls.isRaised(Stalls.Cause.JOURNAL_SPACE);
        Map<OwnerLane, List<PartitionLog>> byOwner = new LinkedHashMap<>();
        for (PartitionLog log : oldest.logs) {
            byOwner.computeIfAbsent(log.lane(), lane -> new ArrayList<>()).add(log);
        }
        byOwner.forEach((lane, logs) -> lane.execute(() -> {
            JournalEviction.leave(oldest, logs, urgent, oldest.bytes / COPY_SHARE / byOwner.size());
        }));
    }

    private void emptied(JournalFile file) {
        if (file == used.peekFirst() && file.isFull && !file.isHeld()) {
            giveUp(file);
        }
    }

    private void giveUp(JournalFile file) {
        if (leaving != null || closed) {
            return;
        }
        leaving = file;
        CompletableFuture<Void> durable = state.beginAfter(file.lastSequence);
        var _ = durable.whenComplete((done, failure) -> threads.journal().execute(() -> {
            leaving = null;
            if (failure == null) {
                reuse(file);
                leaveOldest();
            } else {
                LOG.warn("A journal file could not be given back yet: {}", failure.getMessage());
            }
        }));
    }

    private void reuse(JournalFile file) {
        if (closed) {
            return;
        }
        used.remove(file);
        file.closeQuietly();
        if (file.isAbandoned || file.bytes != config.journalFileBytes() || !spare.isEmpty()) {
            bytes.addAndGet(-file.bytes);
            threads.background().execute(() -> delete(file));
            return;
        }
        JournalFile again = new JournalFile(file.name, file.bytes, this::onFree);
        spare.addLast(again);
        stalls.clear(Stalls.Cause.JOURNAL_SPACE);
        onFileReady.run();
    }

    private void delete(JournalFile file) {
        try {
            disk.delete(file.name);
        } catch (IOException failure) {
            LOG.warn("Deleting the used-up journal file {} failed: {}", file.name, failure.toString());
        }
    }
}
