package dev.sluice.log;

import java.util.Arrays;

/**
 * A chunk of few ranges: disjoint, not adjacent, in ascending order, 4 bytes each. A change costs a binary search and a move of what lies behind, at most 4 KiB; at the end it costs neither. With more than {@link #MOST_RANGES} it
 * becomes a bitmap.
 */
final class RangeChunk implements OffsetChunk {
    static final int MOST_RANGES = 1024;
    private static final int LEAST_RANGES = 2;
    private static final int RANGES_TO_KEEP = 16;

    /** First and last place of each range in turn, both included. */
    private char[] bounds;

    private int ranges;
    private int cardinality;

    RangeChunk(int mostRanges) {
        bounds = new char[2 * Math.max(LEAST_RANGES, mostRanges)];
    }

    static RangeChunk of(int first, int last) {
        var chunk = new RangeChunk(1);
        chunk.append(first, last);
        return chunk;
    }

    /** How many ranges there is room for. */
    int capacity() {
        return bounds.length / 2;
    }

    void clear() {
        ranges = 0;
        cardinality = 0;
    }

    /** Adds a range behind all others that does not touch them; there has to be room. */
    void append(int first, int last) {
        set(ranges++, first, last);
        cardinality += last - first + 1;
    }

    @Override
    public int cardinality() {
        return cardinality;
    }

    @Override
    public boolean contains(int place) {
        int i = firstEndingAtOrAfter(place);
        return i < ranges && first(i) <= place;
    }

    @Override
    public int nextPresent(int place) {
        int i = firstEndingAtOrAfter(place);
        return i < ranges ? Math.max(place, first(i)) : SIZE;
    }

    @Override
    public int nextAbsent(int place) {
        int i = firstEndingAtOrAfter(place);
        return i < ranges && first(i) <= place ? last(i) + 1 : place;
    }

    @Override
    public int last() {
        return last(ranges - 1);
    }

    @Override
    public int countWithin(int first, int last) {
        int count = 0;
        for (int i = firstEndingAtOrAfter(first); i < ranges && first(i) <= last; i++) {
            count += Math.min(last, last(i)) - Math.max(first, first(i)) + 1;
        }
        return count;
    }

    @Override
    public OffsetChunk add(int first, int last) {
        int low = firstEndingAtOrAfter(first - 1);
        if (low < ranges && first(low) <= first && last(low) >= last) {
            return this;
        }
        int high = low;
        while (high < ranges && first(high) <= last + 1) {
            cardinality -= last(high) - first(high) + 1;
            high++;
        }
        if (low == high && ranges == MOST_RANGES) {
            return toBitmap().add(first, last);
        }
        int joinedFirst = low == high ? first : Math.min(first, first(low));
        int joinedLast = low == high ? last : Math.max(last, last(high - 1));
        replace(low, high, 1);
        set(low, joinedFirst, joinedLast);
        cardinality += joinedLast - joinedFirst + 1;
        return this;
    }

    @Override
    public OffsetChunk remove(int first, int last) {
        int low = firstEndingAtOrAfter(first);
        int high = low;
        while (high < ranges && first(high) <= last) {
            high++;
        }
        if (low == high) {
            return this;
        }
        int leftFirst = first(low);
        int rightLast = last(high - 1);
        int left = leftFirst < first ? 1 : 0;
        int right = rightLast > last ? 1 : 0;
        if (high - low < left + right && ranges == MOST_RANGES) {
            return toBitmap().remove(first, last);
        }
        cardinality -= countWithin(first, last);
        replace(low, high, left + right);
        if (left == 1) {
            set(low, leftFirst, first - 1);
        }
        if (right == 1) {
            set(low + left, last + 1, rightLast);
        }
        return this;
    }

    @Override
    public RangeChunk copy() {
        var copy = new RangeChunk(ranges);
        System.arraycopy(bounds, 0, copy.bounds, 0, 2 * ranges);
        copy.ranges = ranges;
        copy.cardinality = cardinality;
        return copy;
    }

    private BitmapChunk toBitmap() {
        var bitmap = new BitmapChunk();
        for (int i = 0; i < ranges; i++) {
            bitmap.append(first(i), last(i));
        }
        return bitmap;
    }

    private int first(int i) {
        return bounds[2 * i];
    }

    private int last(int i) {
        return bounds[2 * i + 1];
    }

    private void set(int i, int first, int last) {
        bounds[2 * i] = (char) first;
        bounds[2 * i + 1] = (char) last;
    }

    /** Makes room for so many ranges in the place of those from {@code low} to before {@code high}. */
    private void replace(int low, int high, int count) {
        int newRanges = ranges - (high - low) + count;
        if (newRanges > capacity()) {
            bounds = Arrays.copyOf(bounds, 2 * Math.min(MOST_RANGES, 2 * capacity()));
        }
        System.arraycopy(bounds, 2 * high, bounds, 2 * (low + count), 2 * (ranges - high));
        ranges = newRanges;
        if (capacity() > RANGES_TO_KEEP && ranges < capacity() / 4) {
            bounds = Arrays.copyOf(bounds, bounds.length / 2);
        }
    }

    /** Index of the first range that ends at or after the place, the number of ranges if none does. */
    private int firstEndingAtOrAfter(int place) {
        if (ranges == 0 || last(ranges - 1) < place) {
            return ranges;
        }
        int low = 0;
        int high = ranges - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (last(middle) < place) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
