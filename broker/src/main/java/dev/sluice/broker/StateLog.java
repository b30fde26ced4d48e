package dev.sluice.broker;

import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A log of one shard's state: changes are appended in batches, and nobody waits for them but who gives back what they make needless. When it is more than twice as large as a snapshot, its user writes one and it begins anew.
 * Confined to its shard.
 */
final class StateLog implements PartitionLog.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(StateLog.class);
    private static final int BATCH_BYTES = 1 << 20;
    private static final long LEAST_BYTES_TO_COMPACT = 1 << 20;

    private final BrokerShard shard;
    private final String content;
    private final String lossText;
    private final ArrayDeque<Written> written = new ArrayDeque<>();
    private @Nullable PartitionLog log;
    /** Written and not yet appended. */
    private @Nullable RecordBatchBuilder batch;

    private long bytesSinceSnapshot;
    private long snapshotBytes;

    /** What may be done when everything below {@code end} is durable. */
    private record Written(long end, Runnable whenDurable) {}

    /** {@code content}: what it holds, for people; {@code lossText}: what it means that it cannot be stored. */
    StateLog(BrokerShard shard, String content, String lossText) {
        this.shard = shard;
        this.content = content;
        this.lossText = lossText;
    }

    void open(PartitionLog itsLog) {
        log = itsLog;
    }

    PartitionLog log() {
        PartitionLog open = log;
        if (open == null) {
            throw new IllegalStateException("the log of " + content + " is not open");
        }
        return open;
    }

    /** Copies a record's value into the batch that {@link #append} ends. */
    void add(ByteBuf change) {
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

    void append() {
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

    /** Whether it is time for a {@link #snapshot}. */
    boolean isLarge() {
        return bytesSinceSnapshot > LEAST_BYTES_TO_COMPACT + 2 * snapshotBytes;
    }

    /**
     * {@code state} adds everything that is to be known. {@code whenDurable} runs once that is durable; from then on nothing before the offset returned is needed.
     */
    long snapshot(Runnable state, Runnable whenDurable) {
        append();
        long start = log().endOffset();
        bytesSinceSnapshot = 0;
        state.run();
        append();
        snapshotBytes = bytesSinceSnapshot;
        bytesSinceSnapshot = 0;
        whenEverythingIsDurable(whenDurable);
        return start;
    }

    void trim(long before) {
        log().trim(before);
    }

    /** Runs {@code action} when all that has been added so far is durable. */
    void whenEverythingIsDurable(Runnable action) {
        append();
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
        LOG.warn("{} wait for storage: {}", content, reason);
    }

    @Override
    public void resumed() {
        LOG.info("{} are stored again", content);
    }

    @Override
    public void lost(StorageException cause) {
        LOG.error("{} cannot be stored; {}", content, lossText, cause);
    }
}
