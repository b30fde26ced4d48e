package dev.sluice.log;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The newest entries of one log, in offset order, in a ring. Confined to the log's owner thread. Entries that are gone
 * keep their place until they reach the front or outnumber the others. An empty tail holds no memory but itself.
 */
final class Tail {
    private static final Entry[] NONE = new Entry[0];
    private static final int FIRST_CAPACITY = 4;

    private @Nullable Entry[] ring = NONE;
    private int head;
    private int size;
    private int goneCount;

    boolean isEmpty() {
        return size == 0;
    }

    /** Number of places in use, entries that are gone included. */
    int size() {
        return size;
    }

    /** The entry at a place from 0 (the oldest) to size - 1. */
    Entry at(int index) {
        Entry entry = ring[(head + index) & (ring.length - 1)];
        if (index >= size || entry == null) {
            throw new IndexOutOfBoundsException(index);
        }
        return entry;
    }

    /** Adds an entry above all others. */
    void add(Entry entry) {
        if (size == ring.length) {
            resize(Math.max(FIRST_CAPACITY, size * 2));
        }
        ring[(head + size) & (ring.length - 1)] = entry;
        size++;
    }

    /** The place of the first entry whose last offset is at least the one given, or size if there is none. */
    int indexOf(long offset) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (at(middle).lastOffset < offset) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The first entry at or after the offset that is not gone. */
    @Nullable
    Entry find(long offset) {
        for (int i = indexOf(offset); i < size; i++) {
            Entry entry = at(i);
            if (!entry.gone) {
                return entry;
            }
        }
        return null;
    }

    /** Notes that one more entry in here has been marked as gone, and makes room when that pays. */
    void noteGone() {
        goneCount++;
        while (size > 0 && at(0).gone) {
            removeFirst();
            goneCount--;
        }
        if (goneCount > 16 && goneCount > size / 2) {
            compact();
        }
        if (ring.length > 64 && size < ring.length / 8) {
            resize(ring.length / 4);
        } else if (size == 0) {
            ring = NONE;
            head = 0;
        }
    }

    /** Visits every entry that is not gone, oldest first; the visitor must not change the tail. */
    void forEach(Consumer<Entry> visitor) {
        for (int i = 0; i < size; i++) {
            Entry entry = at(i);
            if (!entry.gone) {
                visitor.accept(entry);
            }
        }
    }

    private void removeFirst() {
        ring[head] = null;
        head = (head + 1) & (ring.length - 1);
        size--;
    }

    private void compact() {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            Entry entry = at(i);
            if (!entry.gone) {
                ring[(head + kept++) & (ring.length - 1)] = entry;
            }
        }
        for (int i = kept; i < size; i++) {
            ring[(head + i) & (ring.length - 1)] = null;
        }
        size = kept;
        goneCount = 0;
    }

    private void resize(int capacity) {
        @Nullable Entry[] bigger = new Entry[capacity];
        for (int i = 0; i < size; i++) {
            bigger[i] = at(i);
        }
        ring = bigger;
        head = 0;
    }
}
