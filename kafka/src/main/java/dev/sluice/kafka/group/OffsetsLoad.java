package dev.sluice.kafka.group;

import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Shard;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.requests.TransactionResult;
import org.apache.kafka.coordinator.common.runtime.CoordinatorLoader;
import org.apache.kafka.coordinator.common.runtime.CoordinatorPlayback;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordSerde;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives the coordinator what its topic holds, from the beginning, a part in each turn of the shard. Confined to the topic's owner. */
final class OffsetsLoad implements CoordinatorLoader<CoordinatorRecord> {
    private static final Logger LOG = LoggerFactory.getLogger(OffsetsLoad.class);
    /** In one turn; a thousand records or so. */
    private static final int READ_BYTES = 64 << 10;

    private final Shard shard;
    private final OffsetsTopic topic;
    private final BiConsumer<@Nullable LoadSummary, @Nullable Throwable> whenLoaded;
    private final GroupCoordinatorRecordSerde serde = new GroupCoordinatorRecordSerde();

    /** {@code whenLoaded}: hears of each time, how it has ended. */
    OffsetsLoad(Shard shard, OffsetsTopic topic, BiConsumer<@Nullable LoadSummary, @Nullable Throwable> whenLoaded) {
        this.shard = shard;
        this.topic = topic;
        this.whenLoaded = whenLoaded;
    }

    @Override
    public CompletableFuture<LoadSummary> load(TopicPartition tp, CoordinatorPlayback<CoordinatorRecord> playback) {
        var run = new Run(playback);
        topic.whenIdle(run::begin);
        return run.done.whenComplete(whenLoaded);
    }

    @Override
    public void close() {}

    /** One time through the topic. */
    private final class Run implements PartitionStream.ReadReply {
        private final CoordinatorPlayback<CoordinatorRecord> playback;
        private final CompletableFuture<LoadSummary> done = new CompletableFuture<>();
        private final long startTimeMs = shard.nowMs();
        private long next;
        private long records;
        private long bytes;

        Run(CoordinatorPlayback<CoordinatorRecord> playback) {
            this.playback = playback;
        }

        void begin() {
            topic.stream().bounds(new PartitionStream.BoundsReply() {
                @Override
                public void bounds(long startOffset, long endOffset) {
                    next = startOffset;
                    readOn(endOffset);
                }

                @Override
                public void refused(Refusal refusal) {
                    Run.this.refused(refusal);
                }
            });
        }

        private void readOn(long endOffset) {
            if (next < endOffset) {
                shard.execute(() -> topic.stream().read(next, READ_BYTES, this));
                return;
            }
            if (endOffset > 0) { // an end that does not move is a bug to the coordinator
                playback.updateLastWrittenOffset(endOffset);
                playback.updateLastCommittedOffset(endOffset);
            }
            topic.begin(endOffset);
            done.complete(new LoadSummary(startTimeMs, shard.nowMs(), 0, records, bytes));
        }

        @Override
        public void read(List<ByteBuf> batches, int read, long startOffset, long endOffset) {
            bytes += read;
            try {
                batches.forEach(this::replay);
            } catch (RuntimeException failed) {
                done.completeExceptionally(failed);
                return;
            } finally {
                batches.forEach(ByteBuf::release);
            }
            if (batches.isEmpty()) {
                next = next < startOffset ? startOffset : endOffset; // what was there has been superseded meanwhile
            }
            readOn(endOffset);
        }

        @Override
        public void refused(Refusal refusal) {
            done.completeExceptionally(new CoordinatorNotAvailableException(
                    "the groups' topic cannot be read: " + refusal.reason() + " " + refusal.detail()));
        }

        private void replay(ByteBuf batches) {
            for (RecordBatch batch :
                    MemoryRecords.readableRecords(batches.nioBuffer()).batches()) {
                for (Record record : batch) {
                    if (record.offset() >= next) {
                        replay(batch, record);
                    }
                }
                next = batch.lastOffset() + 1;
            }
        }

        private void replay(RecordBatch batch, Record record) {
            records++;
            if (batch.isControlBatch()) {
                playback.replayEndTransactionMarker(batch.producerId(), batch.producerEpoch(), resultOf(record));
                return;
            }
            CoordinatorRecord known = deserialize(record);
            if (known != null) {
                playback.replay(record.offset(), batch.producerId(), batch.producerEpoch(), known);
            }
        }

        private static TransactionResult resultOf(Record marker) {
            return ControlRecordType.parse(marker.key()) == ControlRecordType.COMMIT
                    ? TransactionResult.COMMIT
                    : TransactionResult.ABORT;
        }

        /** Null for what the coordinator cannot have written, or a newer one has. */
        private @Nullable CoordinatorRecord deserialize(Record record) {
            String why = "it has no key";
            try {
                if (record.hasKey()) {
                    return serde.deserialize(record.key(), record.value());
                }
            } catch (RuntimeException unknown) {
                why = String.valueOf(unknown.getMessage());
            }
            LOG.warn(
                    "record {} of {} is not one of a group coordinator and is passed over: {}",
                    record.offset(),
                    GroupCoordinator.TOPIC,
                    why);
            return null;
        }
    }
}
