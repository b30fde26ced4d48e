package dev.sluice.broker;

import java.util.Arrays;
import java.util.function.LongPredicate;

/**
 * Places of records, of which the first can be had: a heap, 8 bytes a record and half as much of room, however scattered they are. Adding costs O(1) where they come in their order. Confined to whoever holds it.
 */
final class WaitingPlaces {
    private static final int CAPACITY_TO_KEEP = 8;
    private static final long[] NONE = {};

    private long[] places = NONE;
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    /** There has to be one. */
    long first() {
        return places[0];
    }

    void add(long place) {
        if (size == places.length) {
            places = Arrays.copyOf(places, size + size / 2 + 1);
        }
        int at = size++;
        while (at > 0 && places[(at - 1) / 2] > place) {
            places[at] = places[(at - 1) / 2];
            at = (at - 1) / 2;
        }
        places[at] = place;
    }

    /** Takes out the first; there has to be one. */
    long poll() {
        long first = places[0];
        size--;
        if (size > 0) {
            siftDown(places[size]);
        }
        if (size < places.length / 4 && places.length > CAPACITY_TO_KEEP) {
            places = Arrays.copyOf(places, places.length / 2);
        }
        return first;
    }

    /** Takes out all that are not meant; walks all of them. */
    void retainIf(LongPredicate isMeant) {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (isMeant.test(places[i])) {
                places[kept++] = places[i];
            }
        }
        size = kept;
        places = kept == 0 ? NONE : Arrays.copyOf(places, kept);
        Arrays.sort(places); // which is a heap too
    }

    /** Puts the place to the front or further back, where it belongs; what was in front is overwritten. */
    private void siftDown(long place) {
        int at = 0;
        for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
            if (child + 1 < size && places[child + 1] < places[child]) {
                child++;
            }
            if (places[child] >= place) {
                break;
            }
            places[at] = places[child];
            at = child;
        }
        places[at] = place;
    }
}
