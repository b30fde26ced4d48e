package dev.sluice.broker;

import dev.sluice.log.CorruptRecordException;
import dev.sluice.log.LogId;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.StorageException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How far a queue has come with one partition: the backlog of what is not settled in it. A queue has at least one. Confined to the queue's shard. */
final class Lane {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    private static final long NEXT = -1;
    private static final long OLDEST = -2;

    private final Queue queue;
    private final int index;
    private final Partition partition;
    private final QueueCounters counters;
    private final HeldBack heldBack = new HeldBack();
    private @Nullable Backlog backlog;
    private boolean beingRead;
    private long settledBelow;

    Lane(Queue queue, int index, Partition partition) {
        this.queue = queue;
        this.index = index;
        this.partition = partition;
        this.counters = queue.counters();
    }

    Queue queue() {
        return queue;
    }

    int index() {
        return index;
    }

    @SuppressWarnings("ReferenceEquality") // there is one object for each queue
    boolean isOf(Queue other) {
        return queue == other;
    }

    /** Under which its cursor is stored. */
    LogId id() {
        return new LogId(queue.id().value() + index);
    }

    Partition partition() {
        return partition;
    }

    /** The lane begins to work, as its partition does already; completes when it knows what it has to know of the records that are there, at once if there are none. */
    CompletableFuture<Void> open(CursorState state) {
        long lost = state.knownBelow() - log().endOffset();
        if (lost > 0) { // the others of a topic find, as this one, that they are missing
            partition.readers().forEach(reader -> reader.backlog().appended(lost));
        }
        LastValues lastValues = partition.lastValues();
        if (lastValues != null) {
            lastValues.superseded().forEachRange(state.acknowledged::add);
        }
        var itsBacklog = new Backlog(partition.log(), state, queue::wake, queue.readyLanes(), index, queue.order());
        backlog = itsBacklog;
        settledBelow = itsBacklog.cursor().floor();
        partition.add(this);
        ReadyBytes bytes = queue.readyBytes();
        return bytes == null ? CompletableFuture.completedFuture(null) : itsBacklog.countBytes(bytes.part());
    }

    /** What was settled until then is durable now. */
    void giveBack(Cursor.Reclaim reclaim) {
        settledBelow = reclaim.floor();
        partition.giveBack(reclaim);
    }

    /** Every record below is settled, durably. */
    long settledBelow() {
        return settledBelow;
    }

    /** The topic has given up everything below the offset, to keep its limits. */
    void passOver(long below) {
        counters.droppedAtLimit += backlog().loseBelow(below);
    }

    /** As {@link #passOver}, since somebody wanted that. */
    void passOverDeleted(long below) {
        counters.purged += backlog().loseBelow(below);
    }

    /** As {@link #passOver}, since there are later records of the same keys. */
    void passOverSuperseded(long below) {
        counters.superseded += backlog().loseBelow(below);
    }

    boolean isOpen() {
        return backlog != null;
    }

    PartitionLog log() {
        return partition.log();
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

    /** Whether the backlog stands at the record that is next, now; whatever is missing before it is settled and counted. */
    boolean toNextReadable() {
        return toReadable(NEXT);
    }

    /** As {@link #toNextReadable}, for the oldest that is ready. */
    boolean toOldestReadable() {
        return toReadable(OLDEST);
    }

    /** Whether the backlog stands at this record, which was passed over, now; if it is missing, it is settled and counted. */
    boolean toReadable(long offset) {
        Backlog open = backlog();
        beingRead = false;
        while (open.ready() > 0) {
            switch (offset == NEXT ? open.peek() : offset == OLDEST ? open.peekOldest() : open.peekAt(offset)) {
                case AT -> {
                    partition.readable();
                    long missing = open.skipMissing(open.record().offset());
                    if (missing == 0) {
                        return true;
                    }
                    countMissing(missing);
                    if (offset >= 0) {
                        return false;
                    }
                }
                case MISSING -> {
                    skipMissing(open);
                    if (offset >= 0) {
                        return false;
                    }
                }
                case PENDING -> {
                    beingRead = true;
                    return false;
                }
                case END -> {
                    return false;
                }
                case FAILED -> {
                    notReadable(open.reader().failure());
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

    private void skipMissing(Backlog open) {
        CorruptRecordException damage = open.reader().damage();
        long records = open.skipMissing();
        if (damage == null) {
            countMissing(records);
        } else {
            counters.damaged += records;
            LOG.error(
                    "queue {}: {} records cannot be made out and were passed over: {}",
                    queue.name(),
                    records,
                    damage.getMessage());
        }
    }

    private void countMissing(long records) {
        if (records > 0 && partition.lastValues() != null) {
            counters.superseded += records;
        } else if (records > 0 && partition.isOfTopic()) {
            counters.droppedAtLimit += records;
        } else if (records > 0) {
            counters.damaged += records;
            LOG.error("queue {}: {} records are missing in storage and were passed over", queue.name(), records);
        }
    }

    /** The device may answer by now. What nobody has to read any more keeps nobody waiting. */
    void readAgain() {
        Backlog open = backlog();
        open.reader().retry();
        toNextReadable();
        if (open.ready() == 0) {
            partition.readable();
        } else if (beingRead) {
            queue.readAgainLater(); // it may be settled before it is there, and then nobody else looks
        }
    }

    private void notReadable(StorageException failure) {
        partition.notReadable(failure);
        if (failure.isRetryable()) {
            queue.readAgainLater();
        }
    }

    /** Nothing is read any more. */
    void close() {
        if (backlog != null) {
            partition.remove(this);
            backlog.close();
        }
    }
}
