package dev.sluice.log;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Entries on their way to the journal. Thread-safe without locks and without allocation: any thread adds, the journal
 * thread takes all. Its bound is the tail budget, because each entry in here is in its log's tail.
 */
final class JournalQueue {
    /** The newest entry; {@link Entry#next} leads to older ones. */
    private final AtomicReference<@Nullable Entry> newest = new AtomicReference<>();

    /** Adds an entry as the newest. */
    void add(Entry entry) {
        Entry before;
        do {
            before = newest.get();
            entry.next = before;
        } while (!newest.compareAndSet(before, entry));
    }

    /** Empties the queue. The result is linked from the oldest to the newest entry; null if there was none. */
    @Nullable
    Entry takeAll() {
        Entry entry = newest.getAndSet(null);
        Entry oldest = null;
        while (entry != null) {
            Entry older = entry.next;
            entry.next = oldest;
            oldest = entry;
            entry = older;
        }
        return oldest;
    }
}
