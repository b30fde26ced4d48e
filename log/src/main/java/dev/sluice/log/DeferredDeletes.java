package dev.sluice.log;

import java.util.ArrayList;
import java.util.List;

/** Holds back the deletion of segment files while somebody copies them. Thread-safe: one lock, held for a few instructions. */
final class DeferredDeletes {
    private final List<Runnable> deferred = new ArrayList<>();
    private int holds;

    /** Runs the deletion now, or when nobody holds files any more; a process that ends before finds the files unnamed at its next start. */
    void run(Runnable deletion) {
        synchronized (this) {
            if (holds > 0) {
                deferred.add(deletion);
                return;
            }
        }
        deletion.run();
    }

    synchronized void hold() {
        holds++;
    }

    void release() {
        List<Runnable> due = List.of();
        synchronized (this) {
            holds--;
            if (holds == 0) {
                due = List.copyOf(deferred);
                deferred.clear();
            }
        }
        due.forEach(Runnable::run);
    }
}
