package dev.sluice.log;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Entries that wait for the other members of their {@link AppendGroup}, and what was appended to the same logs behind them.
 * Confined to the journal thread.
 *
 * <p>Entries of a log are written in its order. So a group may go once it is complete and so is every group that has an entry before
 * one of its own, and so on. Those of them that could have gone without it are gone already, since it is looked for them whenever
 * one becomes complete or goes: the others wait for it as it waits for them, as two groups do that have met in two logs in different
 * orders. They go together, in one frame with whatever lies between, however large it becomes; a frame is kept or cut off as
 * a whole. Nothing can wait in a circle. Like a large batch, such a frame may need a journal file that has to be made for it.
 *
 * <p>What waits is bounded like any other memory, by stalling before it is too much.
 */
final class WaitingGroups {
    private static final Logger LOG = LoggerFactory.getLogger(WaitingGroups.class);

    /** Of what a frame can have. */
    private static final int MOST_WAITING_SHARE = 4;

    private static final int MOST_WAITING_ENTRIES = JournalFrame.MAX_ENTRIES / MOST_WAITING_SHARE;
    private static final int MOST_FRAME_BYTES = 1 << 30;

    /** What waits of one log, in the order in which it was appended; the first is of a group. */
    static final class HeldLog {
        private @Nullable Entry first;
        private @Nullable Entry last;

        /** The search that has used it last. */
        private long search;
        /** The last entry that goes with what was searched for; null if none. */
        private @Nullable Entry taken;

        private void add(Entry entry) {
            entry.next = null;
            Entry before = last;
            if (before == null) {
                first = entry;
            } else {
                before.next = entry;
            }
            last = entry;
        }

        private Entry removeFirst() {
            Entry removed = Objects.requireNonNull(first);
            first = removed.next;
            if (first == null) {
                last = null;
            }
            return removed;
        }

        private @Nullable Entry afterTaken() {
            return taken == null ? first : taken.next;
        }
    }

    private final long mostBytes;
    private final Consumer<Entry> onReady;
    private final Set<PartitionLog> logs = new LinkedHashSet<>();
    private int entries;
    private long bytes;

    // Of the search under way, or the last one.
    private long search;
    private final List<AppendGroup> foundGroups = new ArrayList<>();
    private final List<PartitionLog> foundLogs = new ArrayList<>();
    private int foundEntries;
    private long foundBytes;

    /**
     * @param mostBytes what may wait without stalling the storage
     * @param onReady takes over, in order, what may be written; entries of one group follow each other
     */
    WaitingGroups(long mostBytes, Consumer<Entry> onReady) {
        this.mostBytes = Math.min(mostBytes, MOST_FRAME_BYTES / MOST_WAITING_SHARE);
        this.onReady = onReady;
    }

    /** Whether so much waits that no more should be begun. */
    boolean isTooMuch() {
        return bytes > mostBytes || entries > MOST_WAITING_ENTRIES;
    }

    /** Takes up an entry of a group, or one whose log waits. */
    void add(Entry entry) {
        HeldLog held = entry.log.held;
        if (held == null) {
            held = new HeldLog();
            entry.log.held = held;
            logs.add(entry.log);
        }
        held.add(entry);
        entries++;
        bytes += entry.sizeInBytes;
        AppendGroup group = entry.group;
        if (group != null) {
            group.arrived(entry);
            check(group);
        }
    }

    /** Lets the group go, and what waited for it, if it can. */
    void check(AppendGroup changed) {
        if (!changed.isComplete()) {
            return;
        }
        Deque<AppendGroup> candidates = new ArrayDeque<>();
        candidates.add(changed);
        while (!candidates.isEmpty()) {
            AppendGroup group = candidates.removeFirst();
            boolean isWaiting = !group.waiting.isEmpty();
            if (isWaiting && group.isComplete() && findWhatGoesWith(group) && fitsFrame()) {
                letGo(group, candidates);
            }
        }
    }

    /** Empties this; the entries are linked. */
    @Nullable
    Entry takeAll() {
        HeldLog all = new HeldLog();
        for (PartitionLog log : logs) {
            HeldLog held = Objects.requireNonNull(log.held);
            log.held = null;
            while (held.first != null) {
                all.add(held.removeFirst());
            }
        }
        logs.clear();
        entries = 0;
        bytes = 0;
        return all.first;
    }

    /** @return false if one of them is not complete */
    private boolean findWhatGoesWith(AppendGroup start) {
        search++;
        foundGroups.clear();
        foundLogs.clear();
        foundEntries = 0;
        foundBytes = 0;
        found(start);
        for (int i = 0; i < foundGroups.size(); i++) {
            for (Entry member : foundGroups.get(i).waiting) {
                if (!findUpTo(member)) {
                    return false;
                }
            }
        }
        return true;
    }

    private void found(AppendGroup group) {
        group.search = search;
        foundGroups.add(group);
    }

    private boolean findUpTo(Entry member) {
        HeldLog held = Objects.requireNonNull(member.log.held);
        if (held.search != search) {
            held.search = search;
            held.taken = null;
            foundLogs.add(member.log);
        }
        while (held.taken == null || held.taken.baseOffset < member.baseOffset) {
            Entry next = Objects.requireNonNull(held.afterTaken());
            AppendGroup group = next.group;
            if (group != null && group.search != search) {
                if (!group.isComplete()) {
                    return false;
                }
                found(group);
            }
            held.taken = next;
            foundEntries++;
            foundBytes += next.sizeInBytes;
        }
        return true;
    }

    /** Not if callers went on for long while the storage was stalled. */
    private boolean fitsFrame() {
        boolean fits = foundEntries <= JournalFrame.MAX_ENTRIES && foundBytes <= MOST_FRAME_BYTES;
        if (!fits) {
            LOG.error(
                    "{} batches of {} bytes have to be written at once, which is too much: their {} logs wait for the end",
                    foundEntries,
                    foundBytes,
                    foundLogs.size());
        }
        return fits;
    }

    private void letGo(AppendGroup group, Deque<AppendGroup> candidates) {
        group.frameEntries = foundEntries;
        group.frameBytes = (int) foundBytes;
        for (PartitionLog log : foundLogs) {
            HeldLog held = Objects.requireNonNull(log.held);
            Entry end = held.afterTaken();
            while (held.first != end) {
                Entry entry = removeFirst(held);
                entry.group = group;
                group.frameEnd = entry;
                onReady.accept(entry);
            }
        }
        for (AppendGroup gone : foundGroups) {
            gone.waiting.clear();
        }
        for (PartitionLog log : foundLogs) {
            letGoOn(log, candidates);
        }
    }

    /** What is not of a group need not wait at the front. */
    private void letGoOn(PartitionLog log, Deque<AppendGroup> candidates) {
        HeldLog held = Objects.requireNonNull(log.held);
        while (held.first != null && held.first.group == null) {
            onReady.accept(removeFirst(held));
        }
        if (held.first == null) {
            log.held = null;
            logs.remove(log);
        } else if (held.first.group != null) {
            candidates.add(held.first.group);
        }
    }

    private Entry removeFirst(HeldLog held) {
        Entry entry = held.removeFirst();
        entries--;
        bytes -= entry.sizeInBytes;
        return entry;
    }
}
