package dev.sluice.broker;

import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one shard writes what its queues have settled: one record per queue and turn, or a few large ones; nobody waits for it. What was settled gives back its storage once the change is durable. When the log is more than
 * twice as large as a snapshot it begins anew with one. Confined to its shard.
 */
final class CursorLog implements PartitionLog.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(CursorLog.class);
    private static final int BATCH_BYTES = 1 << 20;
    private static final long LEAST_BYTES_TO_COMPACT = 1 << 20;

    private final BrokerShard shard;
    private final CursorChangeWriter writer = new CursorChangeWriter(this::add);
    private final ArrayDeque<Written> written = new ArrayDeque<>();
    private @Nullable PartitionLog log;
    /** Written and not yet appended; null outside of {@link #write} and {@link #snapshot}. */
    private @Nullable RecordBatchBuilder batch;

    private long bytesSinceSnapshot;
    private long snapshotBytes;

    /** What may be done when everything below {@code end} is durable. */
    private record Written(long end, Runnable whenDurable) {}

    CursorLog(BrokerShard shard) {
        this.shard = shard;
    }

    void open(PartitionLog itsLog) {
        log = itsLog;
    }

    PartitionLog log() {
        PartitionLog open = log;
        if (open == null) {
            throw new IllegalStateException("the cursor log is not open");
        }
        return open;
    }

    /** Writes the changes of these queues, if there are any. Topics may come to the list meanwhile, when a reader gives back what it does not need any more. */
    void write(List<Queue> queues) {
        List<Runnable> whenDurable = new ArrayList<>(0);
        for (int i = 0; i < queues.size(); i++) {
            Queue queue = queues.get(i);
            if (queue.isDeleted() || !queue.isOpen()) {
                continue;
            }
            for (Lane lane : queue.lanes()) {
                Backlog backlog = lane.backlog();
                if (!backlog.isChanged()) {
                    continue;
                }
                if (!queue.isPersistent()) {
                    backlog.forgetChanges();
                    lane.giveBack(backlog.reclaimable());
                    continue;
                }
                backlog.writeChange(writer, lane.id().value());
                Backlog.Reclaim reclaim = backlog.reclaimable();
                whenDurable.add(() -> giveBack(queue, lane, reclaim));
            }
        }
        if (!whenDurable.isEmpty()) {
            append();
            whenEverythingIsDurable(() -> whenDurable.forEach(Runnable::run));
            compactIfLarge();
        }
    }

    private static void giveBack(Queue queue, Lane lane, Backlog.Reclaim reclaim) {
        if (!queue.isDeleted()) {
            lane.giveBack(reclaim);
        }
    }

    private void add(ByteBuf change) {
        RecordBatchBuilder open = batch;
        if (open == null) {
            open = shard.takeBuilder();
            batch = open;
        }
        open.append(shard.turnTimeMs(), null, change, RecordHeaders.EMPTY);
        if (open.sizeInBytes() > BATCH_BYTES) {
            append();
        }
    }

    private void append() {
        RecordBatchBuilder full = batch;
        if (full == null) {
            return;
        }
        batch = null;
        ByteBuf bytes = full.build();
        shard.giveBack(full);
        bytesSinceSnapshot += bytes.readableBytes();
        log().append(bytes);
    }

    private void compactIfLarge() {
        if (bytesSinceSnapshot > LEAST_BYTES_TO_COMPACT + 2 * snapshotBytes) {
            long start = log().endOffset();
            snapshot(shard.topology().queues(), () -> trim(start));
        }
    }

    /**
     * Writes the whole state of these queues. {@code whenDurable} runs once that is durable; from then on nothing before
     * the offset returned is needed.
     */
    long snapshot(Collection<Queue> queues, Runnable whenDurable) {
        long start = log().endOffset();
        bytesSinceSnapshot = 0;
        for (Queue queue : queues) {
            if (queue.home() == shard && queue.isPersistent() && !queue.isDeleted() && queue.isOpen()) {
                for (Lane lane : queue.lanes()) {
                    lane.backlog().writeSnapshot(writer, lane.id().value());
                }
            }
        }
        append();
        whenEverythingIsDurable(whenDurable);
        snapshotBytes = bytesSinceSnapshot;
        bytesSinceSnapshot = 0;
        return start;
    }

    void trim(long before) {
        log().trim(before);
    }

    /** Runs {@code action} when all that has been written so far is durable. */
    void whenEverythingIsDurable(Runnable action) {
        written.addLast(new Written(log().endOffset(), action));
        durable(log().durableOffset());
    }

    @Override
    public void durable(long durableOffset) {
        for (Written first = written.peekFirst();
                first != null && first.end <= durableOffset;
                first = written.peekFirst()) {
            written.removeFirst();
            first.whenDurable.run();
        }
    }

    @Override
    public void stalled(String reason) {
        LOG.warn("acknowledgements wait for storage: {}", reason);
    }

    @Override
    public void resumed() {
        LOG.info("acknowledgements are stored again");
    }

    @Override
    public void lost(StorageException cause) {
        LOG.error("acknowledgements cannot be stored; after a restart their records will be delivered again", cause);
    }
}
