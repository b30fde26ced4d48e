package dev.sluice.broker;

import dev.sluice.log.AppendGroup;
import dev.sluice.log.RecordBatch;
import dev.sluice.log.RecordBatchBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction stores in one partition. Filled on the shard that gathers it, then handed to that of the partition.
 */
final class PartitionWrite {
    /** Records are appended with this timestamp; they get that of the commit. */
    static final long TIMESTAMP = 0;

    /** A batch that is as large as this gets no more. */
    private static final int BATCH_BYTES = 1 << 20;

    private final Queue queue;
    private final int partition;
    private final List<RecordBatchBuilder> batches = new ArrayList<>(1);
    /** Of each of the batches, once they are whole. */
    private final List<ByteBuf> built = new ArrayList<>(1);

    PartitionWrite(Queue queue, int partition) {
        this.queue = queue;
        this.partition = partition;
    }

    Queue queue() {
        return queue;
    }

    /** Copies the record; releases nothing. */
    void add(@Nullable ByteBuf key, ByteBuf value, ByteBuf headers) {
        batch().append(TIMESTAMP, key, value, headers);
    }

    /** Where the next record goes. */
    RecordBatchBuilder batch() {
        if (batches.isEmpty() || batches.getLast().sizeInBytes() >= BATCH_BYTES) {
            // Not one of the shard's, which keep their memory: a transaction may need many.
            batches.add(new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT));
        }
        return batches.getLast();
    }

    int batchCount() {
        return batches.size();
    }

    private int recordCount() {
        return batches.stream().mapToInt(RecordBatchBuilder::recordCount).sum();
    }

    long sizeInBytes() {
        return batches.stream().mapToLong(RecordBatchBuilder::sizeInBytes).sum();
    }

    /** Why the partition does not take it now; null if it does. On the shard of the partition. */
    @Nullable
    Refusal refusal() {
        return queue.intake().refusal(partition, recordCount(), sizeInBytes());
    }

    /** Whether it repeats records that are not durable yet: then {@code again} runs when more are. On the shard of the partition. */
    boolean waitsForOriginals(Runnable again) {
        Deduplication deduplication = queue.deduplication();
        if (deduplication == null || queue.isDeleted()) {
            return false;
        }
        for (ByteBuf batch : built()) {
            if (deduplication.waitsForOriginals(batch, again)) {
                return true;
            }
        }
        return false;
    }

    private List<ByteBuf> built() {
        if (built.isEmpty()) {
            long timestampMs = queue.home().turnTimeMs();
            batches.forEach(batch -> built.add(batch.build(timestampMs)));
        }
        return built;
    }

    /** It will not be appended. */
    void release() {
        built.forEach(ByteBuf::release);
        built.clear();
    }

    /** Hands it to the partition; {@code sink} is told of each batch, there. On the shard of the partition. */
    void append(@Nullable AppendGroup group, ConfirmSink sink) {
        for (ByteBuf batch : built()) {
            var stored = new Confirms();
            stored.add(sink, 0);
            queue.intake().appendChecked(partition, batch, RecordBatch.recordCount(batch, 0), group, stored);
        }
        built.clear();
    }
}
