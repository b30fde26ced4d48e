package dev.sluice.broker;

import dev.sluice.log.AppendGroup;
import dev.sluice.log.OffsetSet;
import dev.sluice.log.RecordBatchBuilder;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Some records of one lane on their way to the same queues, as one batch for each. Where the lane outlives the process, the batches and the note that the records are settled are one {@link AppendGroup}: after a crash they are
 * in the lane or in all of the queues. A queue that refuses its batch takes the note out of the group; the others keep what they have, and the records are tried again for the rest. Confined to the shard of the lane; the
 * fields that do not change are read by those of the targets.
 *
 * @param <R> what their owner knows of each
 */
final class RecordMove<R extends MovedRecord> implements ConfirmSink {
    final Lane lane;
    final List<Queue> targets;
    private final List<Integer> partitions;
    final List<R> records = new ArrayList<>();
    private final Owner<R> owner;
    private final BrokerShard home;
    private final RecordBatchBuilder batch;
    private final List<Queue> reached = new ArrayList<>(1);
    private @Nullable AppendGroup group;
    private MoveLog.@Nullable Note note;
    private int undecided;
    private int unanswered;
    private @Nullable Refusal refusal;

    /** Who has the records moved. Called on the shard of the lane. */
    interface Owner<R extends MovedRecord> {
        /** All targets have them: they are to be settled in the lane, unless they were only copied. */
        void moved(RecordMove<R> move);

        /** Not all targets have them; each record knows which do. */
        void refused(RecordMove<R> move, Refusal refusal);

        /** The lane is gone, or the broker stops. */
        boolean isClosed();
    }

    /** {@code partitions}: where the records go in each target. */
    RecordMove(Owner<R> owner, BrokerShard home, Lane lane, List<Queue> targets, List<Integer> partitions) {
        this.owner = owner;
        this.home = home;
        this.lane = lane;
        this.targets = targets;
        this.partitions = partitions;
        this.batch = home.takeBuilder();
    }

    /** Whether they move by themselves. Any thread. */
    boolean isOfDeadLetters() {
        return owner instanceof DeadLetters;
    }

    RecordBatchBuilder batch() {
        return batch;
    }

    /** Of all batches together. */
    long sizeInBytes() {
        return (long) batch.sizeInBytes() * targets.size();
    }

    /** Sends the batches to the targets. {@code isPersistent}: whether the lane outlives the process. */
    void start(boolean isPersistent) {
        long bytes = sizeInBytes();
        ByteBuf bytesOfAll = batch.build();
        home.giveBack(batch);
        undecided = targets.size();
        unanswered = targets.size();
        boolean isNoted = isPersistent && isToSettle();
        AppendGroup itsGroup = isNoted ? home.moveLog().begin(targets.size() + 1, bytes + MoveLog.NOTE_BYTES) : null;
        group = itsGroup;
        for (int i = 0; i < targets.size(); i++) {
            Queue target = targets.get(i);
            ByteBuf itsBatch = i == targets.size() - 1 ? bytesOfAll : bytesOfAll.copy();
            int number = i;
            home.send(target.home(), () -> target.intake().appendMoved(this, number, itsBatch, itsGroup));
        }
    }

    /** It is not sent at all. */
    void discard() {
        batch.clear();
        home.giveBack(batch);
    }

    /** The target's shard took its batch, or refused it; {@link #stored} follows if it took it. On the shard of the target. */
    void decided(BrokerShard from, int number, @Nullable Refusal itsRefusal) {
        home.answer(from, () -> decided(number, itsRefusal));
    }

    private boolean isToSettle() {
        return records.getFirst().isToSettle();
    }

    /** Whether the records only change their place in that queue. Any thread. */
    boolean isWithin(Queue queue) {
        return lane.isOf(queue) && isToSettle();
    }

    BrokerShard home() {
        return home;
    }

    /** Where the records go in the target with this number. Any thread. */
    int partition(int number) {
        return partitions.get(number);
    }

    private void decided(int number, @Nullable Refusal itsRefusal) {
        undecided--;
        if (itsRefusal != null) {
            refusal = itsRefusal;
            unanswered--;
        } else {
            reached.add(targets.get(number));
        }
        if (undecided == 0 && group != null) {
            noteSettled(group);
        }
        endIfAnswered();
    }

    private void noteSettled(AppendGroup open) {
        if (refusal != null || owner.isClosed()) {
            open.leave();
            return;
        }
        var offsets = new OffsetSet();
        for (R record : records) {
            offsets.add(record.offset(), record.offset());
        }
        note = home.moveLog().settle(Map.of(lane.id(), offsets), open, new Confirms());
    }

    @Override
    public void stored(long firstNumber, long lastNumber) {
        unanswered -= (int) (lastNumber - firstNumber + 1);
        endIfAnswered();
    }

    /** A target lost its storage after it had taken the batch. */
    @Override
    public void refused(long firstNumber, long lastNumber, Refusal itsRefusal) {
        refusal = itsRefusal;
        for (long number = firstNumber; number <= lastNumber; number++) {
            reached.remove(targets.get((int) number));
        }
        stored(firstNumber, lastNumber);
    }

    private void endIfAnswered() {
        if (undecided > 0 || unanswered > 0) {
            return;
        }
        if (refusal == null) {
            owner.moved(this);
        } else {
            records.forEach(record -> record.reached().addAll(reached));
            owner.refused(this, refusal);
        }
        if (note != null) {
            home.moveLog().done(note);
        }
    }
}
