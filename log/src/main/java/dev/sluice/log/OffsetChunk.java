package dev.sluice.log;

/**
 * A set of places from 0 to {@link #SIZE} - 1, of which at least one is in it when an {@link OffsetSet} keeps it. What adds or removes returns the chunk to go on with, which is another one when
 * the form no longer suits what is in it. Confined to whoever holds it.
 */
sealed interface OffsetChunk permits RangeChunk, BitmapChunk {
    int SIZE_BITS = 16;
    int SIZE = 1 << SIZE_BITS;

    /** How many places are in the set. */
    int cardinality();

    boolean contains(int place);

    /** The first place at or after the one given that is in the set, or {@link #SIZE}. */
    int nextPresent(int place);

    /** The first place at or after the one given that is not in the set, or {@link #SIZE}. */
    int nextAbsent(int place);

    /** The last place in the set; there has to be one. */
    int last();

    /** How many places of the range, both ends included, are in the set. */
    int countWithin(int first, int last);

    /** Adds the range, both ends included. */
    OffsetChunk add(int first, int last);

    /** Takes the range out, both ends included. */
    OffsetChunk remove(int first, int last);

    OffsetChunk copy();
}
