package dev.sluice.broker;

import dev.sluice.log.RecordBatchBuilder;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** The part of an {@link Inlet} that leads to one partition: the batch of this turn and who waits for it. Confined to the publishing shard. */
final class InletPartition {
    /** A batch is handed over before the end of the turn when it is as large as this. */
    private static final int BATCH_BYTES = 1 << 20;

    private final Queue queue;
    private final int partition;
    private final BrokerShard shard;
    /** Null unless publishers may have to wait for it. */
    private @Nullable QueueRoom room;

    private @Nullable RecordBatchBuilder batch;
    /** Of the bodies in the batch, where somebody looks at the room. */
    private long batchBodyBytes;

    private @Nullable Confirms whenTaken;
    private @Nullable Confirms whenStored;

    InletPartition(Queue queue, int partition, BrokerShard shard) {
        this.queue = queue;
        this.partition = partition;
        this.shard = shard;
        this.room = queue.room();
    }

    /** From now on publishers may have to wait for the room. */
    void follow(QueueRoom itsRoom) {
        flush(); // what is on its way was not counted there
        room = itsRoom;
    }

    /** Whether it has a batch of this turn. */
    boolean isFilling() {
        return batch != null;
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
        if (room != null) {
            int bodyBytes = value.readableBytes();
            room.sent(bodyBytes, System::nanoTime);
            batchBodyBytes += bodyBytes;
        }
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
        QueueRoom itsRoom = room;
        if (itsRoom != null) {
            long bodyBytes = batchBodyBytes;
            batchBodyBytes = 0;
            shard.send(queue.home(), () -> {
                queue.intake().append(partition, bytes, count, taken, stored, shard);
                itsRoom.arrived(count, bodyBytes);
            });
        } else if (queue.home() == shard) {
            queue.intake().append(partition, bytes, count, taken, stored, shard);
        } else {
            shard.send(queue.home(), () -> queue.intake().append(partition, bytes, count, taken, stored, shard));
        }
    }
}
