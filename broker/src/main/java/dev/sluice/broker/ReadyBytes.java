package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of all bodies that are ready in a queue whose owner limits them: exact, and without anything per record that was never taken. The lanes' backlogs keep it true. Confined to the queue's shard.
 */
final class ReadyBytes {
    private final RecordCursor records = new RecordCursor();
    private long total;

    /** Those of a queue declared so; null if it has no such limit, or is a topic, which limits what it stores. */
    static @Nullable ReadyBytes of(QueueSpec spec) {
        return spec.isTopic() || spec.settings().maxLengthBytes() < 0 ? null : new ReadyBytes();
    }

    /** Of all lanes together. */
    long total() {
        return total;
    }

    /** A share of the total, for one more lane. */
    Part part() {
        return new Part();
    }

    /** Of all bodies in the batch. */
    long bodyBytes(ByteBuf batch) {
        long bytes = 0;
        records.reset(batch, batch.readerIndex());
        while (records.next()) {
            bytes += bodyBytes(records);
        }
        return bytes;
    }

    /** Of the first body in the batch. */
    long firstBodyBytes(ByteBuf batch) {
        records.reset(batch, batch.readerIndex());
        return records.next() ? bodyBytes(records) : 0;
    }

    static int bodyBytes(RecordCursor record) {
        return Math.max(0, record.valueLength());
    }

    /** What is ready in one lane. */
    final class Part {
        private long ready;
        /** Of records that were taken since the start and are not settled, whether or not they are ready again: they may come back, and leave again unread. */
        private final LongObjectMap<Integer> taken = new LongObjectHashMap<>(2);

        void appended(long bytes) {
            change(bytes);
        }

        long bodyBytes(ByteBuf batch) {
            return ReadyBytes.this.bodyBytes(batch);
        }

        /** A ready record is not ready any more. */
        void take(long offset, int bytes) {
            taken.put(offset, (Integer) bytes);
            change(-bytes);
        }

        /** A record that was taken is ready again. */
        void bringBack(long offset) {
            change(bytesOf(taken.get(offset)));
        }

        /** A record that was taken is settled. */
        void settle(long offset) {
            taken.remove(offset);
        }

        /** Of the records that were taken, these are settled. */
        void forget(LongPredicate isSettled) {
            taken.keySet().removeIf(isSettled::test);
        }

        /** A ready record is settled without having been read, since the storage has it no more. How large it was is known only if it was taken before. */
        void lose(long offset) {
            change(-bytesOf(taken.remove(offset)));
        }

        /** Nothing is ready. Makes up for records that were lost. */
        void none() {
            change(-ready);
        }

        private void change(long more) {
            ready += more;
            total += more;
        }

        private static long bytesOf(@Nullable Integer known) {
            return known == null ? 0 : known;
        }
    }
}
