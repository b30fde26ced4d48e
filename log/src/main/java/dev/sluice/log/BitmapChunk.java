package dev.sluice.log;

/**
 * A chunk of many ranges: one bit per place, 8 KiB. A change of one place costs O(1), a search or a change of a range at most a walk over 1024 words. With {@link #FEWEST_RANGES} or fewer
 * it becomes a chunk of ranges again; so few that a set at the border does not change its form to and fro.
 */
final class BitmapChunk implements OffsetChunk {
    static final int FEWEST_RANGES = RangeChunk.MOST_RANGES / 4;
    private static final int WORDS = SIZE / Long.SIZE;

    private final long[] words;
    private int ranges;
    private int cardinality;

    BitmapChunk() {
        this(new long[WORDS]);
    }

    private BitmapChunk(long[] words) {
        this.words = words;
    }

    /** Adds a range that does not touch any other. */
    void append(int first, int last) {
        fill(first, last);
        cardinality += last - first + 1;
        ranges++;
    }

    @Override
    public int cardinality() {
        return cardinality;
    }

    @Override
    public boolean contains(int place) {
        return (words[place >>> 6] & 1L << place) != 0;
    }

    @Override
    public int nextPresent(int place) {
        return next(place, 0);
    }

    @Override
    public int nextAbsent(int place) {
        return next(place, -1);
    }

    /** The first place at or after the one given whose bit differs from those of {@code skipped}. */
    private int next(int place, long skipped) {
        if (place >= SIZE) {
            return SIZE;
        }
        int i = place >>> 6;
        long found = (words[i] ^ skipped) & from(place);
        while (found == 0) {
            if (++i == WORDS) {
                return SIZE;
            }
            found = words[i] ^ skipped;
        }
        return (i << 6) + Long.numberOfTrailingZeros(found);
    }

    @Override
    public int last() {
        int i = WORDS - 1;
        while (words[i] == 0) {
            i--;
        }
        return (i << 6) + 63 - Long.numberOfLeadingZeros(words[i]);
    }

    @Override
    public int countWithin(int first, int last) {
        int count = 0;
        int end = last >>> 6;
        for (int i = first >>> 6; i <= end; i++) {
            count += Long.bitCount(words[i] & mask(i, first, last));
        }
        return count;
    }

    @Override
    public OffsetChunk add(int first, int last) {
        int added = last - first + 1 - countWithin(first, last);
        if (added == 0) {
            return this;
        }
        boolean joinsBefore = first > 0 && contains(first - 1);
        ranges += (joinsBefore ? 0 : 1) - beginnings(first, last);
        fill(first, last);
        cardinality += added;
        return ranges > FEWEST_RANGES ? this : toRanges();
    }

    @Override
    public OffsetChunk remove(int first, int last) {
        int removed = countWithin(first, last);
        if (removed == 0) {
            return this;
        }
        boolean leavesBehind = last + 1 < SIZE && contains(last + 1);
        ranges += (leavesBehind ? 1 : 0) - beginnings(first, last);
        int end = last >>> 6;
        for (int i = first >>> 6; i <= end; i++) {
            words[i] &= ~mask(i, first, last);
        }
        cardinality -= removed;
        return ranges > FEWEST_RANGES ? this : toRanges();
    }

    @Override
    public BitmapChunk copy() {
        var copy = new BitmapChunk(words.clone());
        copy.ranges = ranges;
        copy.cardinality = cardinality;
        return copy;
    }

    private void fill(int first, int last) {
        int end = last >>> 6;
        for (int i = first >>> 6; i <= end; i++) {
            words[i] |= mask(i, first, last);
        }
    }

    /** How many ranges begin from {@code first} to one place after {@code last}. */
    private int beginnings(int first, int last) {
        int after = Math.min(last + 1, SIZE - 1);
        int count = 0;
        int end = after >>> 6;
        for (int i = first >>> 6; i <= end; i++) {
            long before = i == 0 ? 0 : words[i - 1] >>> 63;
            long begin = words[i] & ~(words[i] << 1 | before);
            count += Long.bitCount(begin & mask(i, first, after));
        }
        return count;
    }

    private RangeChunk toRanges() {
        var chunk = new RangeChunk(ranges);
        for (int first = nextPresent(0); first < SIZE; ) {
            int end = nextAbsent(first);
            chunk.append(first, end - 1);
            first = nextPresent(end);
        }
        return chunk;
    }

    /** The bits of word {@code i} that stand for places from {@code first} to {@code last}; it has at least one. */
    private static long mask(int i, int first, int last) {
        long mask = i == first >>> 6 ? from(first) : -1;
        return i == last >>> 6 ? mask & -1L >>> (63 - (last & 63)) : mask;
    }

    /** The bits of the place's word that stand for it and those after it. */
    private static long from(int place) {
        return -1L << place;
    }
}
