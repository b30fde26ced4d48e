package dev.sluice.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Looks at the queues of one shard, some in each turn. Confined to that shard, but for the future. */
final class QueueListing {
    private static final int MOST_PER_TURN = 256;

    private final Shard shard;
    private final List<Queue> queues;
    private final List<QueueOverview> seen = new ArrayList<>();
    private final CompletableFuture<List<QueueOverview>> all = new CompletableFuture<>();
    private int next;

    QueueListing(Shard shard, List<Queue> queues) {
        this.shard = shard;
        this.queues = queues;
    }

    CompletableFuture<List<QueueOverview>> run() {
        shard.execute(this::goOn);
        return all;
    }

    private void goOn() {
        try {
            lookAtSome();
        } catch (RuntimeException bug) {
            all.completeExceptionally(bug);
        }
    }

    private void lookAtSome() {
        for (int end = Math.min(queues.size(), next + MOST_PER_TURN); next < end; next++) {
            Queue queue = queues.get(next);
            if (!queue.isDeleted()) {
                seen.add(queue.overview());
            }
        }
        if (next < queues.size()) {
            shard.execute(this::goOn);
        } else {
            all.complete(seen);
        }
    }
}
