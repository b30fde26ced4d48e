package dev.sluice.broker;

import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.log.AppendGroup;
import io.netty.buffer.ByteBuf;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What comes into a queue, and what is refused. Confined to the queue's shard. */
final class QueueIntake {
    private static final long LOOK_AGAIN_MS = 10_000;

    private final Queue queue;
    private final LimitKeeping limitKeeping;
    private final QueueCounters counters;
    private final BatchIntake batches;
    private final @Nullable Deduplication deduplication;
    private final @Nullable QueueStory story;
    // What the queue's settings say.
    private @Nullable QueueLimits limits;
    private Overflow overflow = Overflow.DROP_OLDEST;
    /** Null without limits. */
    private @Nullable QueueForecast forecast;

    QueueIntake(Queue queue, LimitKeeping limitKeeping, QueueCounters counters) {
        this.queue = queue;
        this.limitKeeping = limitKeeping;
        this.counters = counters;
        this.batches = new BatchIntake(queue, this, counters);
        this.deduplication = queue.deduplication();
        this.story = queue.story();
        settingsChanged();
    }

    /** The queue's settings are others now. */
    void settingsChanged() {
        QueueSettings settings = queue.spec().settings();
        overflow = settings.overflow();
        limits = QueueLimits.of(queue, settings);
        if (forecast != null) {
            forecast.close();
        }
        forecast = limits == null
                ? null
                : limits.forecast(
                        queue.home().watch(queue.name(), overflow), () -> counters.published, overflow.isDrop());
    }

    /** Takes over {@code batch}, which is for the partition with this index. */
    void append(
            int index,
            ByteBuf batch,
            int count,
            @Nullable Confirms taken,
            @Nullable Confirms stored,
            BrokerShard publisher) {
        Refusal refusal = refusal(queue.partitions()[index], batch, count, publishersWait());
        if (refusal == null) {
            take(index, batch, count, null, taken, stored, publisher);
            return;
        }
        giveUp(index, batch, refusal);
        refuse(taken, refusal, publisher);
        refuse(stored, refusal, publisher);
    }

    private boolean publishersWait() {
        return queue.room() != null;
    }

    /** Takes over {@code batch}, which is refused. */
    private void giveUp(int index, ByteBuf batch, Refusal refusal) {
        DeadLetters deadLetters = queue.settling().deadLetters();
        if (overflow == Overflow.REJECT_DEAD_LETTER
                && refusal.reason() == Refusal.Reason.QUEUE_FULL
                && deadLetters != null) {
            deadLetters.sendRefused(queue.lanes()[index], batch);
        }
        batch.release();
        if (publishersWait() && queue.unavailable() == null) {
            queue.wake(); // whoever waits may have waited for the room that this does not take
        }
    }

    /** Takes over {@code batch}, the next of its producer; false if it is refused. */
    boolean appendNumbered(
            int index, ByteBuf batch, int count, ProducerBatch numbered, Confirms stored, BrokerShard publisher) {
        Partition partition = queue.partitions()[index];
        Refusal refusal = refusal(partition, batch, count, publishersWait());
        if (refusal != null) {
            giveUp(index, batch, refusal);
            refuse(stored, refusal, publisher);
            return false;
        }
        coming(partition, batch, count);
        partition.appendNumbered(batch, count, numbered, stored, publisher);
        came();
        return true;
    }

    /** Whole batches. */
    BatchIntake batches() {
        return batches;
    }

    /** Whether dead letters repeat what is not durable yet: {@code again} runs when it is. Only where no other queue gets them: behind what that has taken of the group the originals could wait. */
    private boolean waitsForOriginals(RecordMove<?> move, ByteBuf batch, @Nullable AppendGroup group, Runnable again) {
        return deduplication != null
                && group != null
                && move.isOfDeadLetters()
                && move.targets.size() == 1
                && deduplication.waitsForOriginals(batch, again);
    }

    /** Takes over {@code batch}, with which the move's records come here. It hears of the decision, and then of what it decided. */
    void appendMoved(RecordMove<?> move, int number, ByteBuf batch, @Nullable AppendGroup group) {
        if (waitsForOriginals(move, batch, group, () -> appendMoved(move, number, batch, group))) {
            return;
        }
        int index = move.partition(number);
        Partition partition = queue.partitions()[index];
        int count = move.records.size();
        // What only changes its place in this queue does not make it longer, and could otherwise stand in its own way.
        Refusal refusal = move.isWithin(queue) && !queue.isDeleted()
                ? partition.refusal()
                : refusal(partition, batch, count, false);
        move.decided(queue.home(), number, refusal);
        if (refusal != null) {
            leaveOut(batch, group);
            return;
        }
        var stored = new Confirms();
        stored.add(move, number);
        if (move.isOfDeadLetters()) {
            take(index, batch, count, group, null, stored, move.home());
        } else {
            append(partition, batch, count, group, null, stored, move.home()); // an operator knows what is to be there
        }
    }

    /** Why a transaction cannot bring so many records, of so many bytes, into the partition now; null if it can. */
    @Nullable
    Refusal refusal(int index, int count, long bytes) {
        return refusal(queue.partitions()[index], count, bytes, false);
    }

    /** Takes over {@code batch}, of a transaction for which there was no {@link #refusal}; where the partition is gone meanwhile, its records go with it. */
    void appendChecked(int index, ByteBuf batch, int count, @Nullable AppendGroup group, Confirms stored) {
        Partition partition = queue.partitions()[index];
        if (queue.isDeleted() || partition.isLost()) {
            leaveOut(batch, group);
            stored.stored();
            return;
        }
        take(index, batch, count, group, null, stored, queue.home());
    }

    /** Takes over {@code batch}, which is not appended: what is in the group with it becomes durable without it. */
    private static void leaveOut(ByteBuf batch, @Nullable AppendGroup group) {
        batch.release();
        if (group != null) {
            group.leave();
        }
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
            append(queue.partitions()[index], batch, count, group, taken, stored, publisher);
            return;
        }
        Deduplication.Left left = deduplication.take(index, batch, group);
        if (left.awaited() == null) {
            append(queue.partitions()[index], left.batch(), count, group, taken, stored, publisher);
            return;
        }
        counters.duplicates += count - left.count();
        if (taken != null) {
            publisher.answer(queue.home(), taken::stored);
        }
        Confirms whenStored = stored == null ? null : deduplication.behind(left.awaited(), stored, publisher);
        if (left.count() > 0) {
            append(queue.partitions()[index], left.batch(), left.count(), group, null, whenStored, queue.home());
            return;
        }
        leaveOut(left.batch(), group);
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
        coming(partition, batch, count);
        if (group == null) {
            partition.append(batch, count, stored, publisher);
        } else {
            partition.appendInGroup(batch, count, group, stored, publisher);
        }
        if (taken != null && queue.readyBytes() != null && limitKeeping.isOverLimit()) {
            partition.confirm(partition.log().endOffset(), taken, publisher); // what gives way can be read only then
        } else if (taken != null) {
            publisher.answer(queue.home(), taken::stored);
        }
        came();
    }

    private void coming(Partition partition, ByteBuf batch, int count) {
        counters.published += count;
        if (story != null) {
            story.stored(partition, batch);
        }
    }

    private void came() {
        queue.entrance().show();
        queue.wake();
    }

    /** At the end of a turn: looks ahead to the queue's limits. */
    void endTurn() {
        if (forecast != null) {
            long nowMs = queue.home().turnTimeMs();
            forecast.turn(nowMs);
            if (forecast.isWarning()) {
                queue.wakeAt(nowMs + LOOK_AGAIN_MS);
            }
        }
    }

    /** Milliseconds until the queue is at one of its limits if it goes on like that; empty if it does not come nearer. */
    OptionalLong limitInMs() {
        if (forecast == null) {
            return OptionalLong.empty();
        }
        long nowMs = queue.home().turnTimeMs();
        forecast.turn(nowMs);
        return forecast.limitInMs(nowMs);
    }

    /** The queue is deleted. */
    void close() {
        if (forecast != null) {
            forecast.close();
        }
    }

    void refuse(@Nullable Confirms confirms, Refusal refusal, BrokerShard publisher) {
        if (confirms != null) {
            publisher.answer(queue.home(), () -> confirms.refused(refusal));
        }
    }

    /** Batches are taken or refused as a whole: at a limit, by whether there is room for the first record. {@code waits}: whoever sends it waits in time where others are refused. */
    private @Nullable Refusal refusal(Partition partition, ByteBuf batch, int count, boolean waits) {
        ReadyBytes bytes = queue.readyBytes();
        return refusal(partition, count, bytes == null ? 0 : bytes.firstBodyBytes(batch), waits);
    }

    private @Nullable Refusal refusal(Partition partition, int count, long bytes, boolean waits) {
        if (queue.isDeleted()) {
            return new Refusal(Refusal.Reason.QUEUE_NOT_FOUND, queue.name());
        }
        Refusal unavailable = queue.unavailable();
        if (unavailable != null) {
            return unavailable;
        }
        if (queue.pauses().publishing() && !waits) {
            counters.refusedWhilePaused += count;
            return new Refusal(Refusal.Reason.QUEUE_PAUSED, queue.name(), "an operator has paused publishing to it");
        }
        Refusal refusal = partition.refusal();
        if (refusal != null || limits == null || !refusesAtLimit(waits)) {
            return refusal;
        }
        String reached = limits.reachedWith(bytes, queue.waitedMs());
        if (reached == null) {
            return null;
        }
        counters.refusedAtLimit += count;
        return new Refusal(Refusal.Reason.QUEUE_FULL, queue.name(), reached, retryAfterMs(limits, count));
    }

    private long retryAfterMs(QueueLimits reached, int count) {
        if (forecast == null) {
            return 0;
        }
        forecast.turn(queue.home().turnTimeMs());
        return forecast.msUntilGone(reached.excessWith(count));
    }

    private boolean refusesAtLimit(boolean waits) {
        return overflow.isRefusal() || (overflow == Overflow.BLOCK && !waits) || limitKeeping.isHeldUp();
    }
}
