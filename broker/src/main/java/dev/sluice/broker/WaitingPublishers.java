package dev.sluice.broker;

import java.util.ArrayDeque;

/**
 * The publishers that wait for room in one queue, of all shards, in the order in which they came. As many are let go as there is room for; one that does not use it, since it is gone or had nothing to send, gives it to the next. Confined to the queue's shard.
 */
final class WaitingPublishers {
    private final QueueRoom room;
    /** That of each publisher. A publisher which gave up while it was being let go may leave one behind, which then lets nobody go. */
    private final ArrayDeque<QueueGate> gates = new ArrayDeque<>(0);
    /** Publishers that were let go and not heard of since. */
    private int letGo;

    WaitingPublishers(QueueRoom room) {
        this.room = room;
    }

    void add(QueueGate gate) {
        gates.addLast(gate);
    }

    void remove(QueueGate gate) {
        gates.removeLastOccurrence(gate);
    }

    /** One that was let go has sent what it had, or nothing. */
    void heardOf() {
        letGo--;
    }

    /** Lets as many go as there is room for. */
    void letGo() {
        long free = gates.isEmpty() ? 0 : room.free();
        while (!gates.isEmpty() && letGo < free) {
            letGo++;
            gates.removeFirst().letOneGo();
        }
    }
}
