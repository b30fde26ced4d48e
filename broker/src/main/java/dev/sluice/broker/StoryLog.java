package dev.sluice.broker;

import dev.sluice.log.Durability;
import dev.sluice.log.LogSettings;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.Retention;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where one shard writes what happens to the records of queues that have a {@link QueueStory}: one batch in a turn. Nobody waits for it, and it holds up nobody: what there is no room for is left out and counted. A crash takes up to a
 * second of it. Goes by age. Confined to its shard.
 */
final class StoryLog implements PartitionLog.Listener {
    static final LogSettings SETTINGS = LogSettings.DEFAULT.withDurability(Durability.interval(1_000));
    /** What is more in one turn is left out. */
    static final int MOST_BYTES_PER_TURN = 1 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(StoryLog.class);
    private static final long LOOK_MS = 60_000;

    private final BrokerShard shard;
    private final ByteBuf scratch = Unpooled.buffer(256);
    private @Nullable PartitionLog log;
    /** Of this turn, not yet appended. */
    private @Nullable RecordBatchBuilder batch;

    private Shard.@Nullable Timer timer;
    /** All queues that have a story have said how long it is. */
    private boolean begun;

    private boolean outOfOrder;
    private boolean stopped;
    private long rememberedMs;
    private long leftOut;

    StoryLog(BrokerShard shard) {
        this.shard = shard;
    }

    void open(PartitionLog itsLog) {
        log = itsLog;
    }

    PartitionLog log() {
        PartitionLog open = log;
        if (open == null) {
            throw new IllegalStateException("the log of stories is not open");
        }
        return open;
    }

    /** A queue of the shard wants its events to be there for so long. */
    void remember(long ms) {
        rememberedMs = Math.max(rememberedMs, ms);
    }

    /** All queues that the storage has are open. */
    void begin() {
        begun = true;
        forgetLater();
    }

    /** Appended at the end of the turn, unless there is no room for it. */
    void add(StoryNote note) {
        if (stopped) {
            return;
        }
        RecordBatchBuilder open = batch;
        boolean isFull = open != null && open.sizeInBytes() >= MOST_BYTES_PER_TURN;
        if (isFull || outOfOrder || shard.publishGate().isStopped()) {
            leaveOut(1);
            return;
        }
        if (open == null) {
            open = shard.takeBuilder();
            batch = open;
        }
        scratch.clear();
        note.encode(scratch);
        open.append(shard.turnTimeMs(), null, scratch, RecordHeaders.EMPTY);
    }

    private void leaveOut(int events) {
        if (leftOut == 0) {
            LOG.warn("events of stories are left out: there is no room for them now");
        }
        leftOut += events;
    }

    /** Events since the start that there was no room for. */
    long leftOut() {
        return leftOut;
    }

    /** At the end of a turn, or when somebody asks. */
    void write() {
        RecordBatchBuilder full = batch;
        if (full == null) {
            return;
        }
        batch = null;
        if (outOfOrder) {
            leaveOut(full.recordCount());
            full.clear();
            shard.giveBack(full);
            return;
        }
        ByteBuf bytes = full.build();
        shard.giveBack(full);
        log().append(bytes);
        forgetLater();
    }

    private void forgetLater() {
        if (begun && timer == null && log().startOffset() < log().endOffset()) {
            timer = shard.shard().schedule(this::forget, LOOK_MS);
        }
    }

    /** Gives up what is too old for every queue. */
    private void forget() {
        timer = null;
        if (!stopped && !outOfOrder) {
            log().retain(
                            new Retention(rememberedMs, Retention.UNLIMITED),
                            shard.shard().nowMs());
            forgetLater();
        }
    }

    /** Writes what is left, and takes nothing more. */
    void stop() {
        write();
        stopped = true;
        if (timer != null) {
            timer.cancel();
        }
    }

    @Override
    public void durable(long durableOffset) {}

    @Override
    public void stalled(String reason) {
        LOG.warn("stories have gaps from now on, as they wait for storage: {}", reason);
        outOfOrder = true;
    }

    @Override
    public void resumed() {
        LOG.info("stories go on");
        outOfOrder = false;
        forgetLater();
    }

    @Override
    public void lost(StorageException cause) {
        LOG.error("stories cannot be stored any more", cause);
        outOfOrder = true;
    }
}
