package dev.sluice.testkit;

import java.util.ArrayDeque;
import java.util.Deque;

/** Confined to the thread of the simulation. The last events of a run, {@code -Dsim.trace=} of them, and a hash over all. */
final class SimTrace {
    private static final int KEPT = Integer.getInteger("sim.trace", 120);

    private final Deque<String> last = new ArrayDeque<>();
    private long hash;
    private long events;

    void add(String event) {
        hash = hash * 31 + event.hashCode();
        events++;
        if (last.size() == KEPT) {
            last.removeFirst();
        }
        last.addLast(event);
    }

    long hash() {
        return hash;
    }

    @Override
    public String toString() {
        return "the last of " + events + " events:\n  " + String.join("\n  ", last);
    }
}
