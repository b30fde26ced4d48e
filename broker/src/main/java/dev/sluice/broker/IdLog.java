package dev.sluice.broker;

import java.util.Collection;

/**
 * Where one shard notes the ids of records, and the producers of batches, that its queues are to tell from those that are published again; nobody waits for it but what gives back the storage of records. A record stands for itself until
 * it is noted, so that neither is there without the other: it is noted when it is durable, and given up when its note is. When the log is more than twice as large as a snapshot it begins anew with one. Confined to its shard.
 */
final class IdLog {
    private final BrokerShard shard;
    private final StateLog log;

    IdLog(BrokerShard shard) {
        this.shard = shard;
        this.log = new StateLog(
                shard, "deduplication ids and producers", "after a restart some messages may be stored again");
    }

    StateLog log() {
        return log;
    }

    /** Appended at the end of the turn, or when somebody waits for it. */
    void add(IdNote note, Queue queue, int partition, long below) {
        log.add(note.encode(queue.id().value(), partition, below));
    }

    /** As {@link #add(IdNote, Queue, int, long)}. */
    void add(ProducerNote note, Queue queue, int partition, long below) {
        log.add(note.encode(queue.id().value(), partition, below));
    }

    /** Once in a turn. */
    void write() {
        log.append();
        if (log.isLarge()) {
            long start = log.log().endOffset();
            long _ = snapshot(shard.topology().queues(), () -> log.trim(start));
        }
    }

    /** As {@link CursorLog#snapshot}. */
    long snapshot(Collection<Queue> queues, Runnable whenDurable) {
        return log.snapshot(() -> queues.forEach(this::writeSnapshot), whenDurable);
    }

    private void writeSnapshot(Queue queue) {
        if (queue.home() != shard || !queue.isPersistent() || queue.isDeleted() || !queue.isOpen()) {
            return;
        }
        Deduplication deduplication = queue.deduplication();
        if (deduplication != null) {
            deduplication.writeSnapshot(this);
        }
        for (Partition partition : queue.partitions()) {
            partition.writeProducers();
        }
    }
}
