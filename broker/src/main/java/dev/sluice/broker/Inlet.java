package dev.sluice.broker;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the publishers of one shard put records for one queue: everything of one turn becomes one batch per partition, so that the queue's shard and the journal see one thing however many messages there were. Confined to
 * the publishing shard.
 */
final class Inlet {
    private final Queue queue;
    private final BrokerShard shard;
    /** As what it knows the queue. */
    private QueueSpec spec;

    private @Nullable InletPartition[] partitions;
    private @Nullable QueueGate gate;
    /** Number of the routing that named it last, so that a message goes to each queue once. */
    long routed;

    private final boolean isTopic;
    /** The partition that records without a key went to last. */
    private int keyless;

    Inlet(Queue queue, BrokerShard shard) {
        this.queue = queue;
        this.shard = shard;
        this.spec = queue.spec();
        QueueRoom room = queue.room();
        this.gate = room == null ? null : new QueueGate(queue, room, shard);
        this.isTopic = spec.isTopic();
        this.partitions = new @Nullable InletPartition[queue.partitions().length];
    }

    /** Before it is used: takes over what has changed of the queue, if that is not what it was. */
    @SuppressWarnings("ReferenceEquality") // there is one object for each change
    void follow(QueueSpec changed) {
        if (spec == changed) {
            return;
        }
        spec = changed;
        partitions = Arrays.copyOf(partitions, queue.partitions().length);
        QueueRoom room = queue.room();
        if (gate == null && room != null) {
            gate = new QueueGate(queue, room, shard);
            for (InletPartition partition : partitions) {
                if (partition != null) {
                    partition.follow(room);
                }
            }
        }
    }

    Queue queue() {
        return queue;
    }

    boolean isTopic() {
        return isTopic;
    }

    /** Where publishers wait for the queue; null if they never do. */
    @Nullable
    QueueGate gate() {
        return gate;
    }

    /** The way to the partition that a record belongs to. */
    InletPartition partition(int priority, @Nullable ByteBuf key) {
        int index = index(priority, key);
        InletPartition partition = partitions[index];
        if (partition == null) {
            partition = new InletPartition(queue, index, shard);
            partitions[index] = partition;
        }
        return partition;
    }

    /** Which partition a record belongs to: in a queue by its priority, in a topic by its key. */
    int index(int priority, @Nullable ByteBuf key) {
        return isTopic ? ofKey(key) : Math.min(priority, partitions.length - 1);
    }

    /** Without a key: one partition for all of a batch, the next for the next. */
    private int ofKey(@Nullable ByteBuf key) {
        if (key != null) {
            return KeyPartitioner.partition(key, partitions.length);
        }
        InletPartition last = partitions[keyless];
        if (last == null || !last.isFilling()) {
            keyless = (keyless + 1) % partitions.length;
        }
        return keyless;
    }
}
