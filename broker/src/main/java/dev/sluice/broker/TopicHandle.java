package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/** A topic or a queue, for callers that move whole batches in and out of its partitions. Confined to the shard that it was asked for on. */
public final class TopicHandle {
    private final BrokerShard caller;
    private final Queue queue;

    TopicHandle(BrokerShard caller, Queue queue) {
        this.caller = caller;
        this.queue = queue;
    }

    public String name() {
        return queue.name();
    }

    /** Different from that of every other topic or queue, also of former ones with the same name. */
    public long id() {
        return queue.id().value();
    }

    /** Who has its partitions: what a caller there does with them happens at once. */
    public Shard owner() {
        return queue.home().shard();
    }

    /** As it is now. */
    public QueueSpec spec() {
        return queue.spec();
    }

    /** A queue has one for each priority. */
    public int partitionCount() {
        return queue.partitions().length;
    }

    /** {@code index}: from 0 to {@link #partitionCount} - 1. */
    public PartitionStream partition(int index) {
        return new PartitionStream(caller, queue, index);
    }

    /** Why it can only be deleted; null for one in order. */
    public @Nullable Refusal unavailable() {
        return queue.unavailable();
    }
}
