package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;

/**
 * The beginning of each value in a shard's {@link IdLog}, all numbers big-endian. Stateless.
 *
 * <pre>
 *   0  1 byte   kind and version: 1 for an {@link IdNote}, 2 for a {@link ProducerNote}
 *   1  8 bytes  id of the queue
 *   9  4 bytes  index of the partition
 *  13  8 bytes  below: of all records below it is noted what there is to note
 *  21  4 bytes  number of entries that follow
 * </pre>
 */
final class NoteHeader {
    static final int BYTES = 25;

    private static final int QUEUE = 1;
    private static final int PARTITION = 9;
    private static final int BELOW = 13;
    private static final int COUNT = 21;

    private NoteHeader() {}

    static void write(ByteBuf out, byte kind, long queueId, int partition, long below, int count) {
        out.writeByte(kind)
                .writeLong(queueId)
                .writeInt(partition)
                .writeLong(below)
                .writeInt(count);
    }

    static byte kind(RecordCursor note) {
        return note.buffer().getByte(note.valueIndex());
    }

    static long queueId(RecordCursor note) {
        return note.buffer().getLong(note.valueIndex() + QUEUE);
    }

    static int partition(RecordCursor note) {
        return note.buffer().getInt(note.valueIndex() + PARTITION);
    }

    static long below(RecordCursor note) {
        return note.buffer().getLong(note.valueIndex() + BELOW);
    }

    static int count(RecordCursor note) {
        return note.buffer().getInt(note.valueIndex() + COUNT);
    }
}
