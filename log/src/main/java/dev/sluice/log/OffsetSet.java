package dev.sluice.log;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A set of offsets that is small as a few long ranges and as millions of holes alike. Offsets are not negative. Confined to whoever holds it.
 *
 * <p>The offsets are cut into chunks of 65,536. Chunks without an offset take no memory, a run of adjacent full chunks is one piece whatever its length, and each other chunk is a piece of its own: ranges of 4 bytes
 * or, when these are many, a bitmap, so that it never takes more than 8 KiB. Let P be the number of pieces:
 *
 * <ul>
 *   <li>{@link #contains}, {@link #firstAbsent}, {@link #covers}: O(log P) and a search in one chunk, or three for the latter two
 *   <li>{@link #add}, {@link #remove}, {@link #removeBelow}: the same within chunks that are there; P moves where pieces come, go or join; what is overwritten as a whole costs by its pieces
 *   <li>{@link #cardinality}, {@link #isEmpty}: O(1)
 *   <li>{@link #firstPresent}: O(log P) and a search in one chunk
 *   <li>{@link #forEachRange}, {@link #countWithin}, {@link #copyOf}: what is stored within the range asked for
 * </ul>
 *
 * <p>An empty set has no arrays. One that is filled and cleared again and again with little in it allocates nothing.
 */
public final class OffsetSet {
    /** Takes ranges of offsets. */
    @FunctionalInterface
    public interface RangeVisitor {
        /** A range, both ends included. */
        void range(long first, long last);
    }

    private static final int BITS = OffsetChunk.SIZE_BITS;
    private static final int LAST_PLACE = OffsetChunk.SIZE - 1;
    private static final long[] NO_NUMBERS = {};
    private static final @Nullable OffsetChunk[] NO_CHUNKS = {};
    private static final int LEAST_CAPACITY = 2;
    private static final int CAPACITY_TO_KEEP = 64;
    private static final int SPARE_RANGES = 32;

    /** Numbers of the first and the last chunk of each piece, ascending. A chunk's number is that of its offsets without their last 16 bits. */
    private long[] from = NO_NUMBERS;

    private long[] to = NO_NUMBERS;
    /** Null for a piece whose chunks are full. */
    private @Nullable OffsetChunk[] chunks = NO_CHUNKS;

    private int size;
    private long cardinality;
    /** Empty, for the next piece. */
    private @Nullable RangeChunk spare;

    public boolean isEmpty() {
        return size == 0;
    }

    /** How many offsets are in the set. */
    public long cardinality() {
        return cardinality;
    }

    /** The largest offset in the set, -1 if it is empty. */
    public long last() {
        if (size == 0) {
            return -1;
        }
        OffsetChunk chunk = chunks[size - 1];
        return (to[size - 1] << BITS) + (chunk == null ? LAST_PLACE : chunk.last());
    }

    public boolean contains(long offset) {
        int i = indexOf(offset >>> BITS);
        if (i == size || from[i] > offset >>> BITS) {
            return false;
        }
        OffsetChunk chunk = chunks[i];
        return chunk == null || chunk.contains(place(offset));
    }

    /** The first offset at or after {@code offset} that is in the set, -1 if there is none. */
    public long firstPresent(long offset) {
        long at = offset;
        for (int i = indexOf(offset >>> BITS); i < size; i++) {
            at = Math.max(at, from[i] << BITS);
            OffsetChunk chunk = chunks[i];
            int place = chunk == null ? place(at) : chunk.nextPresent(place(at));
            if (place < OffsetChunk.SIZE) {
                return (at & -OffsetChunk.SIZE) + place;
            }
        }
        return -1;
    }

    /** The first offset at or after {@code offset} that is not in the set. */
    public long firstAbsent(long offset) {
        long at = offset;
        for (int i = indexOf(offset >>> BITS); i < size && from[i] <= at >>> BITS; i++) {
            OffsetChunk chunk = chunks[i];
            int place = chunk == null ? OffsetChunk.SIZE : chunk.nextAbsent(place(at));
            if (place < OffsetChunk.SIZE) {
                return (at & -OffsetChunk.SIZE) + place;
            }
            at = (to[i] + 1) << BITS;
        }
        return at;
    }

    /** Whether every offset of the range, both ends included, is in the set. */
    public boolean covers(long first, long last) {
        return firstAbsent(first) > last;
    }

    /** How many offsets of the range, both ends included, are in the set. */
    public long countWithin(long first, long last) {
        long count = 0;
        for (int i = indexOf(first >>> BITS); i < size && from[i] << BITS <= last; i++) {
            long low = Math.max(first, from[i] << BITS);
            long high = Math.min(last, lastOf(i));
            OffsetChunk chunk = chunks[i];
            if (low <= high) {
                count += chunk == null ? high - low + 1 : chunk.countWithin(place(low), place(high));
            }
        }
        return count;
    }

    /** Adds the range, both ends included; nothing if it ends before it begins. What is there already does no harm. */
    public void add(long first, long last) {
        if (first < 0) {
            throw new IllegalArgumentException("an offset is not negative: " + first);
        }
        if (first > last) {
            return;
        }
        long firstWhole = (first + LAST_PLACE) >>> BITS;
        long endWhole = (last + 1) >>> BITS;
        if (firstWhole > endWhole) {
            addWithin(first >>> BITS, place(first), place(last));
            return;
        }
        if (place(first) != 0) {
            addWithin(first >>> BITS, place(first), LAST_PLACE);
        }
        if (firstWhole < endWhole) {
            addWhole(firstWhole, endWhole - 1);
        }
        if (place(last) != LAST_PLACE) {
            addWithin(endWhole, 0, place(last));
        }
    }

    /** Adds everything that is in the other set. */
    public void addAll(OffsetSet other) {
        other.forEachRange(this::add);
    }

    /** Takes the range out, both ends included; nothing if it ends before it begins. */
    public void remove(long first, long last) {
        if (first > last || size == 0) {
            return;
        }
        long firstWhole = (first + LAST_PLACE) >>> BITS;
        long endWhole = (last + 1) >>> BITS;
        if (firstWhole > endWhole) {
            removeWithin(first >>> BITS, place(first), place(last));
            return;
        }
        if (place(first) != 0) {
            removeWithin(first >>> BITS, place(first), LAST_PLACE);
        }
        if (firstWhole < endWhole) {
            removeWhole(firstWhole, endWhole - 1);
        }
        if (place(last) != LAST_PLACE) {
            removeWithin(endWhole, 0, place(last));
        }
    }

    /** Forgets every offset below {@code offset}. */
    public void removeBelow(long offset) {
        if (size > 0 && from[0] << BITS < offset) {
            remove(0, offset - 1);
        }
    }

    public void clear() {
        for (int i = 0; i < size; i++) {
            keepAsSpare(chunks[i]);
        }
        replace(0, size, 0);
        cardinality = 0;
    }

    /** Visits all ranges in ascending order, each as long as it can be. The visitor must not change this set. */
    public void forEachRange(RangeVisitor visitor) {
        forEachRange(0, Long.MAX_VALUE, visitor);
    }

    /** Visits what lies between two offsets, both included, as {@link #forEachRange(RangeVisitor)} does. */
    public void forEachRange(long first, long last, RangeVisitor visitor) {
        long begin = 0;
        long end = -1; // the range from begin to before end waits for what may continue it
        for (int i = indexOf(first >>> BITS); i < size && from[i] << BITS <= last; i++) {
            long base = from[i] << BITS;
            long lastHere = Math.min(last, lastOf(i));
            OffsetChunk chunk = chunks[i];
            for (long at = nextIn(chunk, base, Math.max(first, base)); at <= lastHere; ) {
                long absent = chunk == null ? lastHere + 1 : base + chunk.nextAbsent((int) (at - base));
                if (at != end) {
                    if (end >= 0) {
                        visitor.range(begin, end - 1);
                    }
                    begin = at;
                }
                end = Math.min(absent, lastHere + 1);
                at = chunk == null ? absent : nextIn(chunk, base, absent);
            }
        }
        if (end >= 0) {
            visitor.range(begin, end - 1);
        }
    }

    private static long nextIn(@Nullable OffsetChunk chunk, long base, long offset) {
        return chunk == null ? offset : base + chunk.nextPresent((int) (offset - base));
    }

    /** A new set of what is in this one between two offsets, both included. */
    public OffsetSet copyOf(long first, long last) {
        var copy = new OffsetSet();
        int low = indexOf(first >>> BITS);
        int high = low;
        while (high < size && from[high] << BITS <= last) {
            high++;
        }
        if (first > last || low == high) {
            return copy;
        }
        copy.from = Arrays.copyOfRange(from, low, high);
        copy.to = Arrays.copyOfRange(to, low, high);
        copy.chunks = Arrays.copyOfRange(chunks, low, high);
        copy.size = high - low;
        for (int i = 0; i < copy.size; i++) {
            OffsetChunk chunk = copy.chunks[i];
            copy.chunks[i] = chunk == null ? null : chunk.copy();
            copy.cardinality += cardinalityOf(low + i);
        }
        copy.removeBelow(first);
        if (last < copy.last()) {
            copy.remove(last + 1, copy.last());
        }
        return copy;
    }

    /** Moves the first so many ranges, or all if there are not so many, to a new set. */
    public OffsetSet takeFirst(int ranges) {
        long end = 0;
        for (int i = 0; i < ranges; i++) {
            long next = firstPresent(end);
            if (next < 0) {
                break;
            }
            end = firstAbsent(next);
        }
        OffsetSet taken = copyOf(0, end - 1);
        removeBelow(end);
        return taken;
    }

    @Override
    public String toString() {
        var text = new StringBuilder();
        forEachRange((first, last) -> text.append(text.isEmpty() ? "" : ", ")
                .append(first)
                .append("..")
                .append(last));
        return "[" + text + "]";
    }

    // ---- pieces ----

    /** How many pieces are kept: what memory and moves depend on. */
    int pieces() {
        return size;
    }

    private static int place(long offset) {
        return (int) offset & LAST_PLACE;
    }

    private long lastOf(int i) {
        return (to[i] << BITS) + LAST_PLACE;
    }

    private long cardinalityOf(int i) {
        OffsetChunk chunk = chunks[i];
        return chunk == null ? (to[i] - from[i] + 1) << BITS : chunk.cardinality();
    }

    private void addWithin(long number, int first, int last) {
        int i = indexOf(number);
        if (i == size || from[i] > number) {
            replace(i, i, 1);
            set(i, number, number, newChunk(first, last));
            cardinality += last - first + 1;
            return;
        }
        OffsetChunk chunk = chunks[i];
        if (chunk == null) {
            return;
        }
        int before = chunk.cardinality();
        chunk = chunk.add(first, last);
        chunks[i] = chunk;
        cardinality += chunk.cardinality() - before;
        if (chunk.cardinality() == OffsetChunk.SIZE) {
            keepAsSpare(chunk);
            chunks[i] = null;
            joinFull(i);
        }
    }

    private void addWhole(long first, long last) {
        int i = removeWhole(first, last);
        replace(i, i, 1);
        set(i, first, last, null);
        cardinality += (last - first + 1) << BITS;
        joinFull(i);
    }

    private void removeWithin(long number, int first, int last) {
        int i = indexOf(number);
        if (i == size || from[i] > number) {
            return;
        }
        OffsetChunk chunk = chunks[i];
        if (chunk == null) {
            cut(number + 1);
            i = cut(number);
            chunk = newChunk(0, LAST_PLACE);
        }
        int before = chunk.cardinality();
        chunk = chunk.remove(first, last);
        cardinality += chunk.cardinality() - before;
        if (chunk.cardinality() == 0) {
            keepAsSpare(chunk);
            replace(i, i + 1, 0);
        } else {
            chunks[i] = chunk;
        }
    }

    /** Returns the index where the chunks were. */
    private int removeWhole(long first, long last) {
        int low = cut(first);
        int high = cut(last + 1);
        for (int i = low; i < high; i++) {
            cardinality -= cardinalityOf(i);
            keepAsSpare(chunks[i]);
        }
        replace(low, high, 0);
        return low;
    }

    /** Makes a piece begin at the chunk if one goes across; returns the index of the first piece at or after the chunk. */
    private int cut(long number) {
        int i = indexOf(number);
        if (i == size || from[i] >= number) {
            return i;
        }
        replace(i + 1, i + 1, 1);
        set(i + 1, number, to[i], null);
        to[i] = number - 1;
        return i + 1;
    }

    /** Makes one piece of this one, which is full, and full ones beside it. */
    private void joinFull(int i) {
        if (i + 1 < size && chunks[i + 1] == null && from[i + 1] == to[i] + 1) {
            to[i] = to[i + 1];
            replace(i + 1, i + 2, 0);
        }
        if (i > 0 && chunks[i - 1] == null && to[i - 1] + 1 == from[i]) {
            to[i - 1] = to[i];
            replace(i, i + 1, 0);
        }
    }

    private void set(int i, long first, long last, @Nullable OffsetChunk chunk) {
        from[i] = first;
        to[i] = last;
        chunks[i] = chunk;
    }

    private RangeChunk newChunk(int first, int last) {
        RangeChunk chunk = spare;
        if (chunk == null) {
            return RangeChunk.of(first, last);
        }
        spare = null;
        chunk.append(first, last);
        return chunk;
    }

    private void keepAsSpare(@Nullable OffsetChunk chunk) {
        if (chunk instanceof RangeChunk ranges && ranges.capacity() <= SPARE_RANGES) {
            ranges.clear();
            spare = ranges;
        }
    }

    /** Makes room for so many pieces in the place of those from {@code low} to before {@code high}. */
    private void replace(int low, int high, int count) {
        int newSize = size - (high - low) + count;
        if (newSize > from.length) {
            resize(Math.max(LEAST_CAPACITY, from.length + from.length / 2 + 1));
        }
        if (high < size && newSize != size) {
            System.arraycopy(from, high, from, low + count, size - high);
            System.arraycopy(to, high, to, low + count, size - high);
            System.arraycopy(chunks, high, chunks, low + count, size - high);
        }
        for (int i = newSize; i < size; i++) {
            chunks[i] = null;
        }
        size = newSize;
        if (from.length > CAPACITY_TO_KEEP && size < from.length / 4) {
            resize(from.length / 2);
        }
    }

    private void resize(int capacity) {
        from = Arrays.copyOf(from, capacity);
        to = Arrays.copyOf(to, capacity);
        chunks = Arrays.copyOf(chunks, capacity);
    }

    /** Index of the first piece that ends at or after the chunk, {@code size} if none does. */
    private int indexOf(long number) {
        if (size == 0 || to[size - 1] < number) {
            return size;
        }
        if (from[size - 1] <= number) {
            return size - 1;
        }
        int low = 0;
        int high = size - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (to[middle] < number) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
