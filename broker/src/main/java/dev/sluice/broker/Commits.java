package dev.sluice.broker;

import java.util.concurrent.CompletableFuture;

/** The commits that were begun on one shard and of which not all logs have their part yet. They must not be left so: before the logs are closed, they are waited for. Confined to its shard. */
final class Commits {
    private final CompletableFuture<Void> finished = new CompletableFuture<>();
    private boolean finishing;
    private int open;

    /** False if no more should be begun. */
    boolean begin() {
        open += finishing ? 0 : 1;
        return !finishing;
    }

    /** All logs have their part, or none will get one. */
    void end() {
        open--;
        completeIfDone();
    }

    /** No commit is begun from here on; completes when those under way have ended. */
    CompletableFuture<Void> finish() {
        finishing = true;
        completeIfDone();
        return finished;
    }

    private void completeIfDone() {
        if (finishing && open == 0) {
            finished.complete(null);
        }
    }
}
