package dev.sluice.broker;

import java.util.LinkedHashSet;
import java.util.SequencedSet;

/** Where publishers of one shard wait for one queue that is full. Confined to their shard. */
final class QueueGate implements Gate {
    private final Queue queue;
    private final QueueRoom room;
    private final BrokerShard shard;
    private final SequencedSet<Runnable> waiting = new LinkedHashSet<>();

    QueueGate(Queue queue, QueueRoom room, BrokerShard shard) {
        this.queue = queue;
        this.room = room;
        this.shard = shard;
    }

    QueueRoom room() {
        return room;
    }

    String queueName() {
        return queue.name();
    }

    @Override
    public boolean isStopped() {
        return room.isFull();
    }

    @Override
    public String reason() {
        return room.reason();
    }

    @Override
    public void whenOpen(Runnable action) {
        if (waiting.add(action)) {
            shard.publishGate().addBlocked(1);
            shard.send(queue.home(), () -> queue.entrance().publisherWaits(this));
        }
    }

    @Override
    public void forget(Runnable action) {
        if (waiting.remove(action)) {
            shard.publishGate().addBlocked(-1);
            shard.send(queue.home(), () -> queue.entrance().publisherGone(this));
        }
    }

    /** Called on the queue's shard: one publisher of this gate may go on. */
    void letOneGo() {
        shard.shard().execute(this::letOneGoHere);
    }

    private void letOneGoHere() {
        if (!waiting.isEmpty()) {
            Runnable first = waiting.removeFirst();
            shard.publishGate().addBlocked(-1);
            first.run();
        }
        shard.send(queue.home(), queue.entrance()::publisherLetGo);
    }
}
