package dev.sluice.broker;

import dev.sluice.log.LogId;
import dev.sluice.log.Storage;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** A broker on one node: exchanges, queues and bindings over a storage, spread over shards. Thread-safe: what changes is confined to the shards. */
public final class Broker {
    private static final long NS_PER_MS = 1_000_000;
    private static final int CLUSTER_ID_BYTES = 16;

    private final Shards shards;
    private final List<BrokerShard> views = new ArrayList<>();
    private final TopologyController controller;
    private final Recovery recovery;
    private final BrokerLimits limits;
    private final NodePressure pressure;
    private final TransactionBudget transactions;
    private final NodeWatch watch;
    private final TopologyStore store;
    private final String proposedClusterId;
    /** Written once, before anybody sees the broker. */
    private volatile String clusterId = "";

    private final QueueAlerts queueAlerts = new QueueAlerts();
    /** Of users that have published; there are as many as are allowed in. */
    private final Map<String, PublishQuota> userQuotas = new ConcurrentHashMap<>();

    private final AtomicLong lastConnection = new AtomicLong();

    private Broker(Storage storage, Shards shards, BrokerLimits limits, RandomGenerator random) {
        this.shards = shards;
        this.limits = limits;
        this.transactions = TransactionBudget.of(limits);
        this.pressure = new NodePressure(() -> storage.tailBytes() + transactions.takenBytes(), limits.memory());
        for (Shard shard : shards.all()) {
            var itsRandom = new SplittableRandom(random.nextLong());
            var gate = new PublishGate(shard, pressure);
            views.add(new BrokerShard(shard, this, storage, shards.count(), gate, itsRandom));
        }
        this.proposedClusterId = newClusterId(random);
        this.store = new TopologyStore(storage.metadata());
        var factory = new QueueFactory(storage, store, shards, views, random);
        this.controller = new TopologyController(List.copyOf(views), store, factory);
        this.recovery = new Recovery(storage, store, factory, List.copyOf(views));
        this.watch =
                new NodeWatch(shards.at(0), pressure, limits, storage::diskSpace, () -> System.nanoTime() / NS_PER_MS);
    }

    /** Recovers what the storage holds. The future completes, on some shard, when the broker is ready; it fails with what an operator has to know. */
    public static CompletableFuture<Broker> start(Storage storage, Shards shards) {
        return start(storage, shards, BrokerLimits.defaults());
    }

    /** As {@link #start(Storage, Shards)}, with other limits. */
    public static CompletableFuture<Broker> start(Storage storage, Shards shards, BrokerLimits limits) {
        return start(storage, shards, limits, new SecureRandom());
    }

    /** As {@link #start(Storage, Shards, BrokerLimits)}, with another source of randomness, which belongs to the first shard from then on. It has to be one that does not repeat itself from start to start: names of stored things come from it. */
    public static CompletableFuture<Broker> start(
            Storage storage, Shards shards, BrokerLimits limits, RandomGenerator random) {
        var broker = new Broker(storage, shards, limits, random);
        return broker.recovery
                .run()
                .thenCompose(recovered -> broker.store.clusterId(broker.proposedClusterId))
                .thenApply(id -> {
                    broker.clusterId = id;
                    shards.at(0).execute(broker.watch::begin);
                    return broker;
                });
    }

    private static String newClusterId(RandomGenerator random) {
        byte[] bytes = new byte[CLUSTER_ID_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** What the data folder calls itself since its first start, in 22 letters, digits, hyphens and underscores. */
    public String clusterId() {
        return clusterId;
    }

    /** How short the node is of memory and disk, as of the last second, and which queues are near their limits. */
    public NodeStatus status() {
        return watch.status().with(queueAlerts.shown());
    }

    /** What operators do with queues. */
    public QueueTools tools() {
        return new QueueTools(this);
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
                .thenComposeAsync(this::finish, shards.at(0))
                .thenCompose(changed -> finishCommits())
                .thenCompose(committed -> stopShards());
    }

    private CompletableFuture<Void> finish(TopologyController onItsShard) {
        watch.end();
        return onItsShard.finish();
    }

    /** Once no log waits for others, or will. */
    private CompletableFuture<Void> finishCommits() {
        var finished = new ArrayList<CompletableFuture<Void>>();
        for (BrokerShard view : views) {
            finished.add(CompletableFuture.completedFuture(view)
                    .thenComposeAsync(onItsShard -> onItsShard.commits().finish(), view.shard()));
        }
        return CompletableFuture.allOf(finished.toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<Void> stopShards() {
        var stopped = new ArrayList<CompletableFuture<Void>>();
        for (BrokerShard view : views) {
            stopped.add(CompletableFuture.runAsync(view::endTurn, view.shard())
                    .thenComposeAsync(written -> view.stop(), view.shard()));
        }
        return CompletableFuture.allOf(stopped.toArray(CompletableFuture[]::new));
    }

    QueueWatch watch(String queue, QueueSettings.Overflow overflow) {
        return new QueueWatch(queue, overflow, limits.warnBeforeFullMs(), queueAlerts);
    }

    TransactionBudget transactions() {
        return transactions;
    }

    NodePressure pressure() {
        return pressure;
    }

    PublisherCredit publisherCredit(PublishGate gate, String user, long nowNs) {
        PublishRates rates = limits.rates();
        PublishQuota ofUser = userQuotas.computeIfAbsent(user, name -> rates.ofUser(nowNs));
        return new PublisherCredit(gate, rates.ofConnection(nowNs), ofUser, nowNs);
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

    /** The log where the shard with this index notes what its queues have settled because it was moved to others. */
    static LogId moveLogId(int shardIndex) {
        return new LogId(QueueFactory.FIRST_MOVE_LOG_ID + shardIndex);
    }

    /** The log where the shard with this index notes the ids of what its queues are not to store again. */
    static LogId idLogId(int shardIndex) {
        return new LogId(QueueFactory.FIRST_ID_LOG_ID + shardIndex);
    }

    /** The log where the shard with this index writes what happens to records of queues that have a story. */
    static LogId storyLogId(int shardIndex) {
        return new LogId(QueueFactory.FIRST_STORY_LOG_ID + shardIndex);
    }

    /** The log where the shard with this index writes what its queues have settled. */
    static LogId cursorLogId(int shardIndex) {
        return new LogId(shardIndex + 1);
    }
}
