package dev.sluice.broker;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Decides every change of exchanges, queues and bindings: checks it, makes it durable where it has to be, sends it to the topology of each shard, and only then answers. Changes that touch the same things are made one after
 * another, others at the same time: see {@link ChangeOrder}. Confined to the first shard.
 */
final class TopologyController {
    private final ChangeRunner changes;
    private final ExchangeController exchanges;
    private final QueueController queues;
    private final QueueChanges queueChanges;

    TopologyController(List<BrokerShard> shards, TopologyStore store, QueueFactory factory) {
        this.changes = new ChangeRunner(shards, store);
        this.exchanges = new ExchangeController(changes);
        this.queues = new QueueController(changes, exchanges, factory);
        this.queueChanges = new QueueChanges(changes, factory);
    }

    /** Those of exchanges and bindings. */
    ExchangeController exchanges() {
        return exchanges;
    }

    /** Which queues there are. */
    QueueController queues() {
        return queues;
    }

    /** Those of queues that stay. */
    QueueChanges queueChanges() {
        return queueChanges;
    }

    /** Completes when every change asked for so far has been made or refused. */
    CompletableFuture<Void> finish() {
        return changes.finish();
    }
}
