package dev.sluice.broker;

import java.util.OptionalLong;

/** What happened to a queue's records since the broker started, in records. Confined to the queue's shard; {@link #snapshot} makes a value for others. */
final class QueueCounters {
    long published;
    long delivered;
    long redelivered;
    long acknowledged;
    long rejected;
    long expired;
    long leasesOver;
    long deliveryLimitExceeded;
    long droppedAtLimit;
    long refusedAtLimit;
    long refusedWhilePaused;
    long duplicates;
    long purged;
    long moved;
    long superseded;
    long damaged;
    long deadLettered;
    long deadLettersDropped;
    long parked;

    QueueStatistics snapshot(
            String queue,
            long ready,
            long readyBytes,
            long unsettled,
            long held,
            OptionalLong limitInMs,
            QueuePauses paused) {
        return new QueueStatistics(
                queue,
                ready,
                readyBytes,
                unsettled,
                held,
                limitInMs,
                published,
                delivered,
                redelivered,
                acknowledged,
                rejected,
                expired,
                leasesOver,
                deliveryLimitExceeded,
                droppedAtLimit,
                refusedAtLimit,
                refusedWhilePaused,
                duplicates,
                purged,
                moved,
                superseded,
                damaged,
                deadLettered,
                deadLettersDropped,
                parked,
                paused);
    }
}
