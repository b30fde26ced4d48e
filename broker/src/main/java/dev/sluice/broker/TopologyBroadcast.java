package dev.sluice.broker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Tells every shard of changes, in order. Changes of one turn go together; many go in parts, each when all shards know the one before, so that a shard does other work in between. Confined to the first shard.
 */
final class TopologyBroadcast {
    /** A shard takes so many changes in one go: a fraction of a millisecond. */
    static final int MOST_AT_ONCE = 256;

    private record Sent(TopologyChange change, @Nullable CompletableFuture<Void> known) {}

    private final BrokerShard home;
    private final List<BrokerShard> shards;
    private final ArrayDeque<Sent> waiting = new ArrayDeque<>();
    private boolean busy;

    TopologyBroadcast(List<BrokerShard> shards) {
        this.home = shards.getFirst();
        this.shards = shards;
    }

    /** Every shard knows the change when the future completes, on this shard. */
    CompletableFuture<Void> send(TopologyChange change) {
        var known = new CompletableFuture<Void>();
        waiting.add(new Sent(change, known));
        if (!busy) {
            busy = true;
            home.shard().execute(this::sendNext);
        }
        return known;
    }

    /** As {@link #send}, after {@code before}, about which nobody asks. */
    CompletableFuture<Void> send(List<? extends TopologyChange> before, TopologyChange change) {
        before.forEach(one -> waiting.add(new Sent(one, null)));
        return send(change);
    }

    private void sendNext() {
        var part = new ArrayList<Sent>(Math.min(MOST_AT_ONCE, waiting.size()));
        while (part.size() < MOST_AT_ONCE && !waiting.isEmpty()) {
            part.add(waiting.remove());
        }
        var left = new AtomicInteger(shards.size());
        for (BrokerShard shard : shards) {
            shard.shard().execute(() -> {
                part.forEach(sent -> shard.topology().replay(sent.change));
                if (left.decrementAndGet() == 0) {
                    home.shard().execute(() -> known(part));
                }
            });
        }
    }

    private void known(List<Sent> part) {
        if (waiting.isEmpty()) {
            busy = false;
        } else {
            home.shard().execute(this::sendNext);
        }
        for (Sent sent : part) {
            if (sent.known != null) {
                sent.known.complete(null);
            }
        }
    }
}
