package dev.sluice.kafka.group;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.coordinator.common.runtime.PartitionWriter;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.VerificationGuard;
import org.jspecify.annotations.Nullable;

/**
 * Where the coordinator writes: the one partition of its topic. It is told at once at which offset its records are, and what waits for them is answered when they are durable. Offsets are given out before the partition knows of the batch, so
 * a batch that is refused later, or somebody else's between ours, ends this run: the coordinator has to begin anew from what is stored. Confined to the partition's owner, where an append is refused before it returns if it is refused at all
 * for want of room.
 */
final class OffsetsTopic implements PartitionWriter {
    /** The only partition. */
    static final TopicPartition PARTITION = new TopicPartition("__consumer_offsets", 0);

    private final PartitionStream stream;
    /** Runs once in a run, when what the coordinator believes is not what is stored. */
    private final Runnable whenLost;

    private final LogConfig config;
    private @Nullable Listener listener;
    private long nextOffset;
    private int inFlight;
    private boolean lost;
    private @Nullable Runnable whenIdle;

    OffsetsTopic(PartitionStream stream, LogConfig config, Runnable whenLost) {
        this.stream = stream;
        this.config = config;
        this.whenLost = whenLost;
    }

    PartitionStream stream() {
        return stream;
    }

    /** Runs {@code action} when it is known of all batches what became of them. */
    void whenIdle(Runnable action) {
        if (inFlight == 0) {
            action.run();
        } else {
            whenIdle = action;
        }
    }

    /** A new run begins with the next record at that offset. */
    void begin(long offset) {
        nextOffset = offset;
        lost = false;
    }

    @Override
    public long append(TopicPartition tp, VerificationGuard guard, MemoryRecords records, short transactionVersion) {
        if (lost) {
            throw new NotEnoughReplicasException("the groups are about to be loaded again");
        }
        var append = new Append(nextOffset, countOf(records));
        inFlight++;
        stream.append(copyOf(records), append.count, append);
        append.throwIfRefused();
        nextOffset += append.count;
        return nextOffset;
    }

    private static int countOf(MemoryRecords records) {
        int count = 0;
        for (RecordBatch batch : records.batches()) {
            count += Math.toIntExact(batch.lastOffset() - batch.baseOffset() + 1);
        }
        return count;
    }

    /** The coordinator uses its buffer again. */
    private static ByteBuf copyOf(MemoryRecords records) {
        ByteBuf copy = PooledByteBufAllocator.DEFAULT.buffer(records.sizeInBytes());
        return copy.writeBytes(records.buffer());
    }

    /** One batch on its way. */
    private final class Append implements PartitionStream.AppendReply {
        private final long offset;
        private final int count;
        private boolean returned;
        private @Nullable Refusal refusal;

        Append(long offset, int count) {
            this.offset = offset;
            this.count = count;
        }

        void throwIfRefused() {
            returned = true;
            if (refusal != null) {
                if (refusal.reason() == Refusal.Reason.QUEUE_NOT_FOUND) {
                    lose();
                }
                throw new NotEnoughReplicasException(
                        "the groups' topic takes nothing now: " + refusal.reason() + " " + refusal.detail());
            }
        }

        @Override
        public void appended(long baseOffset, long startOffset) {
            if (baseOffset != offset) {
                lose();
            } else if (!lost && listener != null) {
                listener.onHighWatermarkUpdated(PARTITION, offset + count);
            }
            ended();
        }

        @Override
        public void refused(Refusal why) {
            if (returned) {
                lose();
            } else {
                refusal = why;
            }
            ended();
        }

        private void ended() {
            inFlight--;
            Runnable idle = whenIdle;
            if (inFlight == 0 && idle != null) {
                whenIdle = null;
                idle.run();
            }
        }
    }

    private void lose() {
        if (!lost) {
            lost = true;
            whenLost.run();
        }
    }

    @Override
    public void registerListener(TopicPartition tp, Listener itsListener) {
        listener = itsListener;
    }

    @Override
    public void deregisterListener(TopicPartition tp, Listener itsListener) {
        listener = null;
    }

    @Override
    public LogConfig config(TopicPartition tp) {
        return config;
    }

    /** Transactions are checked before their offsets come here. */
    @Override
    public CompletableFuture<VerificationGuard> maybeStartTransactionVerification(
            TopicPartition tp, String transactionalId, long producerId, short producerEpoch, int apiVersion)
            throws KafkaException {
        return CompletableFuture.completedFuture(VerificationGuard.SENTINEL);
    }

    /** The topic keeps what it has to by itself. */
    @Override
    public CompletableFuture<Void> deleteRecords(TopicPartition tp, long before) throws KafkaException {
        return CompletableFuture.completedFuture(null);
    }
}
