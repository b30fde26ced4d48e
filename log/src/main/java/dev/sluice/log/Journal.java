package dev.sluice.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
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
    private static final long STATE_DELAY_MS = 5;
    /** Each write takes a block at least: so what is held in reserve lasts for minutes. */
    private static final long STATE_DELAY_ON_RESERVE_MS = 250;

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
    /** Whether a task that takes the queue is on its way. */
    private final AtomicBoolean drainAsked = new AtomicBoolean();

    /** By their length in milliseconds: few, as few lengths are in use. */
    private final Map<Long, Delay> delays = new ConcurrentHashMap<>();

    private final PendingEntries pending;
    private boolean isTooMuchWaiting;

    private long lastSequence;
    private long durableSequence;
    private boolean isBroken;
    private boolean isSuspended;
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
        this.pending = new PendingEntries(config.tailBudgetBytes() / 2);
    }

    JournalSpace space() {
        return space;
    }

    /** Goes on after what recovery found. Before the first append. */
    void recovered(JournalRecovery.Result found) {
        lastSequence = found.highestSequence();
        durableSequence = found.lastSequence();
        space.recovered(found);
    }

    /** Lets go of everything: the storage does not open after all. */
    void abandon() {
        closed = true;
        space.close();
        writer.close();
    }

    /** Makes the entry durable and tells its log's owner. Any thread; costs a few instructions. */
    void append(Entry entry) {
        long delayMs = delayMs(entry.log.settings());
        AppendGroup group = entry.group;
        if (group == null) {
            queue.add(entry);
        } else {
            // In this order: whichever member comes last knows how long all allow.
            group.allowDelay(delayMs);
            queue.add(entry);
            delayMs = group.delayMs();
        }
        drainAfter(delayMs);
    }

    private void drainAfter(long delayMs) {
        if (delayMs == 0) {
            if (!drainAsked.get() && !drainAsked.getAndSet(true)) {
                threads.journal().execute(drain);
            }
        } else {
            delays.computeIfAbsent(delayMs, Delay::new).ask();
        }
    }

    /** A member of the group will not come. Any thread. */
    void recheck(AppendGroup group) {
        threads.journal().execute(() -> {
            if (!closed) {
                takeQueue();
                pending.waiting().check(group);
                drain();
            }
        });
    }

    private long delayMs(LogSettings settings) {
        if (settings.isState()) {
            return space.isShort() ? STATE_DELAY_ON_RESERVE_MS : STATE_DELAY_MS;
        }
        return settings.durability().writeDelayMs();
    }

    /** Has all that waits written after a while, whatever asked for it. Thread-safe. */
    private final class Delay {
        private final long delayMs;
        private final AtomicBoolean isAsked = new AtomicBoolean();

        Delay(long delayMs) {
            this.delayMs = delayMs;
        }

        void ask() {
            if (!isAsked.get() && !isAsked.getAndSet(true)) {
                threads.schedule(delayMs, this::end);
            }
        }

        private void end() {
            isAsked.set(false);
            threads.journal().execute(drain);
        }
    }

    /** Whether nothing is to be written. Any thread. */
    void suspend(boolean suspended) {
        threads.journal().execute(() -> {
            isSuspended = suspended;
            drain();
        });
    }

    /** The log has entries in the files, found before it was opened. Any thread. */
    void register(PartitionLog log, List<JournalFile> files) {
        threads.journal().execute(() -> space.register(log, files));
    }

    /** Keeps the files as {@link JournalSpace#freeze} says. Any thread. */
    CompletableFuture<Void> freeze() {
        CompletableFuture<Void> frozen = new CompletableFuture<>();
        threads.journal().execute(() -> space.freeze(frozen));
        return frozen;
    }

    /** Ends {@link #freeze}. Any thread. */
    void thaw() {
        threads.journal().execute(space::thaw);
    }

    /** The journal with all that was appended before and can be written. Any thread. */
    CompletableFuture<JournalExtract> extract() {
        return CompletableFuture.supplyAsync(
                () -> {
                    drain();
                    return new JournalExtract(durableSequence, space.parts());
                },
                threads.journal());
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

    /** Ends once all is written, or cannot be. A group that has not got all its members never is: nobody was told anything of it. */
    private void finishClosing(CompletableFuture<Void> done) {
        boolean isClean = pending.isEmpty();
        if (!isClean && !isBroken && !isSuspended && !stalls.isRaised(Stalls.Cause.JOURNAL_SPACE)) {
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
        Entry next = pending.takeAll();
        while (next != null) {
            Entry entry = next;
            next = entry.next;
            if (!entry.log.lane().execute(entry::release)) {
                entry.release();
            }
        }
    }

    private void drain() {
        if (closed) {
            return;
        }
        takeQueue();
        boolean mayGoOn = true;
        while (mayGoOn && !pending.isEmpty() && !isBroken && !isSuspended) {
            mayGoOn = writeFrame();
            takeQueue();
        }
        if (!mayGoOn) {
            // They hold the files that they were to be copied from.
            pending.removeNeedlessCopies(entry -> entry.log.lane().execute(() -> entry.log.notCopied(entry)));
        }
        if (onClosed != null) {
            finishClosing(onClosed);
        }
    }

    private void takeQueue() {
        drainAsked.set(false);
        pending.addAll(queue.takeAll());
        checkWaiting();
    }

    /** Groups that wait keep what is appended behind them; that must stay what memory and a frame can take. */
    private void checkWaiting() {
        boolean isTooMuch = pending.waiting().isTooMuch();
        if (isTooMuch != isTooMuchWaiting) {
            isTooMuchWaiting = isTooMuch;
            if (isTooMuch) {
                stalls.raise(Stalls.Cause.GROUPS, "too much waits in memory for the other members of its group");
            } else {
                stalls.clear(Stalls.Cause.GROUPS);
            }
        }
    }

    /**
     * Writes as many entries as one write takes.
     *
     * @return false if they have to wait; something will drain again
     */
    private boolean writeFrame() {
        PendingEntries.Run run = front(space.roomBytes(), false);
        JournalFile file = run == null ? null : space.fileFor(run.frameBytes());
        if (file == null) {
            run = front(space.roomWithReserveBytes(), true);
            file = run == null ? null : space.reserveFor(run.frameBytes());
        }
        return run != null && file != null && write(file, run);
    }

    /** Of what one write takes, what there is room for: all of it may be more than any file that a full disk allows. One entry at least. */
    private PendingEntries.@Nullable Run front(long roomBytes, boolean onlyLeadingOut) {
        PendingEntries.Run run = pending.front(config.writeBufferBytes(), onlyLeadingOut);
        return run == null || run.frameBytes() <= roomBytes
                ? run
                : pending.front((int) Math.min(config.writeBufferBytes(), roomBytes), onlyLeadingOut);
    }

    private boolean write(JournalFile file, PendingEntries.Run run) {
        long sequence = ++lastSequence;
        try {
            writer.write(
                    file.open(disk),
                    file.position,
                    state.value().salt(),
                    sequence,
                    durableSequence,
                    run.first(),
                    run.count(),
                    run.payloadBytes());
        } catch (IOException failure) {
            onWriteFailed(file, failure);
            return !isBroken;
        }
        durableSequence = sequence;
        file.position += run.frameBytes();
        file.lastSequence = sequence;
        frames.increment();
        Entry first = pending.take(run);
        complete(file, first, run.count(), run.payloadBytes());
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
            if (entry.group != null) {
                entry.group = null;
            }
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
                        if (pending.isEmpty()) {
                            stalls.clear(Stalls.Cause.JOURNAL_DEVICE); // nothing is left to try it with
                        }
                    }));
        }
    }
}
