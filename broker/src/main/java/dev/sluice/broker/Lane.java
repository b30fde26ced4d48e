package dev.sluice.broker;

import dev.sluice.log.AppendGroup;
import dev.sluice.log.LogId;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One ordered run of a queue's records: a log, the backlog of what is not settled in it, and the publishers that wait for it. A queue has at least one. Confined to the queue's shard.
 */
final class Lane implements PartitionLog.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    private final Queue queue;
    private final int index;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final HeldBack heldBack = new HeldBack();
    private @Nullable PartitionLog log;
    private @Nullable Backlog backlog;
    private @Nullable Refusal outOfOrder;
    private @Nullable Refusal unreadable;
    private boolean beingRead;
    private boolean lost;

    /** Publishers of one batch, until everything below {@code end} is durable. */
    private record Waiting(long end, Confirms confirms, BrokerShard publisher) {}

    Lane(Queue queue, int index) {
        this.queue = queue;
        this.index = index;
    }

    int index() {
        return index;
    }

    @SuppressWarnings("ReferenceEquality") // there is one object for each queue
    boolean isOf(Queue other) {
        return queue == other;
    }

    LogId id() {
        return new LogId(queue.id().value() + index);
    }

    /** The lane begins to work. */
    void open(PartitionLog itsLog, CursorState state) {
        log = itsLog;
        backlog = new Backlog(itsLog, state, queue::wake, queue.readyLanes(), index);
    }

    boolean isOpen() {
        return backlog != null;
    }

    PartitionLog log() {
        PartitionLog open = log;
        if (open == null) {
            throw new IllegalStateException("queue " + queue.name() + " is not open");
        }
        return open;
    }

    Backlog backlog() {
        Backlog open = backlog;
        if (open == null) {
            throw new IllegalStateException("queue " + queue.name() + " is not open");
        }
        return open;
    }

    /** What is put aside in the backlog until a time. */
    HeldBack heldBack() {
        return heldBack;
    }

    /** Settles all that is ready or held back; returns how many records that was. */
    long purge() {
        return backlog().purge() + heldBack.settle(backlog());
    }

    /** Takes over {@code batch}. */
    void append(ByteBuf batch, int count, @Nullable Confirms taken, @Nullable Confirms stored, BrokerShard publisher) {
        appended(log().append(batch) + count, count, taken, stored, publisher);
    }

    /** As {@link #append}, for one member of the group. */
    void appendInGroup(ByteBuf batch, int count, AppendGroup group, Confirms stored, BrokerShard publisher) {
        appended(log().append(batch, group) + count, count, null, stored, publisher);
    }

    private void appended(
            long end, int count, @Nullable Confirms taken, @Nullable Confirms stored, BrokerShard publisher) {
        PartitionLog open = log();
        backlog().appended(count);
        if (taken != null) {
            publisher.answer(queue.home(), taken::stored);
        }
        if (stored != null) {
            waiting.addLast(new Waiting(end, stored, publisher));
        }
        if (open.durableOffset() >= end) {
            confirmBelow(open.durableOffset());
        }
    }

    @Override
    public void durable(long durableOffset) {
        queue.durable();
        confirmBelow(durableOffset);
        queue.wake();
    }

    private void confirmBelow(long durableOffset) {
        for (Waiting first = waiting.peekFirst();
                first != null && first.end <= durableOffset;
                first = waiting.peekFirst()) {
            waiting.removeFirst();
            first.publisher.answer(queue.home(), first.confirms::stored);
        }
    }

    @Override
    public void stalled(String reason) {
        LOG.warn("queue {} takes no more records: {}", queue.name(), reason);
        outOfOrder = new Refusal(Refusal.Reason.STORAGE, queue.name(), reason);
    }

    @Override
    public void resumed() {
        LOG.info("queue {} takes records again", queue.name());
        outOfOrder = null;
    }

    @Override
    public void lost(StorageException cause) {
        LOG.error("queue {} lost its storage", queue.name(), cause);
        lost = true;
        Refusal refusal = new Refusal(Refusal.Reason.STORAGE, queue.name(), String.valueOf(cause.getMessage()));
        outOfOrder = refusal;
        for (Waiting lost : waiting) {
            lost.publisher.answer(queue.home(), () -> lost.confirms.refused(refusal));
        }
        waiting.clear();
    }

    /** Whether nothing can be appended any more. */
    boolean isLost() {
        return lost;
    }

    /** Why nothing can be appended now; null if something can. What could perhaps not be read is not taken either. */
    @Nullable
    Refusal refusal() {
        return outOfOrder != null ? outOfOrder : unreadable;
    }

    /** Whether the backlog stands at a record now; whatever is missing before it is settled and counted. */
    boolean toNextReadable(QueueCounters counters) {
        Backlog open = backlog();
        beingRead = false;
        while (open.ready() > 0) {
            switch (open.peek()) {
                case AT -> {
                    if (unreadable != null) {
                        unreadable = null;
                        LOG.info("queue {} can be read again", queue.name());
                    }
                    countMissing(counters, open.skipMissing(open.record().offset()));
                    return true;
                }
                case MISSING -> countMissing(counters, open.skipMissing());
                case PENDING -> {
                    beingRead = true;
                    return false;
                }
                case END -> {
                    return false;
                }
                case FAILED -> {
                    notReadable(open.failure());
                    return false;
                }
            }
        }
        return false;
    }

    /** Whether the last {@link #toNextReadable} found that the next record is on its way from the storage. The queue is woken when it is there. */
    boolean isBeingRead() {
        return beingRead;
    }

    private void countMissing(QueueCounters counters, long records) {
        if (records > 0) {
            counters.damaged += records;
            LOG.error("queue {}: {} records are missing in storage and were passed over", queue.name(), records);
        }
    }

    /** Nothing is confirmed that could perhaps not be read either; a device may come back, damage does not. */
    private void notReadable(StorageException failure) {
        if (unreadable == null) {
            LOG.error("queue {} cannot be read: {}", queue.name(), failure.getMessage());
        }
        unreadable = new Refusal(Refusal.Reason.STORAGE, queue.name(), String.valueOf(failure.getMessage()));
        if (failure.isRetryable()) {
            queue.readAgainLater();
        }
    }

    /** The queue is gone: there is nothing that anybody could wait for. */
    void delete() {
        confirmBelow(Long.MAX_VALUE);
        if (backlog != null) {
            backlog.close();
        }
    }
}
