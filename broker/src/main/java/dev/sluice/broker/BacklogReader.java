package dev.sluice.broker;

import dev.sluice.broker.LogReader.Position;
import dev.sluice.log.CorruptRecordException;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.StorageException;
import org.jspecify.annotations.Nullable;

/**
 * Stands at one record of a backlog at a time. Those that were not met yet, those that came back and those that were passed over are read each in a place of their own, so that going from one to another and back reads nothing twice. Confined to the
 * queue's shard.
 */
final class BacklogReader implements AutoCloseable {
    private final LogReader forward;
    private final LogReader again;
    private final LogReaders behind;

    // Of the record that was looked for last.
    private LogReader at;
    private Among among = Among.NEW;
    private long asked;

    /** Among which of the ready records one is. */
    enum Among {
        /** Those that were not met yet. */
        NEW,
        RELEASED,
        PASSED_OVER
    }

    /** {@code readable} runs when it is worth looking again after {@link Position#PENDING}. */
    BacklogReader(PartitionLog log, Runnable readable) {
        this.forward = new LogReader(log, readable);
        this.again = new LogReader(log, readable);
        this.behind = new LogReaders(log, readable);
        this.at = forward;
    }

    Position seekNew(long offset) {
        return seek(Among.NEW, forward, offset);
    }

    Position seekReleased(long offset) {
        return seek(Among.RELEASED, again, offset);
    }

    Position seekPassedOver(long offset) {
        return seek(Among.PASSED_OVER, behind.at(offset), offset);
    }

    private Position seek(Among which, LogReader reader, long offset) {
        among = which;
        at = reader;
        asked = offset;
        return reader.seek(offset);
    }

    /** Among which it was looked for. */
    Among among() {
        return among;
    }

    /** The offset that was looked for. */
    long asked() {
        return asked;
    }

    /** Valid after {@link Position#AT} until the next call of any method. */
    RecordCursor record() {
        return at.record();
    }

    /** After {@link Position#MISSING}: where there may be a record again. */
    long missingBelow() {
        return at.missingBelow();
    }

    /** After {@link Position#MISSING}: what is wrong with the records that are there; null if there are none. */
    @Nullable
    CorruptRecordException damage() {
        return at.damage();
    }

    /** After {@link Position#FAILED}: why. */
    StorageException failure() {
        StorageException cause = at.failure();
        if (cause == null) {
            throw new IllegalStateException("no failure");
        }
        return cause;
    }

    /** Forgets failures, so that what is looked for next is read anew. */
    void retry() {
        forward.retry();
        again.retry();
        behind.retry();
    }

    /** Nothing that came back is left: gives back the memory of what was read of it. */
    void releaseReleased() {
        again.release();
    }

    /** Gives back the memory of all that was read. */
    void release() {
        forward.release();
        again.release();
        behind.release();
    }

    @Override
    public void close() {
        forward.close();
        again.close();
        behind.close();
    }
}
