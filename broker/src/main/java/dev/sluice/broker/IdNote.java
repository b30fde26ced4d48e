package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Ids of records of one partition that are durable, and up to where all of that partition are noted: the value of a record in a shard's log of ids. All numbers are big-endian.
 *
 * <pre>
 *   0  25 bytes  {@link NoteHeader}, kind 1
 *  25  N times   16 bytes id, 8 bytes when it came, milliseconds since 1970
 * </pre>
 *
 * Gathers ids until it is written. Confined to its shard.
 */
final class IdNote {
    static final byte KIND = 1;
    /** In one record; what is more goes on in further ones. */
    static final int MOST_IDS = 1 << 14;

    private static final int ID_BYTES = 24;

    private long[] ids = new long[3];
    private int size;

    /** What notes say of one queue. Confined to who gathers it. */
    static final class State {
        private final List<long[]> ids = new ArrayList<>();
        private long[] below = {};

        /** The ids of all records of the partition below are known. */
        long below(int partition) {
            return partition < below.length ? below[partition] : 0;
        }

        /** In the order in which they came. */
        void forEach(DeduplicationWindow.Visitor visitor) {
            ids.sort(Comparator.comparingLong(id -> id[2]));
            ids.forEach(id -> visitor.id(id[0], id[1], id[2], 0));
        }

        State union(State other) {
            ids.addAll(other.ids);
            for (int i = 0; i < other.below.length; i++) {
                raise(i, other.below[i]);
            }
            return this;
        }

        private void raise(int partition, long to) {
            if (partition >= below.length) {
                below = Arrays.copyOf(below, partition + 1);
            }
            below[partition] = Math.max(below[partition], to);
        }
    }

    void add(long first, long second, long timeMs) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, 2 * size);
        }
        ids[size++] = first;
        ids[size++] = second;
        ids[size++] = timeMs;
    }

    boolean isFull() {
        return size == 3 * MOST_IDS;
    }

    boolean isEmpty() {
        return size == 0;
    }

    ByteBuf encode(long queueId, int partition, long below) {
        ByteBuf out = Unpooled.buffer(NoteHeader.BYTES + size * Long.BYTES);
        NoteHeader.write(out, KIND, queueId, partition, below, size / 3);
        for (int i = 0; i < size; i++) {
            out.writeLong(ids[i]);
        }
        return out;
    }

    static void merge(RecordCursor note, State into) {
        into.raise(NoteHeader.partition(note), NoteHeader.below(note));
        ByteBuf in = note.buffer();
        int count = NoteHeader.count(note);
        for (int i = 0, id = note.valueIndex() + NoteHeader.BYTES; i < count; i++, id += ID_BYTES) {
            into.ids.add(new long[] {in.getLong(id), in.getLong(id + Long.BYTES), in.getLong(id + 2 * Long.BYTES)});
        }
    }
}
