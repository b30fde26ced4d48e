package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Batches of one partition that are durable and whose producers number them: the value of a record in a shard's log of ids. What is not noted stands in the headers of the batches from {@code below} on; a partition without a note has
 * none. All numbers are big-endian.
 *
 * <pre>
 *   0  25 bytes  {@link NoteHeader}, kind 2
 *  25  N times   8 bytes producer id, 2 bytes epoch, 4 bytes first and 4 bytes last sequence number, 8 bytes offset of the first record, 8 bytes when the producer sent last, milliseconds since 1970
 * </pre>
 *
 * Gathers batches until it is written. Confined to its shard.
 */
final class ProducerNote {
    static final byte KIND = 2;
    /** In one record; what is more goes on in further ones. */
    static final int MOST_BATCHES = 1 << 13;

    private static final int BATCH_BYTES = 34;

    private final List<Noted> batches = new ArrayList<>();

    private record Noted(ProducerBatch batch, long lastMs) {}

    /** What notes say of the partitions of one queue. Confined to who gathers it. */
    static final class State {
        private final Map<Integer, OfPartition> partitions = new HashMap<>();

        private static final class OfPartition {
            private final List<Noted> batches = new ArrayList<>();
            private long below;
        }

        /** From where on batches are to be looked for in the log itself; -1 if there are none. */
        long below(int partition) {
            OfPartition noted = partitions.get(partition);
            return noted == null ? -1 : noted.below;
        }

        /** In the order of their offsets, as far as the log has them. */
        void forEach(int partition, long endOffset, ProducerStates.Visitor visitor) {
            OfPartition noted = partitions.get(partition);
            if (noted != null) {
                noted.batches.sort(Comparator.comparingLong(entry -> entry.batch.baseOffset()));
                ProducerBatch before = null;
                for (Noted entry : noted.batches) {
                    if (!entry.batch.equals(before) && entry.batch.endOffset() <= endOffset) {
                        visitor.batch(entry.batch, entry.lastMs);
                    }
                    before = entry.batch;
                }
            }
        }

        /** Adds what another log has. */
        State union(State other) {
            other.partitions.forEach((partition, noted) -> {
                OfPartition its = partition(partition);
                its.batches.addAll(noted.batches);
                its.below = Math.max(its.below, noted.below);
            });
            return this;
        }

        private OfPartition partition(int partition) {
            return partitions.computeIfAbsent(partition, index -> new OfPartition());
        }
    }

    void add(ProducerBatch batch, long lastMs) {
        batches.add(new Noted(batch, lastMs));
    }

    boolean isFull() {
        return batches.size() == MOST_BATCHES;
    }

    boolean isEmpty() {
        return batches.isEmpty();
    }

    ByteBuf encode(long queueId, int partition, long below) {
        ByteBuf out = Unpooled.buffer(NoteHeader.BYTES + batches.size() * BATCH_BYTES);
        NoteHeader.write(out, KIND, queueId, partition, below, batches.size());
        for (Noted entry : batches) {
            ProducerBatch batch = entry.batch;
            out.writeLong(batch.producerId())
                    .writeShort(batch.epoch())
                    .writeInt(batch.firstSequence())
                    .writeInt(batch.lastSequence())
                    .writeLong(batch.baseOffset())
                    .writeLong(entry.lastMs);
        }
        return out;
    }

    /** {@code into}: what the notes before it in its log say. */
    static void merge(RecordCursor note, State into) {
        State.OfPartition its = into.partition(NoteHeader.partition(note));
        long below = NoteHeader.below(note);
        if (below < its.below) {
            its.batches.removeIf(entry -> entry.batch.endOffset() > below); // noted, and lost in spite of it
        }
        its.below = below;
        ByteBuf in = note.buffer();
        int at = note.valueIndex() + NoteHeader.BYTES;
        for (int i = NoteHeader.count(note); i > 0; i--, at += BATCH_BYTES) {
            its.batches.add(new Noted(
                    new ProducerBatch(
                            in.getLong(at),
                            in.getShort(at + 8),
                            in.getInt(at + 10),
                            in.getInt(at + 14),
                            in.getLong(at + 18)),
                    in.getLong(at + 26)));
        }
    }
}
