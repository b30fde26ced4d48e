package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/**
 * Where the publishers of one shard put records for one queue: everything of one turn becomes one batch per partition, so that the queue's shard and the journal see one thing however many messages there were. Confined to
 * the publishing shard.
 */
final class Inlet {
    private final Queue queue;
    private final BrokerShard shard;
    private final @Nullable InletPartition[] partitions;
    /** Number of the routing that named it last, so that a message goes to each queue once. */
    long routed;

    Inlet(Queue queue, BrokerShard shard) {
        this.queue = queue;
        this.shard = shard;
        this.partitions = new @Nullable InletPartition[queue.partitions().length];
    }

    Queue queue() {
        return queue;
    }

    /** The way to the partition that a record with this priority belongs to. */
    InletPartition partition(int priority) {
        int index = Math.min(priority, partitions.length - 1);
        InletPartition partition = partitions[index];
        if (partition == null) {
            partition = new InletPartition(queue, index, shard);
            partitions[index] = partition;
        }
        return partition;
    }
}
