package dev.sluice.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Appends to several logs that become durable together or not at all, also across a crash. Thread-safe: the owners of the logs
 * take part from their threads, and the journal thread sees when all have.
 *
 * <p>{@link Storage#group} says how many members it has. Each of them is one {@link PartitionLog#append(io.netty.buffer.ByteBuf,
 * AppendGroup)} or, where that cannot be any more, one {@link #leave}, in any order. Until the last of them has come, those that
 * have, and all that is appended to their logs behind them, wait in memory; other logs do not notice. So what was begun has to be
 * ended soon, and also while the storage is stalled: a log that waits for a member does not close either. No owner ever has to wait
 * for another, and groups may meet in several logs in different orders.
 *
 * <p>A log may be a member more than once. One in memory, or whose {@link Durability} is not {@code sync}, counts what was appended
 * as durable at once, as it does without a group; a crash leaves of the others all or nothing.
 */
public final class AppendGroup {
    /** Most members of one group. */
    static final int MOST_MEMBERS = 1 << 16;

    private final Journal journal;
    private final int members;
    private final long mostBytes;
    private final AtomicInteger joined = new AtomicInteger();
    /** Members that the journal has nothing of. */
    private final AtomicInteger passed = new AtomicInteger();

    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong delayMs = new AtomicLong(Long.MAX_VALUE);

    // ---- journal thread only ----

    /** What has come to the journal and waits. */
    final List<Entry> waiting = new ArrayList<>(2);

    private int arrived;

    /** The last search of {@link WaitingGroups} that met it. */
    long search;

    /** Of the entries that have to be in one frame, if this group stands for them: see {@link Entry#group}. */
    int frameEntries;

    int frameBytes;

    @Nullable
    Entry frameEnd;

    AppendGroup(Journal journal, int members, long mostBytes) {
        if (members < 1 || members > MOST_MEMBERS) {
            throw new IllegalArgumentException("a group has from 1 to " + MOST_MEMBERS + " members, not " + members);
        }
        this.journal = journal;
        this.members = members;
        this.mostBytes = mostBytes;
    }

    /**
     * Takes the place of a member that appends nothing, as its log was deleted meanwhile: the others become durable without it. Any
     * thread.
     *
     * @throws IllegalStateException if all members have come already
     */
    public void leave() {
        join(0);
        pass();
    }

    /**
     * Takes the place of a member.
     *
     * @throws IllegalStateException if all members have come already
     * @throws IllegalArgumentException if the group would become too large; then the place stays free
     */
    void join(int sizeInBytes) {
        if (bytes.addAndGet(sizeInBytes) > mostBytes) {
            bytes.addAndGet(-sizeInBytes);
            throw new IllegalArgumentException("a group of appends takes " + mostBytes + " bytes at most");
        }
        if (joined.getAndIncrement() >= members) {
            joined.decrementAndGet();
            throw new IllegalStateException("all " + members + " members of the group have come already");
        }
    }

    /** The member that joined has nothing for the journal. */
    void pass() {
        passed.incrementAndGet();
        journal.recheck(this);
    }

    /** A member may wait so long for its write. Before it is handed to the journal. */
    void allowDelay(long ms) {
        delayMs.accumulateAndGet(ms, Math::min);
    }

    /** What all members allow that the journal has been handed so far. */
    long delayMs() {
        return delayMs.get();
    }

    /** An entry has come to the journal. Journal thread. */
    void arrived(Entry entry) {
        arrived++;
        waiting.add(entry);
    }

    /** Whether the journal has all that it will get. Once true it stays so. Journal thread. */
    boolean isComplete() {
        return arrived + passed.get() == members;
    }
}
