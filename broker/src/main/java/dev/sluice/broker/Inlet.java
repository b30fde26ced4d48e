package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/**
 * Where the publishers of one shard put records for one queue: everything of one turn becomes one batch per lane, so that the queue's shard and the journal see one thing however many messages there were. Confined to
 * the publishing shard.
 */
final class Inlet {
    private final Queue queue;
    private final BrokerShard shard;
    private final @Nullable InletLane[] lanes;
    private final @Nullable QueueGate gate;
    /** Number of the routing that named it last, so that a message goes to each queue once. */
    long routed;

    Inlet(Queue queue, BrokerShard shard) {
        this.queue = queue;
        this.shard = shard;
        QueueRoom room = queue.room();
        this.gate = room == null ? null : new QueueGate(queue, room, shard);
        this.lanes = new @Nullable InletLane[queue.lanes().length];
    }

    Queue queue() {
        return queue;
    }

    /** Where publishers wait for the queue; null if they never do. */
    @Nullable
    QueueGate gate() {
        return gate;
    }

    /** The way to the lane that a record with this priority belongs to. */
    InletLane lane(int priority) {
        int index = Math.min(priority, lanes.length - 1);
        InletLane lane = lanes[index];
        if (lane == null) {
            lane = new InletLane(queue, index, shard);
            lanes[index] = lane;
        }
        return lane;
    }
}
