package dev.sluice.log;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Entries that the journal has taken and not yet written: what waits for its group aside ({@link WaitingGroups}), those that lead out of a full journal ({@link Entry#leadsOut}) before the
 * others, and each of the two kinds in the order in which they came. Confined to the journal thread.
 *
 * <p>An entry of the first kind may so be written before one of the other kind that was appended earlier. No log has new entries of
 * both kinds, and of a batch that is copied forward the journal has an older copy: so the order within a log stays.
 */
final class PendingEntries {
    private @Nullable Entry first;
    private @Nullable Entry lastLeadingOut;
    private @Nullable Entry last;
    private final WaitingGroups waiting;

    /** @param mostWaitingBytes what may wait for groups without stalling the storage */
    PendingEntries(long mostWaitingBytes) {
        waiting = new WaitingGroups(mostWaitingBytes, this::addReady);
    }

    /** As many entries as one frame takes, from the front. */
    record Run(Entry first, int count, int payloadBytes) {
        long frameBytes() {
            return JournalFrame.frameBytes(count, payloadBytes);
        }
    }

    /** Whether there is nothing to write; something may still wait for its group. */
    boolean isEmpty() {
        return first == null;
    }

    /** What waits for its group, and may go once all members have come. */
    WaitingGroups waiting() {
        return waiting;
    }

    /** Adds what {@link JournalQueue#takeAll} gave. */
    void addAll(@Nullable Entry taken) {
        Entry entry = taken;
        while (entry != null) {
            Entry next = entry.next;
            add(entry);
            entry = next;
        }
    }

    private void add(Entry entry) {
        boolean hasToWait = entry.group != null || entry.log.held != null;
        if (hasToWait && !entry.leadsOut) {
            waiting.add(entry);
        } else {
            addReady(entry);
        }
    }

    private void addReady(Entry entry) {
        Entry before = entry.leadsOut ? lastLeadingOut : last;
        if (before == null) {
            entry.next = first;
            first = entry;
        } else {
            entry.next = before.next;
            before.next = entry;
        }
        if (entry.leadsOut) {
            lastLeadingOut = entry;
        }
        if (entry.next == null) {
            last = entry;
        }
    }

    /** Which entries go into the next frame, or null if none may; all stay here. */
    @Nullable
    Run front(int mostBytes, boolean onlyLeadingOut) {
        int count = 0;
        int payload = 0;
        Entry entry = first;
        while (entry != null && (entry.leadsOut || !onlyLeadingOut)) {
            AppendGroup group = entry.group;
            int entries = group == null ? 1 : group.frameEntries;
            long grown = (long) payload + (group == null ? entry.sizeInBytes : group.frameBytes);
            boolean fits = count + entries <= JournalFrame.MAX_ENTRIES
                    && JournalFrame.frameBytes(count + entries, grown) <= mostBytes;
            if (count > 0 && !fits) {
                break;
            }
            payload = (int) grown;
            count += entries;
            entry = group == null || group.frameEnd == null ? entry.next : group.frameEnd.next;
        }
        Entry front = first;
        return front == null || count == 0 ? null : new Run(front, count, payload);
    }

    /** Takes the entries of the run away and returns the first of them; they stay linked, and the last to what follows. */
    Entry take(Run run) {
        Entry end = run.first;
        for (int i = 1; i < run.count && end.next != null; i++) {
            end = end.next;
        }
        if (end == lastLeadingOut || !end.leadsOut) {
            lastLeadingOut = null;
        }
        first = end.next;
        if (first == null) {
            last = null;
        }
        return run.first;
    }

    /** Takes away the copies that nobody needs any more; each has its place in the journal already. */
    void removeNeedlessCopies(Consumer<Entry> removed) {
        Entry before = null;
        Entry entry = first;
        while (entry != null && entry.leadsOut) {
            Entry next = entry.next;
            if (entry.file == null || !entry.gone) {
                before = entry;
            } else {
                if (before == null) {
                    first = next;
                } else {
                    before.next = next;
                }
                if (entry == last) {
                    last = before;
                }
                removed.accept(entry);
            }
            entry = next;
        }
        lastLeadingOut = before;
    }

    /** Empties this, also of what waits for its group; the entries stay linked. */
    @Nullable
    Entry takeAll() {
        for (Entry held = waiting.takeAll(); held != null; ) {
            Entry next = held.next;
            addReady(held);
            held = next;
        }
        Entry taken = first;
        first = null;
        lastLeadingOut = null;
        last = null;
        return taken;
    }
}
