package dev.sluice.broker;

import dev.sluice.broker.ProducerStates.Verdict;
import dev.sluice.log.PartitionLog;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a partition remembers of producers that number their batches, so that each batch is stored once and in its producer's order, however often it is sent. A batch stands for itself in the log: its header says whose it is and which.
 * Before its storage is given back it is noted in the {@link IdLog}, and now and then all are; so after a crash the batches are those in the notes and those in the log behind. The first note is made before the first batch is
 * appended, and both take the same way to the journal: without a note there is nothing to look for. Confined to the queue's shard.
 */
final class IdempotentProducers {
    /** A start reads about so much of the partition behind the last note, and what was on its way to the disk when that was made. */
    static final int MOST_UNNOTED_BYTES = 4 << 20;

    private static final long ALL = -1;

    private final Queue queue;
    private final int partition;
    private final PartitionLog log;
    private final ProducerStates states;
    private long notedBelow;
    private long unnotedBytes;

    private IdempotentProducers(Queue queue, int partition, PartitionLog log, long notedBelow) {
        this.queue = queue;
        this.partition = partition;
        this.log = log;
        this.states = new ProducerStates(ProducerStates.MOST_PRODUCERS, log::durableOffset);
        this.notedBelow = notedBelow;
    }

    /** The first batch of any producer that numbers them is about to be appended. */
    static IdempotentProducers begin(Queue queue, int partition, PartitionLog log) {
        var producers = new IdempotentProducers(queue, partition, log, log.endOffset());
        if (queue.isPersistent()) {
            producers.write(new ProducerNote(), log.endOffset());
            queue.home().idLog().log().append();
        }
        return producers;
    }

    /** After a start, before anything comes: what was noted, and what stands behind in the log. Completes with null if there is nothing of either. */
    static CompletableFuture<@Nullable IdempotentProducers> restore(
            Queue queue, int partition, PartitionLog log, ProducerNote.State noted) {
        long below = noted.below(partition);
        if (below < 0) {
            return CompletableFuture.completedFuture(null);
        }
        long notedBelow = Math.min(below, log.endOffset());
        var producers = new IdempotentProducers(queue, partition, log, notedBelow);
        noted.forEach(partition, notedBelow, producers.states::add);
        long nowMs = queue.home().turnTimeMs();
        return BatchScan.run(log, notedBelow, (batches, index) -> {
                    ProducerBatch batch = ProducerBatch.of(batches, index);
                    if (batch != null && batch.baseOffset() >= notedBelow) {
                        producers.states.add(batch, nowMs);
                    }
                })
                .thenApply(done -> producers);
    }

    /** Whether the batch is to be appended. */
    Verdict verdict(ProducerBatch batch) {
        return states.verdict(batch, queue.home().turnTimeMs());
    }

    /** So many bytes are appended, of whoever it is. */
    void appending(int bytes) {
        unnotedBytes += bytes;
    }

    /** The batch is appended. */
    void appended(ProducerBatch batch) {
        states.add(batch, queue.home().turnTimeMs());
    }

    /** The batch, which was to be appended, is not. */
    void notAppended(ProducerBatch batch) {
        states.notAppended(batch, queue.home().turnTimeMs());
    }

    /** More of the partition is durable. */
    void durable() {
        if (unnotedBytes > MOST_UNNOTED_BYTES && queue.isPersistent()) {
            write(newlyDurable(), log.durableOffset());
        }
    }

    /** Notes what is durable, unless that was done before. */
    void note() {
        if (log.durableOffset() > notedBelow && queue.isPersistent()) {
            ProducerNote note = newlyDurable();
            if (!note.isEmpty()) {
                write(note, log.durableOffset());
            }
        }
    }

    /** Notes everything that is durable, in case the notes before are lost; false if there is nothing to know any more. */
    boolean writeSnapshot() {
        states.forgetSilent(queue.home().turnTimeMs());
        if (states.isEmpty()) {
            return false;
        }
        write(gathered(ALL), log.durableOffset());
        return true;
    }

    private ProducerNote newlyDurable() {
        return gathered(notedBelow);
    }

    /** What is not in notes that it has filled before. */
    private ProducerNote gathered(long from) {
        var note = new ProducerNote[] {new ProducerNote()};
        states.forEachDurableAbove(from, (batch, lastMs) -> {
            if (note[0].isFull()) {
                add(note[0], notedBelow);
                note[0] = new ProducerNote();
            }
            note[0].add(batch, lastMs);
        });
        return note[0];
    }

    private void write(ProducerNote note, long below) {
        add(note, below);
        notedBelow = below;
        unnotedBytes = 0;
    }

    private void add(ProducerNote note, long below) {
        queue.home().idLog().add(note, queue, partition, below);
    }

    /** For people. */
    List<ProducerStatus> status() {
        return states.status();
    }
}
