package dev.sluice.broker;

/**
 * The newest ids of a queue's records, so many at the most and for so long, each with a note of its user's. Holds no object per id: arrays that grow with what is remembered, 40 to 80 bytes for each. Ids are spread evenly, as
 * hashes are. Confined to its owner.
 */
final class DeduplicationWindow {
    /** The most that a window can be asked to remember; they take some 460 MB. */
    static final long MOST_IDS = 10_000_000;

    private static final int FIRST_CAPACITY = 16;
    private static final int NONE = -1;

    private final int most;
    private final long windowMs;

    // Id number n, counted from the first that there ever was, is at n modulo the capacity, a power of two.
    private long[] first = new long[FIRST_CAPACITY];
    private long[] second = new long[FIRST_CAPACITY];
    private long[] timesMs = new long[FIRST_CAPACITY];
    private long[] notes = new long[FIRST_CAPACITY];
    /** Where an id is, plus 1, or 0; the first place tried is told by the id, the others follow. Half empty at the least. */
    private int[] table = new int[2 * FIRST_CAPACITY];

    private long oldest;
    private long next;

    /** Receives what is remembered, the oldest first. */
    interface Visitor {
        void id(long first, long second, long timeMs, long note);
    }

    /** {@code windowMs}: {@link QueueSettings#UNLIMITED} for no limit of time. */
    DeduplicationWindow(int most, long windowMs) {
        this.most = most;
        this.windowMs = windowMs;
    }

    int size() {
        return (int) (next - oldest);
    }

    /** Forgets what is over by now. */
    void expire(long nowMs) {
        if (windowMs < 0) {
            return;
        }
        while (oldest < next && Times.plus(timesMs[slot(oldest)], windowMs) <= nowMs) {
            forgetOldest();
        }
    }

    boolean contains(long idFirst, long idSecond) {
        return find(idFirst, idSecond) != NONE;
    }

    /** The note of an id that is there. */
    long note(long idFirst, long idSecond) {
        return notes[find(idFirst, idSecond)];
    }

    /** Remembers an id that is not there, as the newest. */
    void add(long idFirst, long idSecond, long timeMs, long note) {
        if (size() == most) {
            forgetOldest();
        }
        if (size() == first.length) {
            grow();
        }
        int slot = slot(next++);
        first[slot] = idFirst;
        second[slot] = idSecond;
        timesMs[slot] = timeMs;
        notes[slot] = note;
        enter(slot);
    }

    void forEach(Visitor visitor) {
        for (long number = oldest; number < next; number++) {
            int slot = slot(number);
            visitor.id(first[slot], second[slot], timesMs[slot], notes[slot]);
        }
    }

    private int slot(long number) {
        return (int) number & (first.length - 1);
    }

    private int home(int slot) {
        return (int) second[slot] & (table.length - 1);
    }

    private int find(long idFirst, long idSecond) {
        int mask = table.length - 1;
        for (int at = (int) idSecond & mask; table[at] != 0; at = at + 1 & mask) {
            int slot = table[at] - 1;
            if (second[slot] == idSecond && first[slot] == idFirst) {
                return slot;
            }
        }
        return NONE;
    }

    private void enter(int slot) {
        int mask = table.length - 1;
        int at = home(slot);
        while (table[at] != 0) {
            at = at + 1 & mask;
        }
        table[at] = slot + 1;
    }

    private void forgetOldest() {
        int slot = slot(oldest++);
        int mask = table.length - 1;
        int at = home(slot);
        while (table[at] != slot + 1) {
            at = at + 1 & mask;
        }
        close(at);
    }

    /** Empties a place, and moves up what was looked for there first. */
    private void close(int emptied) {
        int mask = table.length - 1;
        int hole = emptied;
        for (int at = hole + 1 & mask; table[at] != 0; at = at + 1 & mask) {
            int home = home(table[at] - 1);
            boolean mayMove = (at - home & mask) >= (at - hole & mask);
            if (mayMove) {
                table[hole] = table[at];
                hole = at;
            }
        }
        table[hole] = 0;
    }

    private void grow() {
        int capacity = 2 * first.length;
        long[][] old = {first, second, timesMs, notes};
        int oldMask = first.length - 1;
        first = new long[capacity];
        second = new long[capacity];
        timesMs = new long[capacity];
        notes = new long[capacity];
        table = new int[2 * capacity];
        for (long number = oldest; number < next; number++) {
            int from = (int) number & oldMask;
            int to = slot(number);
            first[to] = old[0][from];
            second[to] = old[1][from];
            timesMs[to] = old[2][from];
            notes[to] = old[3][from];
            enter(to);
        }
    }
}
