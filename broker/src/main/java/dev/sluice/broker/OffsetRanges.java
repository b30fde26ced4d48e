package dev.sluice.broker;

import java.util.Arrays;

/**
 * A set of offsets kept as disjoint, non-adjacent ranges in ascending order. Confined to whoever holds it. Adding at the end costs O(1), elsewhere
 * a binary search and a move of what lies behind.
 */
final class OffsetRanges {
    private long[] first = new long[4];
    private long[] last = new long[4];
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    long first(int i) {
        return first[i];
    }

    long last(int i) {
        return last[i];
    }

    /** How many offsets are in the set. */
    long cardinality() {
        long sum = 0;
        for (int i = 0; i < size; i++) {
            sum += last[i] - first[i] + 1;
        }
        return sum;
    }

    boolean contains(long offset) {
        int i = rangeAtOrBefore(offset);
        return i >= 0 && offset <= last[i];
    }

    /** The first offset at or after {@code offset} that is not in the set. */
    long firstAbsent(long offset) {
        int i = rangeAtOrBefore(offset);
        return i >= 0 && offset <= last[i] ? last[i] + 1 : offset;
    }

    /** Adds all offsets from {@code from} to {@code to}, both included; those already there do no harm. */
    void add(long from, long to) {
        if (size > 0 && from > last[size - 1]) {
            addAtEnd(from, to);
            return;
        }
        int low = rangeAtOrBefore(from);
        if (low < 0 || last[low] + 1 < from) {
            low++; // the first range that can touch [from, to]
        }
        int high = low; // the first range beyond
        while (high < size && first[high] <= to + 1) {
            high++;
        }
        if (low == high) {
            insert(low, from, to);
        } else {
            first[low] = Math.min(first[low], from);
            last[low] = Math.max(last[high - 1], to);
            remove(low + 1, high);
        }
    }

    /** Forgets every offset below {@code offset}. */
    void removeBelow(long offset) {
        int keep = 0;
        while (keep < size && last[keep] < offset) {
            keep++;
        }
        remove(0, keep);
        if (size > 0 && first[0] < offset) {
            first[0] = offset;
        }
    }

    OffsetRanges copy() {
        var copy = new OffsetRanges();
        copy.first = Arrays.copyOf(first, Math.max(1, size));
        copy.last = Arrays.copyOf(last, Math.max(1, size));
        copy.size = size;
        return copy;
    }

    void clear() {
        size = 0;
    }

    private void addAtEnd(long from, long to) {
        if (size > 0 && last[size - 1] + 1 == from) {
            last[size - 1] = to;
        } else {
            insert(size, from, to);
        }
    }

    private void insert(int at, long from, long to) {
        if (size == first.length) {
            first = Arrays.copyOf(first, size * 2);
            last = Arrays.copyOf(last, size * 2);
        }
        System.arraycopy(first, at, first, at + 1, size - at);
        System.arraycopy(last, at, last, at + 1, size - at);
        first[at] = from;
        last[at] = to;
        size++;
    }

    private void remove(int from, int to) {
        System.arraycopy(first, to, first, from, size - to);
        System.arraycopy(last, to, last, from, size - to);
        size -= to - from;
    }

    /** Index of the last range that begins at or before {@code offset}, -1 if there is none. */
    private int rangeAtOrBefore(long offset) {
        int low = 0;
        int high = size - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (first[middle] <= offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    @Override
    public String toString() {
        var text = new StringBuilder("[");
        for (int i = 0; i < size; i++) {
            text.append(i == 0 ? "" : ", ").append(first[i]).append("..").append(last[i]);
        }
        return text.append(']').toString();
    }
}
