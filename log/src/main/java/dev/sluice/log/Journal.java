package dev.sluice.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes appends of all logs durable: one frame, one write, for everything that waits. Any thread appends; everything else is
 * confined to the journal thread. One write is in flight at a time, so that a damaged frame with a sound one after it was
 * durable once, and one without is an unfinished write.
 */
final class Journal {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
    private static final long RETRY_MS = 500;
    /** What nobody waits for has its own write if none comes along for so long. */
    private static final long MOST_DELAY_MS = 5;

    private final Disk disk;
    private final StorageConfig config;
    private final StorageThreads threads;
    private final JournalState state;
    private final Stalls stalls;
    private final TailBudget budget;
    private final JournalSpace space;
    private final JournalQueue queue = new JournalQueue();
    private final FrameWriter writer;
    private final LongAdder frames = new LongAdder();
    private final Runnable drain = this::drain;
    private final Runnable delayEnds = this::endDelay;
    /** Whether a task that takes the queue is on its way, at once or after the delay. */
    private final AtomicBoolean drainAsked = new AtomicBoolean();

    private final AtomicBoolean delayAsked = new AtomicBoolean();

    // Entries taken from the queue and not yet durable, in order.
    private @Nullable Entry firstPending;
    private @Nullable Entry lastPending;

    private long lastSequence;
    private long durableSequence;
    private boolean isBroken;
    private boolean closed;
    private @Nullable CompletableFuture<Void> onClosed;
    private final List<OwnerLane> touchedLanes = new ArrayList<>();

    Journal(
            Disk disk,
            StorageConfig config,
            StorageThreads threads,
            JournalState state,
            Stalls stalls,
            TailBudget budget) {
        this.disk = disk;
        this.config = config;
        this.threads = threads;
        this.state = state;
        this.stalls = stalls;
        this.budget = budget;
        this.space = new JournalSpace(disk, config, threads, state, stalls, this::drain);
        this.writer = new FrameWriter(config.writeBufferBytes());
    }

    JournalSpace space() {
        return space;
    }

    /** Goes on after what recovery found. Before the first append. */
    void recovered(JournalRecovery.Result found) {
        lastSequence = found.highestSequence();
        durableSequence = found.lastSequence();
        space.recovered(found.files(), found.unusedFileName());
    }

    /** Lets go of everything: the storage does not open after all. */
    void abandon() {
        closed = true;
        space.close();
        writer.close();
    }

    /** Makes the entry durable and tells its log's owner. Any thread; costs a few instructions. */
    void append(Entry entry) {
        queue.add(entry);
        if (entry.isUrgent) {
            if (!drainAsked.get() && !drainAsked.getAndSet(true)) {
                threads.journal().execute(drain);
            }
        } else if (!delayAsked.get() && !delayAsked.getAndSet(true)) {
            threads.schedule(MOST_DELAY_MS, delayEnds);
        }
    }

    private void endDelay() {
        delayAsked.set(false);
        threads.journal().execute(drain);
    }

    /** The log has entries in the files, found before it was opened. Any thread. */
    void register(PartitionLog log, List<JournalFile> files) {
        threads.journal().execute(() -> space.register(log, files));
    }

    /** Bytes of all files; any thread. */
    long bytes() {
        return space.bytes();
    }

    /** How many frames were written; any thread. */
    long frames() {
        return frames.sum();
    }

    /** Ends after what was appended so far and notes that this end was clean. */
    CompletableFuture<Void> close() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        threads.journal().execute(() -> {
            onClosed = done;
            drain();
        });
        return done;
    }

    /** Ends once all is written, or cannot be. */
    private void finishClosing(CompletableFuture<Void> done) {
        boolean isClean = firstPending == null;
        if (!isClean && !isBroken && !stalls.isRaised(Stalls.Cause.JOURNAL_SPACE)) {
            return; // a file is being made
        }
        closed = true;
        space.close();
        writer.close();
        releasePending();
        CompletableFuture<Void> noted =
                isClean ? state.endClean(durableSequence) : CompletableFuture.<Void>completedFuture(null);
        var _ = noted.whenComplete((ignored, failure) -> done.complete(null));
    }

    /** What could not be written any more: nobody was told that it is durable. */
    private void releasePending() {
        Entry entry = firstPending;
        firstPending = null;
        lastPending = null;
        while (entry != null) {
            Entry pending = entry;
            entry = pending.next;
            if (!pending.log.lane().execute(pending::release)) {
                pending.release();
            }
        }
    }

    private void drain() {
        if (closed) {
            return;
        }
        takeQueue();
        boolean mayGoOn = true;
        while (mayGoOn && firstPending != null && !isBroken) {
            mayGoOn = writeFrame(firstPending);
            takeQueue();
        }
        if (onClosed != null) {
            finishClosing(onClosed);
        }
    }

    private void takeQueue() {
        drainAsked.set(false);
        Entry taken = queue.takeAll();
        if (taken == null) {
            return;
        }
        Entry last = lastPending;
        if (last == null) {
            firstPending = taken;
        } else {
            last.next = taken;
        }
        Entry newLast = taken;
        while (newLast.next != null) {
            newLast = newLast.next;
        }
        lastPending = newLast;
    }

    /**
     * Writes as many entries as one write takes.
     *
     * @return false if they have to wait; something will drain again
     */
    private boolean writeFrame(Entry first) {
        int count = 1;
        int payload = first.sizeInBytes;
        Entry last = first;
        for (Entry next = first.next; next != null; next = next.next) {
            long grown = (long) payload + next.sizeInBytes;
            if (JournalFrame.frameBytes(count + 1, grown) > config.writeBufferBytes()
                    || count == JournalFrame.MAX_ENTRIES) {
                break;
            }
            payload = (int) grown;
            count++;
            last = next;
        }
        long frameBytes = JournalFrame.frameBytes(count, payload);
        JournalFile file = space.fileFor(frameBytes);
        if (file == null) {
            return false;
        }
        long sequence = ++lastSequence;
        try {
            writer.write(
                    file.open(disk),
                    file.position,
                    state.value().salt(),
                    sequence,
                    durableSequence,
                    first,
                    count,
                    payload);
        } catch (IOException failure) {
            onWriteFailed(file, failure);
            return !isBroken;
        }
        durableSequence = sequence;
        file.position += frameBytes;
        file.lastSequence = sequence;
        frames.increment();
        firstPending = last.next;
        if (firstPending == null) {
            lastPending = null;
        }
        complete(file, first, count, payload);
        stalls.clear(Stalls.Cause.JOURNAL_DEVICE);
        budget.check();
        return true;
    }

    private void complete(JournalFile file, Entry first, int count, int payload) {
        file.hold(count, payload);
        Entry entry = first;
        for (int i = 0; i < count && entry != null; i++) {
            Entry next = entry.next;
            PartitionLog log = entry.log;
            if (log.newestJournalFile != file) {
                log.newestJournalFile = file;
                file.logs.add(log);
            }
            JournalFile old = entry.file;
            entry.file = file;
            if (old != null) {
                old.release(entry.sizeInBytes);
            }
            if (log.lane().complete(entry)) {
                touchedLanes.add(log.lane());
            }
            entry = next;
        }
        for (OwnerLane lane : touchedLanes) {
            lane.deliver();
        }
        touchedLanes.clear();
    }

    /**
     * The file's end is unknown now: all that is not durable goes to a fresh one, at once if there is one and it can be
     * written, and else again and again while the storage is stalled.
     */
    private void onWriteFailed(JournalFile file, IOException failure) {
        LOG.warn("Writing the journal file {} failed: {}", file.name, failure.toString());
        boolean isSecondInARow = file.position == 0;
        space.abandon(file);
        if (isSecondInARow) {
            isBroken = true;
            stalls.raise(Stalls.Cause.JOURNAL_DEVICE, "the journal cannot be written: " + failure.getMessage());
            threads.schedule(
                    RETRY_MS,
                    () -> threads.journal().execute(() -> {
                        isBroken = false;
                        drain();
                    }));
        }
    }
}
