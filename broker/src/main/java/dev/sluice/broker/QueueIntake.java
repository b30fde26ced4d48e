package dev.sluice.broker;

import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.log.AppendGroup;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** What comes into a queue, what is refused, and what gives way at the queue's limit. Confined to the queue's shard. */
final class QueueIntake {
    private final Queue queue;
    private final Partition[] partitions;
    private final Lane[] lanes;
    private final ReadyLanes readyLanes;
    private final QueueCounters counters;
    private final @Nullable DeadLetters deadLetters;
    private final @Nullable Deduplication deduplication;
    private final long maxLength;
    private final Overflow overflow;

    QueueIntake(Queue queue, QueueCounters counters, @Nullable DeadLetters deadLetters) {
        this.queue = queue;
        this.partitions = queue.partitions();
        this.lanes = queue.lanes();
        this.readyLanes = queue.readyLanes();
        this.counters = counters;
        this.deadLetters = deadLetters;
        this.deduplication = queue.deduplication();
        this.maxLength = queue.spec().settings().maxLength();
        this.overflow = queue.spec().settings().overflow();
    }

    /** Takes over {@code batch}, which is for the partition with this index. */
    void append(
            int index,
            ByteBuf batch,
            int count,
            @Nullable Confirms taken,
            @Nullable Confirms stored,
            BrokerShard publisher) {
        Partition partition = partitions[index];
        Refusal refusal = refusal(partition, count);
        if (refusal != null) {
            if (overflow == Overflow.REJECT_DEAD_LETTER
                    && refusal.reason() == Refusal.Reason.QUEUE_FULL
                    && deadLetters != null) {
                deadLetters.sendRefused(lanes[index], batch);
            }
            batch.release();
            refuse(taken, refusal, publisher);
            refuse(stored, refusal, publisher);
            return;
        }
        take(index, batch, count, null, taken, stored, publisher);
    }

    /** Takes over {@code batch}, with which the move's dead letters come here. It hears of the decision, and then of what it decided. */
    void appendMoved(DeadLetterMove move, int number, ByteBuf batch, @Nullable AppendGroup group) {
        int index = Math.min(move.lane.index(), partitions.length - 1);
        Partition partition = partitions[index];
        int count = move.records.size();
        // What only changes its place in this queue does not make it longer, and could otherwise stand in its own way.
        Refusal refusal = move.isFrom(queue) && !queue.isDeleted() ? partition.refusal() : refusal(partition, count);
        move.decided(queue.home(), number, refusal);
        if (refusal != null) {
            batch.release();
            if (group != null) {
                group.leave();
            }
            return;
        }
        var stored = new Confirms();
        stored.add(move, number);
        take(index, batch, count, group, null, stored, move.home());
    }

    /** Why a transaction cannot bring so many records into the partition now; null if it can. */
    @Nullable
    Refusal refusal(int index, int count) {
        return refusal(partitions[index], count);
    }

    /** Takes over {@code batch}, of a transaction for which there was no {@link #refusal}; where the partition is gone meanwhile, its records go with it. */
    void appendChecked(int index, ByteBuf batch, int count, @Nullable AppendGroup group, Confirms stored) {
        Partition partition = partitions[index];
        if (queue.isDeleted() || partition.isLost()) {
            batch.release();
            if (group != null) {
                group.leave();
            }
            stored.stored();
            return;
        }
        take(index, batch, count, group, null, stored, queue.home());
    }

    /** Takes over {@code batch}, for the partition with this index, which takes it. */
    private void take(
            int index,
            ByteBuf batch,
            int count,
            @Nullable AppendGroup group,
            @Nullable Confirms taken,
            @Nullable Confirms stored,
            BrokerShard publisher) {
        if (deduplication == null) {
            append(partitions[index], batch, count, group, taken, stored, publisher);
            return;
        }
        Deduplication.Left left = deduplication.take(index, batch, group);
        if (left.awaited() == null) {
            append(partitions[index], left.batch(), count, group, taken, stored, publisher);
            return;
        }
        counters.duplicates += count - left.count();
        if (taken != null) {
            publisher.answer(queue.home(), taken::stored);
        }
        Confirms whenStored = stored == null ? null : deduplication.behind(left.awaited(), stored, publisher);
        if (left.count() > 0) {
            append(partitions[index], left.batch(), left.count(), group, null, whenStored, queue.home());
            return;
        }
        left.batch().release();
        if (group != null) {
            group.leave();
        }
        if (whenStored != null) {
            whenStored.stored();
        }
    }

    private void append(
            Partition partition,
            ByteBuf batch,
            int count,
            @Nullable AppendGroup group,
            @Nullable Confirms taken,
            @Nullable Confirms stored,
            BrokerShard publisher) {
        counters.published += count;
        if (group == null) {
            partition.append(batch, count, taken, stored, publisher);
        } else {
            partition.appendInGroup(batch, count, group, stored, publisher);
        }
        queue.wake();
    }

    private void refuse(@Nullable Confirms confirms, Refusal refusal, BrokerShard publisher) {
        if (confirms != null) {
            publisher.answer(queue.home(), () -> confirms.refused(refusal));
        }
    }

    private @Nullable Refusal refusal(Partition partition, int count) {
        if (queue.isDeleted()) {
            return new Refusal(Refusal.Reason.QUEUE_NOT_FOUND, queue.name());
        }
        Refusal unavailable = queue.unavailable();
        if (unavailable != null) {
            return unavailable;
        }
        Refusal refusal = partition.refusal();
        if (refusal == null && maxLength >= 0 && queue.length() >= maxLength && refusesAtLimit()) {
            counters.refusedAtLimit += count;
            return new Refusal(Refusal.Reason.QUEUE_FULL, queue.name(), "it holds its limit of " + maxLength);
        }
        return refusal;
    }

    /** Dropping the oldest is no way out while the dead letters do not go on; while they do, the queue is over its limit for a moment. */
    private boolean refusesAtLimit() {
        return overflow.isRefusal() || queue.isHeldUp();
    }

    /** Keeps the limit, where what is there gives way. */
    void dropOverLimit() {
        if (maxLength < 0 || overflow.isRefusal()) {
            return;
        }
        boolean dropped = true;
        while (dropped && readyLanes.total() > maxLength) {
            dropped = dropLowest();
        }
    }

    /** Gives up the oldest ready record of the lowest priority; false if it cannot be dropped yet. What the storage gave up does not stand in the way. */
    private boolean dropLowest() {
        for (int i = readyLanes.lowestFrom(0); i >= 0; i = readyLanes.lowestFrom(i + 1)) {
            if (dropOldest(lanes[i])) {
                return true;
            }
            if (partitions[i].refusal() == null) {
                return false;
            }
        }
        return false;
    }

    /** Takes the oldest ready record out of the lane, for good; false if it stays for now. */
    private boolean dropOldest(Lane lane) {
        if (deadLetters == null) {
            boolean dropped = lane.backlog().dropOldest();
            counters.droppedAtLimit += dropped ? 1 : 0;
            return dropped;
        }
        long offset = deadLetters.isFull() ? -1 : lane.backlog().takeOldest();
        if (offset >= 0) {
            queue.settling().giveUp(lane, offset, DeathReason.LENGTH_LIMIT);
        }
        return offset >= 0;
    }
}
