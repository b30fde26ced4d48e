package dev.sluice.broker;

import java.util.Arrays;
import java.util.NoSuchElementException;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;

/**
 * Offsets by the time at which they are due; those of one time in their order. The same offset may be there more than once. 16 bytes an entry and no object: ten million take 160 MB. Confined to whoever holds it.
 *
 * <p>A heap in which each place has four children, kept in pages: growing copies no entry but those of a first page that is not full size yet, and pages that are no longer needed go. {@link #add} costs O(1) on average, {@link #poll} O(log n).
 *
 * <p>The root is at place 3, so that the children of place p are the four from 4 (p - 2) on and lie together in a page.
 */
final class DueHeap {
    private static final int ROOT = 3;
    private static final int PAGE_BITS = 14;
    private static final int PAGE_ENTRIES = 1 << PAGE_BITS;
    private static final int PAGE_MASK = PAGE_ENTRIES - 1;
    private static final int LEAST_ENTRIES = 8;
    private static final int PAGES_TO_KEEP_ROOM_FOR = 64;
    private static final long[] NO_PAGE = {};
    private static final long[][] NO_PAGES = {};

    /** In each page, the time and the offset of each entry in turn. */
    private long[][] pages = NO_PAGES;

    /** Pages from the first on that are there; at most one more than {@link #size} needs. */
    private int pageCount;

    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Of its arrays. */
    long memoryBytes() {
        return pageCount == 0
                ? 0
                : 8L * pages[0].length + 16L * PAGE_ENTRIES * (pageCount - 1) + (long) Long.BYTES * pages.length;
    }

    /** When the first entry is due, {@link Long#MAX_VALUE} if there is none. */
    long peekDueMs() {
        return size == 0 ? Long.MAX_VALUE : due(ROOT);
    }

    /** The offset of the entry that is due first. */
    long peekOffset() {
        requireEntry();
        return offset(ROOT);
    }

    /** Adds an entry. */
    void add(long dueMs, long offset) {
        int place = Math.addExact(ROOT, size);
        ensurePage(place);
        size++;
        while (place > ROOT) {
            int parent = parent(place);
            if (isBefore(due(parent), offset(parent), dueMs, offset)) {
                break;
            }
            set(place, due(parent), offset(parent));
            place = parent;
        }
        set(place, dueMs, offset);
    }

    /** Takes out the entry that is due first and returns its offset. */
    long poll() {
        requireEntry();
        long first = offset(ROOT);
        int last = ROOT + --size;
        if (size > 0) {
            siftDown(ROOT, due(last), offset(last));
        }
        releasePages();
        return first;
    }

    /** Takes out all entries whose offset is meant; walks all of them. Returns how many that were. */
    int removeIf(LongPredicate isMeant) {
        int kept = ROOT;
        int end = ROOT + size;
        for (int place = ROOT; place < end; place++) {
            long offset = offset(place);
            if (!isMeant.test(offset)) {
                set(kept++, due(place), offset);
            }
        }
        int removed = end - kept;
        if (removed > 0) {
            size -= removed;
            for (int place = size > 1 ? parent(kept - 1) : 0; place >= ROOT; place--) {
                siftDown(place, due(place), offset(place));
            }
            releasePages();
        }
        return removed;
    }

    /** Shows the offset of each entry, in no order. */
    void forEachOffset(LongConsumer visitor) {
        for (int place = ROOT; place < ROOT + size; place++) {
            visitor.accept(offset(place));
        }
    }

    /** Takes out all entries of offsets below the floor; walks all of them. Returns how many that were. */
    int removeBelow(long floor) {
        return removeIf(offset -> offset < floor);
    }

    /** Puts the entry to the place or further down, where it belongs; what was at the place is overwritten. */
    private void siftDown(int from, long dueMs, long offset) {
        int end = ROOT + size;
        int place = from;
        for (int child = firstChild(place); child >= 0 && child < end; child = firstChild(place)) {
            int least = leastOf(child, Math.min(end, child + 4));
            if (isBefore(dueMs, offset, due(least), offset(least))) {
                break;
            }
            set(place, due(least), offset(least));
            place = least;
        }
        set(place, dueMs, offset);
    }

    /** The place of the first entry among siblings. */
    private int leastOf(int from, int end) {
        long[] page = pages[from >>> PAGE_BITS];
        int least = index(from);
        int indexEnd = least + 2 * (end - from);
        for (int i = least + 2; i < indexEnd; i += 2) {
            if (isBefore(page[i], page[i + 1], page[least], page[least + 1])) {
                least = i;
            }
        }
        return (from & ~PAGE_MASK) + least / 2;
    }

    private static boolean isBefore(long dueMs, long offset, long otherDueMs, long otherOffset) {
        return dueMs < otherDueMs || (dueMs == otherDueMs && offset <= otherOffset);
    }

    private static int parent(int place) {
        return (place >>> 2) + 2;
    }

    /** Negative if it would be beyond any heap. */
    private static int firstChild(int place) {
        return place - 2 > Integer.MAX_VALUE / 4 ? -1 : 4 * (place - 2);
    }

    private static int index(int place) {
        return (place & PAGE_MASK) << 1;
    }

    private long due(int place) {
        return pages[place >>> PAGE_BITS][index(place)];
    }

    private long offset(int place) {
        return pages[place >>> PAGE_BITS][index(place) + 1];
    }

    private void set(int place, long dueMs, long offset) {
        long[] page = pages[place >>> PAGE_BITS];
        int i = index(place);
        page[i] = dueMs;
        page[i + 1] = offset;
    }

    private void requireEntry() {
        if (size == 0) {
            throw new NoSuchElementException("nothing is due at any time");
        }
    }

    private void ensurePage(int place) {
        int number = place >>> PAGE_BITS;
        if (number == 0) {
            ensureFirstPage(place);
            return;
        }
        if (number < pageCount) {
            return;
        }
        if (number == pages.length) {
            pages = Arrays.copyOf(pages, number + number / 2 + 1);
        }
        pages[number] = new long[2 * PAGE_ENTRIES];
        pageCount = number + 1;
    }

    /** The first page begins small, for the many queues in which little is delayed. */
    private void ensureFirstPage(int place) {
        if (pageCount == 0) {
            pages = new long[][] {new long[2 * LEAST_ENTRIES]};
            pageCount = 1;
        }
        int entries = pages[0].length / 2;
        if (place >= entries) {
            pages[0] = Arrays.copyOf(pages[0], 2 * Math.min(PAGE_ENTRIES, entries + entries / 2));
        }
    }

    /** Keeps one page that is not needed, so that a heap at the border does not let one go and take one in turn. An empty heap keeps nothing. */
    private void releasePages() {
        if (size == 0) {
            pages = NO_PAGES;
            pageCount = 0;
            return;
        }
        int needed = ((ROOT + size - 1) >>> PAGE_BITS) + 1;
        while (pageCount > needed + 1) {
            pages[--pageCount] = NO_PAGE;
        }
        if (pages.length > PAGES_TO_KEEP_ROOM_FOR && pageCount < pages.length / 4) {
            pages = Arrays.copyOf(pages, pages.length / 2);
        }
    }
}
