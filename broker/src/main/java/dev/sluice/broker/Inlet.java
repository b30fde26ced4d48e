package dev.sluice.broker;

import dev.sluice.log.RecordBatchBuilder;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Where the publishers of one shard put records for one queue: everything of one turn becomes one batch, so that the queue's shard and the journal see one thing however many messages there
 * were. Confined to the publishing shard.
 */
final class Inlet {
    /** A batch is handed over before the end of the turn when it is as large as this. */
    private static final int BATCH_BYTES = 1 << 20;

    final Queue queue;
    private final BrokerShard shard;
    /** Number of the routing that named it last, so that a message goes to each queue once. */
    long routed;

    private @Nullable RecordBatchBuilder batch;
    private @Nullable Confirms whenTaken;
    private @Nullable Confirms whenStored;

    Inlet(Queue queue, BrokerShard shard) {
        this.queue = queue;
        this.shard = shard;
    }

    /** Copies the record; releases nothing. */
    void append(
            @Nullable ByteBuf key,
            ByteBuf value,
            ByteBuf headers,
            ConfirmWhen confirm,
            @Nullable ConfirmSink sink,
            long sequence) {
        RecordBatchBuilder open = batch;
        if (open == null) {
            open = shard.takeBuilder();
            batch = open;
            shard.flushAtEndOfTurn(this);
        }
        open.append(shard.turnTimeMs(), key, value, headers);
        if (sink != null) {
            confirms(confirm).add(sink, sequence);
        }
        if (open.sizeInBytes() >= BATCH_BYTES) {
            handOver(open);
            batch = shard.takeBuilder();
        }
    }

    private Confirms confirms(ConfirmWhen confirm) {
        Confirms open = confirm == ConfirmWhen.TAKEN ? whenTaken : whenStored;
        if (open != null) {
            return open;
        }
        var created = new Confirms();
        if (confirm == ConfirmWhen.TAKEN) {
            whenTaken = created;
        } else {
            whenStored = created;
        }
        return created;
    }

    /** Ends the batch of this turn. */
    void flush() {
        RecordBatchBuilder open = batch;
        if (open == null) {
            return;
        }
        if (!open.isEmpty()) {
            handOver(open);
        } else {
            shard.giveBack(open);
        }
        batch = null;
    }

    private void handOver(RecordBatchBuilder open) {
        int count = open.recordCount();
        ByteBuf bytes = open.build();
        shard.giveBack(open);
        Confirms taken = whenTaken;
        Confirms stored = whenStored;
        whenTaken = null;
        whenStored = null;
        if (queue.home() == shard) {
            queue.append(bytes, count, taken, stored, shard);
        } else {
            shard.send(queue.home(), () -> queue.append(bytes, count, taken, stored, shard));
        }
    }
}
