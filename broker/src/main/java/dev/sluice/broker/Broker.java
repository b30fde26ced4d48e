package dev.sluice.broker;

import dev.sluice.log.LogId;
import dev.sluice.log.Storage;
import io.netty.util.internal.PlatformDependent;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** A broker on one node: exchanges, queues and bindings over a storage, spread over shards. Thread-safe: what changes is confined to the shards. */
public final class Broker {
    /** Below where the storage's defaults refuse more: publishers are slowed before. */
    private static final long MOST_MEMORY_BYTES = 3L << 29;

    private final Shards shards;
    private final List<BrokerShard> views = new ArrayList<>();
    private final TopologyController controller;
    private final Recovery recovery;
    private final AtomicLong lastConnection = new AtomicLong();

    private Broker(Storage storage, Shards shards, long memoryBytes) {
        this.shards = shards;
        for (Shard shard : shards.all()) {
            var memory = new MemoryGate(shard, storage::tailBytes, memoryBytes);
            views.add(new BrokerShard(shard, this, shards.count(), memory));
        }
        var store = new TopologyStore(storage.metadata());
        var factory = new QueueFactory(storage, store, shards, views, new SecureRandom());
        this.controller = new TopologyController(List.copyOf(views), store, factory);
        this.recovery = new Recovery(storage, store, factory, List.copyOf(views));
    }

    /** Recovers what the storage holds. The future completes, on some shard, when the broker is ready; it fails with what an operator has to know. */
    public static CompletableFuture<Broker> start(Storage storage, Shards shards) {
        return start(storage, shards, Math.min(PlatformDependent.maxDirectMemory() / 5 * 2, MOST_MEMORY_BYTES));
    }

    /** As {@link #start(Storage, Shards)}; publishers wait when records in memory take more than {@code memoryBytes}. */
    public static CompletableFuture<Broker> start(Storage storage, Shards shards, long memoryBytes) {
        var broker = new Broker(storage, shards, memoryBytes);
        return broker.recovery.run().thenApply(recovered -> broker);
    }

    /** The broker for callers on this shard. */
    public BrokerShard on(Shard shard) {
        return views.get(shard.index());
    }

    public Shards shards() {
        return shards;
    }

    /**
     * Ends the changes of the topology, writes down what is left of the present turns and closes the logs. Publishers and consumers have to be gone before; the storage and the shards are closed by who opened them, after.
     */
    public CompletableFuture<Void> stop() {
        return CompletableFuture.completedFuture(controller)
                .thenComposeAsync(TopologyController::finish, shards.at(0))
                .thenCompose(changed -> stopShards());
    }

    private CompletableFuture<Void> stopShards() {
        var stopped = new ArrayList<CompletableFuture<Void>>();
        for (BrokerShard view : views) {
            stopped.add(CompletableFuture.runAsync(view::endTurn, view.shard())
                    .thenComposeAsync(written -> view.stop(), view.shard()));
        }
        return CompletableFuture.allOf(stopped.toArray(CompletableFuture[]::new));
    }

    long nextConnection() {
        return lastConnection.incrementAndGet();
    }

    /** Runs {@code request} on the controller's shard; at once if that is the caller's. */
    void controller(Consumer<TopologyController> request) {
        Shard first = shards.at(0);
        if (first.isOwner()) {
            request.accept(controller);
        } else {
            first.execute(() -> request.accept(controller));
        }
    }

    /** The log where the shard with this index writes what its queues have settled. */
    static LogId cursorLogId(int shardIndex) {
        return new LogId(shardIndex + 1);
    }
}
