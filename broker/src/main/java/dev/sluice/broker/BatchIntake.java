package dev.sluice.broker;

import dev.sluice.broker.ProducerStates.Verdict;
import io.netty.buffer.ByteBuf;

/** Whole batches that come into a queue or topic, each from one publisher. Confined to the queue's shard. */
final class BatchIntake {
    private final Queue queue;
    private final QueueIntake intake;
    private final QueueCounters counters;

    BatchIntake(Queue queue, QueueIntake intake, QueueCounters counters) {
        this.queue = queue;
        this.intake = intake;
        this.counters = counters;
    }

    /** Takes over {@code batch}, which is for the partition with this index. */
    void append(int index, ByteBuf batch, int count, PartitionStream.AppendReply reply, BrokerShard publisher) {
        Partition partition = queue.partitions()[index];
        ProducerBatch numbered = ProducerBatch.of(batch, batch.readerIndex());
        if (numbered == null) {
            intake.append(index, batch, count, null, answering(reply, partition, endOf(partition)), publisher);
            return;
        }
        switch (partition.verdict(numbered)) {
            case Verdict.Append next -> {
                // Its producer tells what it sends again by the number of the batch: ids of records are not asked for.
                Confirms stored = answering(reply, partition, endOf(partition));
                if (!intake.appendNumbered(index, batch, count, numbered, stored, publisher)) {
                    partition.notAppended(numbered);
                }
            }
            case Verdict.Duplicate original -> {
                batch.release();
                confirmAgain(partition, original, count, answering(reply, partition, original.baseOffset()), publisher);
            }
            case Verdict.Refused refused -> {
                batch.release();
                var refusal = new Refusal(refused.reason(), queue.name(), refused.detail());
                intake.refuse(answering(reply, partition, 0), refusal, publisher);
            }
        }
    }

    private static long endOf(Partition partition) {
        return partition.isOpen() ? partition.log().endOffset() : 0;
    }

    private static Confirms answering(PartitionStream.AppendReply reply, Partition partition, long baseOffset) {
        long startOffset = partition.isOpen() ? partition.log().startOffset() : 0;
        return Confirms.of(refusal -> {
            if (refusal == null) {
                reply.appended(baseOffset, startOffset);
            } else {
                reply.refused(refusal);
            }
        });
    }

    /** As soon as the original is durable, which it may never be. */
    private void confirmAgain(
            Partition partition, Verdict.Duplicate original, int count, Confirms stored, BrokerShard publisher) {
        boolean isDurable = original.endOffset() <= partition.log().durableOffset();
        Refusal lost = partition.isLost() && !isDurable ? partition.refusal() : null;
        if (queue.isDeleted()) {
            intake.refuse(stored, new Refusal(Refusal.Reason.QUEUE_NOT_FOUND, queue.name()), publisher);
        } else if (lost != null) {
            intake.refuse(stored, lost, publisher);
        } else {
            counters.duplicates += count;
            partition.confirm(original.endOffset(), stored, publisher);
        }
    }
}
