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
 *
 * <p>One spare file is held in reserve for what leads out of a full disk ({@link Entry#leadsOut}): no other frame is written while
 * there is none.
 */
final class JournalSpace {
    private static final Logger LOG = LoggerFactory.getLogger(JournalSpace.class);
    private static final long RETRY_MS = 500;

    /** Of a file that is emptied, at most one part in so many is copied forward: so emptying always gains space. */
    private static final int COPY_SHARE = 4;

    /** As long as the journal has no more files, none is emptied for its own sake. */
    private static final int FEW_FILES = 3;

    private static final int HARDLY_USED_SHARE = 16;

    /** The reserve and the next file to be written. */
    private static final int MOST_SPARE_FILES = 2;

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
    /** Files are not given up, since somebody copies them. */
    private boolean isFrozen;

    private @Nullable CompletableFuture<Void> onFrozen;
    private boolean closed;

    /** A frame found no file that it may go to, and waits. Changed by the journal thread, read by any. */
    private volatile boolean isShort;

    private long shortBytes;
    /** A file has been taken since the start. */
    private boolean hasBegun;

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

    /** Takes up the files that recovery found; those with frames are not written any more. Before the first frame. */
    void recovered(JournalRecovery.Result found) {
        used.addAll(found.files());
        nextName = found.unusedFileName();
        for (JournalFile file : found.files()) {
            file.isFull = true;
            bytes.addAndGet(file.bytes);
        }
        for (JournalFile file : found.empty()) {
            bytes.addAndGet(file.bytes);
            boolean isWhole = file.bytes == config.journalFileBytes() || file.bytes == config.firstJournalFileBytes();
            if (isWhole && spare.size() < MOST_SPARE_FILES) {
                spare.addLast(file); // on a full disk there would be no other
            } else {
                discard(file);
            }
        }
        prepareAhead();
    }

    /** Called by a file, on any thread, when its last hold is released. */
    void onFree(JournalFile file) {
        threads.journal().execute(() -> emptied(file));
    }

    /** The file that has room for the frame, or null if one has to be made first: then {@code onFileReady} is called. */
    @Nullable
    JournalFile fileFor(long frameBytes) {
        if (frameBytes > roomBytes()) {
            isShort = true;
            shortBytes = frameBytes;
            makeRoom();
            return null;
        }
        endShortage();
        JournalFile file = reserveFor(frameBytes);
        prepareAhead();
        return file;
    }

    /** The largest frame of which a spare file would be left now. */
    long roomBytes() {
        long active = spare.isEmpty() ? 0 : activeRoomBytes();
        return spare.size() > 1 ? Math.max(active, largestSpareBytes()) : active;
    }

    /** The largest frame that there is a file for now, if it may use up the reserve. */
    long roomWithReserveBytes() {
        return Math.max(activeRoomBytes(), largestSpareBytes());
    }

    private long activeRoomBytes() {
        JournalFile active = used.peekLast();
        return active == null || active.isFull ? 0 : active.bytes - active.position;
    }

    private long largestSpareBytes() {
        return spare.stream().mapToLong(file -> file.bytes).max().orElse(0);
    }

    /** Like {@link #fileFor}, but may use up the reserve; makes nothing. */
    @Nullable
    JournalFile reserveFor(long frameBytes) {
        JournalFile file = activeFor(frameBytes);
        return file == null ? takeSpare(frameBytes) : file;
    }

    /** Whether there is nothing but the reserve now. Any thread. */
    boolean isShort() {
        return isShort;
    }

    private void makeRoom() {
        boolean hasRoom = activeFor(shortBytes) != null || hasSpare(shortBytes);
        if (activeFor(shortBytes) == null) {
            leaveActive();
        }
        if (!hasRoom && spare.size() == MOST_SPARE_FILES) {
            discard(spare.removeFirst()); // a larger one has to take its place
        }
        prepare(hasRoom ? nextBytes() : Math.max(shortBytes, nextBytes()));
    }

    private void endShortage() {
        if (isShort) {
            isShort = false;
            stalls.clear(Stalls.Cause.JOURNAL_SPACE);
        }
    }

    /** It has no room for what waits: emptied, it would have. */
    private void leaveActive() {
        JournalFile active = used.peekLast();
        if (active != null && !active.isFull && (!active.isHeld() || !spare.isEmpty())) {
            fill(active);
            leaveOldest();
        }
    }

    /** Something has changed for the better. */
    private void tryAgain() {
        if (shortBytes <= roomBytes()) {
            endShortage();
        }
        onFileReady.run();
    }

    private @Nullable JournalFile activeFor(long frameBytes) {
        JournalFile active = used.peekLast();
        return active != null && !active.isFull && active.hasRoomFor(frameBytes) ? active : null;
    }

    /** A write to the file failed: whatever comes next goes to another. */
    void abandon(JournalFile file) {
        file.isAbandoned = true;
        fill(file);
        if (file.position == 0) {
            used.remove(file); // it has nothing that anybody was told of
            discard(file);
        }
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
                JournalFile active = used.peekLast();
                if (active != null) {
                    fill(active);
                }
                used.addLast(file);
                hasBegun = true;
                leaveOldest();
                return file;
            }
        }
        return null;
    }

    private boolean hasSpare(long frameBytes) {
        return spare.stream().anyMatch(file -> file.hasRoomFor(frameBytes));
    }

    // ---- making files ----

    /** The first files after a start are small, so that acknowledgements and confirms do not wait long for them. */
    private long nextBytes() {
        return hasBegun ? config.journalFileBytes() : config.firstJournalFileBytes();
    }

    private void prepareAhead() {
        JournalFile active = used.peekLast();
        boolean isSoonFull = active == null || active.isFull || active.position > active.bytes / 2;
        if (spare.isEmpty() || (isSoonFull && spare.size() < MOST_SPARE_FILES)) {
            prepare(nextBytes());
        }
    }

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
        prepareAhead();
        tryAgain();
    }

    private void notPrepared(long bytes, IOException failure) {
        if (isShort) {
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
                    }
                    if (isShort && !closed) {
                        leaveOldest();
                        makeRoom();
                        tryAgain();
                    }
                }));
    }

    // ---- keeping files for a backup ----

    /** From the completion of the future to {@link #thaw} the beginning of the journal stays what it is, and so does the content of all files from there on. */
    void freeze(CompletableFuture<Void> frozen) {
        isFrozen = true;
        if (leaving == null || closed) {
            frozen.complete(null);
        } else {
            onFrozen = frozen;
        }
    }

    void thaw() {
        isFrozen = false;
        leaveOldest();
    }

    /** What the frames written so far take of each file, in their order. */
    List<JournalExtract.Part> parts() {
        return used.stream()
                .filter(file -> file.position > 0)
                .map(file -> new JournalExtract.Part(file.name, file.position))
                .toList();
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
                || stalls.isRaised(Stalls.Cause.JOURNAL_SPACE)
                || isHardlyUsed(oldest);
        Map<OwnerLane, List<PartitionLog>> byOwner = new LinkedHashMap<>();
        for (PartitionLog log : oldest.logs) {
            byOwner.computeIfAbsent(log.lane(), lane -> new ArrayList<>()).add(log);
        }
        byOwner.forEach((lane, logs) -> lane.execute(() -> {
            JournalEviction.leave(oldest, logs, urgent, oldest.bytes / COPY_SHARE / byOwner.size());
        }));
    }

    /** Little is to be copied, and all files behind it that nobody needs go with it: so one stuck record does not keep the journal at its limit. */
    private boolean isHardlyUsed(JournalFile oldest) {
        return used.size() > FEW_FILES && oldest.liveBytes() <= config.journalFileBytes() / HARDLY_USED_SHARE;
    }

    private void emptied(JournalFile file) {
        if (file == used.peekFirst() && file.isFull && !file.isHeld()) {
            giveUp(file);
        }
    }

    private void giveUp(JournalFile file) {
        if (leaving != null || isFrozen || closed) {
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
            if (onFrozen != null) {
                onFrozen.complete(null);
                onFrozen = null;
            }
        }));
    }

    private void reuse(JournalFile file) {
        if (closed) {
            return;
        }
        used.remove(file);
        file.closeQuietly();
        boolean isOfUse =
                spare.isEmpty() || (isShort ? file.bytes >= shortBytes : file.bytes == config.journalFileBytes());
        if (file.isAbandoned || !isOfUse || spare.size() >= MOST_SPARE_FILES) {
            discard(file);
            return;
        }
        spare.addLast(new JournalFile(file.name, file.bytes, this::onFree));
        tryAgain();
    }

    private void discard(JournalFile file) {
        bytes.addAndGet(-file.bytes);
        threads.background().execute(() -> {
            try {
                disk.delete(file.name);
            } catch (IOException failure) {
                LOG.warn("Deleting the used-up journal file {} failed: {}", file.name, failure.toString());
            }
        });
    }
}
