package dev.sluice.broker;

import dev.sluice.broker.TransferTarget.BackToQueue;
import dev.sluice.broker.TransferTarget.WhichDeath;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done with records of a queue that are ready. Immutable.
 *
 * @param to where they go; null if they are dropped
 * @param copies whether they also stay where they are
 * @param filter which are meant
 * @param most how many at the most
 * @param perSecond how many a second at the most; 0 for as fast as it goes
 * @param dryRun whether they are only counted
 */
public record TransferRequest(
        @Nullable TransferTarget to, boolean copies, RecordFilter filter, long most, double perSecond, boolean dryRun) {
    public TransferRequest {
        if (most < 0) {
            throw new IllegalArgumentException("at most " + most + " records make no sense, 0 or more were expected");
        }
        if (!(perSecond >= 0) || perSecond == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException(
                    "a rate of " + perSecond + " records a second makes no sense, more than 0 was expected");
        }
    }

    public static TransferRequest move(TransferTarget to) {
        return new TransferRequest(to, false, RecordFilter.ALL, Long.MAX_VALUE, 0, false);
    }

    public static TransferRequest copy(TransferTarget to) {
        return new TransferRequest(to, true, RecordFilter.ALL, Long.MAX_VALUE, 0, false);
    }

    /** Dead letters go back to the queues in which they died last. */
    public static TransferRequest redrive() {
        return move(new BackToQueue(WhichDeath.LAST));
    }

    /** Records are dropped. */
    public static TransferRequest purge() {
        return new TransferRequest(null, false, RecordFilter.ALL, Long.MAX_VALUE, 0, false);
    }

    public TransferRequest matching(RecordFilter newFilter) {
        return new TransferRequest(to, copies, newFilter, most, perSecond, dryRun);
    }

    public TransferRequest atMost(long records) {
        return new TransferRequest(to, copies, filter, records, perSecond, dryRun);
    }

    public TransferRequest perSecond(double records) {
        return new TransferRequest(to, copies, filter, most, records, dryRun);
    }

    public TransferRequest asDryRun() {
        return new TransferRequest(to, copies, filter, most, perSecond, true);
    }
}
