package dev.sluice.broker;

import dev.sluice.log.FetchCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatch;
import dev.sluice.log.StorageException;
import dev.sluice.log.TimestampCallback;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One partition of a topic or queue, for a caller that moves whole batches in and out, as they are. Confined to the shard that it was asked for on; answers come there too, some of them before the call that asked has
 * returned.
 */
public final class PartitionStream {
    private final BrokerShard caller;
    private final Queue queue;
    private final int index;
    private final Partition partition;

    PartitionStream(BrokerShard caller, Queue queue, int index) {
        this.caller = caller;
        this.queue = queue;
        this.index = index;
        this.partition = queue.partitions()[index];
    }

    /** Hears what became of a batch, once. */
    public interface AppendReply {
        /** It is as durable as its topic asks for; {@code startOffset}: that of the partition when it was appended. */
        void appended(long baseOffset, long startOffset);

        /** It was not stored. */
        void refused(Refusal refusal);
    }

    /** Hears what was read, once. */
    public interface ReadReply {
        /**
         * Something was, or there is nothing.
         *
         * @param batches whole batches one after another, the first of which holds the offset or is the next after it; empty if the offset is the end or outside. To be released by who hears of it, read only and shared
         * @param bytes of all batches
         * @param startOffset of the partition
         * @param endOffset what is below is durable
         */
        void read(List<ByteBuf> batches, int bytes, long startOffset, long endOffset);

        void refused(Refusal refusal);
    }

    /** Hears where a record is, once. */
    public interface OffsetReply {
        /** {@code timestampMs}: {@link TimestampCallback#NO_TIMESTAMP} if there is no such record; then the offset is the end. */
        void found(long offset, long timestampMs);

        void refused(Refusal refusal);
    }

    /** Hears between which offsets there are records, once. */
    public interface BoundsReply {
        void bounds(long startOffset, long endOffset);

        void refused(Refusal refusal);
    }

    /** Hears who sends numbered batches, once. */
    public interface ProducersReply {
        void producers(List<ProducerStatus> producers);

        void refused(Refusal refusal);
    }

    /** Hears how large a partition is, once. */
    public interface SizeReply {
        /** {@code bytes}: of what it has in memory and in segments. */
        void size(long bytes);

        void refused(Refusal refusal);
    }

    public int index() {
        return index;
    }

    /** Higher than before each start of the broker; the batches that are appended carry it. -1 if the topic is not available. */
    public int leaderEpoch() {
        return queue.unavailable() == null ? partition.log().epoch() : -1;
    }

    /**
     * Appends one whole batch, in the order of the calls. A batch whose header names a producer and numbers its records is stored once and in that producer's order: if it comes again it is answered as it was the first time, and if it is
     * neither the next nor one of the last it is refused with {@link Refusal.Reason#OUT_OF_ORDER_SEQUENCE} or {@link Refusal.Reason#OLD_PRODUCER_EPOCH}.
     *
     * @param batch without {@linkplain RecordBatch#violation violation}, of {@code count} records with dense offsets which a {@link dev.sluice.log.RecordCursor} can walk. Taken over; its base offset is overwritten
     */
    public void append(ByteBuf batch, int count, AppendReply reply) {
        caller.send(queue.home(), () -> queue.intake().batches().append(index, batch, count, reply, caller));
    }

    /** The caller does not append this batch for now: if it is the first of a producer that numbers them, none behind it is appended before. Looks at the header only; the batch stays the caller's. */
    public void leaveOut(ByteBuf batch) {
        ProducerBatch numbered =
                batch.readableBytes() < RecordBatch.HEADER_BYTES ? null : ProducerBatch.of(batch, batch.readerIndex());
        if (numbered != null) {
            caller.send(queue.home(), () -> partition.notAppended(numbered));
        }
    }

    /**
     * Reads from the offset on: from memory without copying, or from segments.
     *
     * @param maxBytes about how much at most; one batch is always read whole, and nothing if it is not positive
     */
    public void read(long offset, int maxBytes, ReadReply reply) {
        caller.send(queue.home(), () -> {
            Refusal refusal = refusal();
            if (refusal != null) {
                answer(() -> reply.refused(refusal));
                return;
            }
            PartitionLog log = partition.log();
            if (maxBytes <= 0 || offset < log.startOffset() || offset >= log.durableOffset()) {
                read(List.of(), 0, reply);
                return;
            }
            var batches = new ArrayList<ByteBuf>();
            int bytes = takeTail(log, offset, maxBytes, batches);
            if (bytes > 0) {
                read(batches, bytes, reply);
            } else {
                fetch(log, offset, maxBytes, reply);
            }
        });
    }

    private void read(List<ByteBuf> batches, int bytes, ReadReply reply) {
        long startOffset = partition.log().startOffset();
        long endOffset = partition.log().durableOffset();
        answer(() -> reply.read(batches, bytes, startOffset, endOffset));
    }

    private static int takeTail(PartitionLog log, long offset, int maxBytes, List<ByteBuf> batches) {
        long next = offset;
        int bytes = 0;
        for (ByteBuf tail = log.tail(next); tail != null; tail = log.tail(next)) {
            int size = tail.readableBytes();
            if (bytes > 0 && bytes + size > maxBytes) {
                break;
            }
            batches.add(tail.retainedDuplicate());
            bytes += size;
            next = RecordBatch.lastOffset(tail, tail.readerIndex()) + 1;
        }
        return bytes;
    }

    private void fetch(PartitionLog log, long offset, int maxBytes, ReadReply reply) {
        log.fetch(offset, maxBytes, new FetchCallback() {
            @Override
            public void fetched(ByteBuf batches) {
                if (batches.isReadable()) {
                    read(List.of(batches), batches.readableBytes(), reply);
                } else {
                    batches.release();
                    read(List.of(), 0, reply);
                }
            }

            @Override
            public void failed(StorageException cause) {
                answer(() -> reply.refused(storage(cause)));
            }
        });
    }

    /** Runs {@code action} on the caller's shard, once, when the partition has a durable record at the offset or above, or is gone. */
    public Await await(long offset, Runnable action) {
        var await = new Await(caller, partition, offset, action);
        caller.send(queue.home(), await::begin);
        return await;
    }

    /** Finds the first record with that timestamp or a later one. */
    public void find(long timestampMs, OffsetReply reply) {
        search((log, callback) -> log.offsetFor(timestampMs, callback), reply);
    }

    /** Finds the record with the greatest timestamp, the first if several have it. */
    public void latest(OffsetReply reply) {
        search(PartitionLog::latest, reply);
    }

    private void search(BiConsumer<PartitionLog, TimestampCallback> search, OffsetReply reply) {
        caller.send(queue.home(), () -> {
            Refusal refusal = refusal();
            if (refusal != null) {
                answer(() -> reply.refused(refusal));
                return;
            }
            search.accept(partition.log(), new TimestampCallback() {
                @Override
                public void found(long offset, long foundMs) {
                    answer(() -> reply.found(offset, foundMs));
                }

                @Override
                public void failed(StorageException cause) {
                    answer(() -> reply.refused(storage(cause)));
                }
            });
        });
    }

    /** Which producers have sent numbered batches, and are not forgotten. */
    public void producers(ProducersReply reply) {
        caller.send(queue.home(), () -> {
            Refusal refusal = refusal();
            if (refusal != null) {
                answer(() -> reply.refused(refusal));
                return;
            }
            List<ProducerStatus> producers = partition.producers();
            answer(() -> reply.producers(producers));
        });
    }

    public void bounds(BoundsReply reply) {
        caller.send(queue.home(), () -> {
            Refusal refusal = refusal();
            if (refusal != null) {
                answer(() -> reply.refused(refusal));
                return;
            }
            long startOffset = partition.log().startOffset();
            long endOffset = partition.log().durableOffset();
            answer(() -> reply.bounds(startOffset, endOffset));
        });
    }

    public void size(SizeReply reply) {
        caller.send(queue.home(), () -> {
            Refusal refusal = refusal();
            if (refusal != null) {
                answer(() -> reply.refused(refusal));
                return;
            }
            long bytes = partition.log().tailBytes() + partition.log().segmentBytes();
            answer(() -> reply.size(bytes));
        });
    }

    /** Why nothing can be read. */
    private @Nullable Refusal refusal() {
        return queue.isDeleted() ? new Refusal(Refusal.Reason.QUEUE_NOT_FOUND, queue.name()) : queue.unavailable();
    }

    private Refusal storage(StorageException cause) {
        return new Refusal(Refusal.Reason.STORAGE, queue.name(), String.valueOf(cause.getMessage()));
    }

    private void answer(Runnable reply) {
        caller.answer(queue.home(), reply);
    }

    /** Somebody who waits for the next record of a partition. Made and cancelled on the shard of who waits; in between it belongs to the partition's. */
    public static final class Await {
        private final BrokerShard caller;
        private final Partition partition;
        private final long offset;
        private final Runnable action;
        /** Of the caller's shard. */
        private boolean over;

        private Await(BrokerShard caller, Partition partition, long offset, Runnable action) {
            this.caller = caller;
            this.partition = partition;
            this.offset = offset;
            this.action = action;
        }

        private void begin() {
            partition.await(this);
        }

        long offset() {
            return offset;
        }

        /** On the partition's shard, which has forgotten it. */
        void end() {
            caller.answer(partition.home(), () -> {
                if (!over) {
                    over = true;
                    action.run();
                }
            });
        }

        /** The action does not run any more. */
        public void cancel() {
            if (!over) {
                over = true;
                caller.send(partition.home(), () -> partition.forget(this));
            }
        }
    }
}
