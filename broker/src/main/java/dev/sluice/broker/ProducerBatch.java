package dev.sluice.broker;

import dev.sluice.log.RecordBatch;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A batch of a producer that numbers its records, as its header tells. Immutable.
 *
 * @param firstSequence number of its first record; after {@link Integer#MAX_VALUE} comes 0
 * @param baseOffset of its first record, once it has its place
 */
record ProducerBatch(long producerId, short epoch, int firstSequence, int lastSequence, long baseOffset) {
    /** The batch whose header is there; null if its producer numbers nothing. */
    static @Nullable ProducerBatch of(ByteBuf batches, int index) {
        long producerId = RecordBatch.producerId(batches, index);
        int first = RecordBatch.baseSequence(batches, index);
        if (producerId < 0 || first < 0) {
            return null;
        }
        long base = RecordBatch.baseOffset(batches, index);
        int delta = (int) (RecordBatch.lastOffset(batches, index) - base);
        return new ProducerBatch(
                producerId, RecordBatch.producerEpoch(batches, index), first, first + delta & Integer.MAX_VALUE, base);
    }

    ProducerBatch at(long offset) {
        return new ProducerBatch(producerId, epoch, firstSequence, lastSequence, offset);
    }

    /** What the batch behind it has to begin with. */
    int nextSequence() {
        return lastSequence + 1 & Integer.MAX_VALUE;
    }

    /** Of the record behind it. */
    long endOffset() {
        return baseOffset + (nextSequence() - firstSequence & Integer.MAX_VALUE);
    }

    boolean isSameAs(ProducerBatch other) {
        return epoch == other.epoch && firstSequence == other.firstSequence && lastSequence == other.lastSequence;
    }
}
