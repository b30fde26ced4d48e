package dev.sluice.kafka;

import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.TopicHandle;
import dev.sluice.log.BatchViolation;
import dev.sluice.log.CorruptRecordException;
import dev.sluice.log.RecordBatch;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import java.util.Optional;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** Says what is wrong with the records that a client wants stored, down to each record: what is stored has to be readable over any protocol. Stateless. */
final class BatchCheck {
    private static final int LOG_APPEND_TIME = 0x08;
    private static final int TRANSACTIONAL = 0x10;
    private static final int CONTROL = 0x20;

    private final int maxBytes;

    /** What the client is told. */
    record Problem(Errors error, String text) {}

    BatchCheck(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    static int count(ByteBuf batch) {
        return RecordBatch.recordCount(batch, batch.readerIndex());
    }

    /** Null if the buffer has one whole batch that {@code topic} can store. */
    @Nullable
    Problem problem(ByteBuf batch, TopicHandle topic) {
        int size = batch.readableBytes();
        if (size > maxBytes) {
            return new Problem(Errors.MESSAGE_TOO_LARGE, "the batch has " + size + " bytes, the most is " + maxBytes);
        }
        int index = batch.readerIndex();
        Optional<BatchViolation> violation = RecordBatch.violation(batch, index, size);
        if (violation.isPresent()) {
            return new Problem(
                    violation.get() == BatchViolation.COUNT ? Errors.INVALID_RECORD : Errors.CORRUPT_MESSAGE,
                    "the batch is not in order: " + violation.get());
        }
        if (RecordBatch.sizeInBytes(batch, index) != size) {
            return new Problem(Errors.INVALID_RECORD, "expected exactly one batch for a partition");
        }
        Problem problem = problemOfHeader(batch, index);
        return problem == null ? problemOfRecords(batch, index, topic) : problem;
    }

    private static @Nullable Problem problemOfHeader(ByteBuf batch, int index) {
        short attributes = RecordBatch.attributes(batch, index);
        if ((attributes & CONTROL) != 0) {
            return new Problem(Errors.INVALID_RECORD, "control records are the broker's");
        }
        if ((attributes & TRANSACTIONAL) != 0) {
            return new Problem(Errors.INVALID_TXN_STATE, "transactions are not served");
        }
        if ((attributes & LOG_APPEND_TIME) != 0) {
            return new Problem(Errors.INVALID_TIMESTAMP, "a client gives the time at which it made the record");
        }
        if (RecordBatch.producerId(batch, index) >= 0 && RecordBatch.baseSequence(batch, index) < 0) {
            return new Problem(Errors.INVALID_RECORD, "a producer with an id numbers its batches");
        }
        long records = RecordBatch.lastOffset(batch, index) - RecordBatch.baseOffset(batch, index) + 1;
        return records == count(batch)
                ? null
                : new Problem(Errors.INVALID_RECORD, "the offsets in the batch have gaps");
    }

    private static @Nullable Problem problemOfRecords(ByteBuf batch, int index, TopicHandle topic) {
        boolean needsKeys = "last-per-key".equals(topic.spec().settings().chosen(QueueProperty.KEEP));
        var cursor = new RecordCursor();
        try {
            cursor.reset(batch, index);
            while (cursor.next()) {
                if (needsKeys && cursor.keyLength() < 0) {
                    return new Problem(Errors.INVALID_RECORD, "a compacted topic needs records with keys");
                }
                while (cursor.nextHeader()) {
                    // that it can be read is enough
                }
            }
            return null;
        } catch (CorruptRecordException corrupt) {
            return new Problem(Errors.INVALID_RECORD, String.valueOf(corrupt.getMessage()));
        } catch (StorageException noLibrary) {
            return new Problem(Errors.UNSUPPORTED_COMPRESSION_TYPE, String.valueOf(noLibrary.getMessage()));
        }
    }
}
