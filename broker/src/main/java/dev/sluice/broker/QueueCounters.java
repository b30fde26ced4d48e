package dev.sluice.broker;

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
    long duplicates;
    long purged;
    long damaged;
    long deadLettered;
    long deadLettersDropped;
    long parked;

    QueueStatistics snapshot(String queue, long ready, long unsettled, long held) {
        return new QueueStatistics(
                queue,
                ready,
                unsettled,
                held,
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
                duplicates,
                purged,
                damaged,
                deadLettered,
                deadLettersDropped,
                parked);
    }
}
