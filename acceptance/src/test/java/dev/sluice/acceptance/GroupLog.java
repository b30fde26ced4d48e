package dev.sluice.acceptance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the members of a group saw of numbered records, number {@code n} of which has key {@code n % keys}. Thread-safe: all
 * state is guarded by this.
 */
final class GroupLog {
    private static final int NONE = -1;

    private final int keys;
    /** The highest number seen, by key. */
    private final int[] highest;

    private final List<String> violations = new ArrayList<>();
    private int distinct;
    private int repeated;

    GroupLog(int keys) {
        this.keys = keys;
        highest = new int[keys];
        Arrays.fill(highest, NONE);
    }

    /** Notes one record. A repeated one is not a violation: members repeat what others had not committed. */
    synchronized void seen(int number) {
        int key = number % keys;
        int next = highest[key] == NONE ? key : highest[key] + keys;
        if (number < next) {
            repeated++;
            return;
        }
        if (number > next && violations.size() < 10) {
            violations.add("of key " + key + " came " + number + ", expected " + next);
        }
        highest[key] = number;
        distinct++;
    }

    synchronized int distinct() {
        return distinct;
    }

    /** Records of a key that came before one that is older. */
    synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    @Override
    public synchronized String toString() {
        return distinct + " records, " + repeated + " of them again";
    }
}
