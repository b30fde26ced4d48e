package dev.sluice.broker;

/**
 * What is in a queue now and what happened to its records since the broker started, all in records. Immutable.
 *
 * @param ready stored and not delivered
 * @param unsettled delivered and not settled
 * @param held put aside until a time: delayed, or waiting to be tried again; a delayed record behind others counts as ready until the queue comes to it
 * @param published taken from publishers
 * @param delivered sent to consumers, the redelivered ones included
 * @param redelivered sent again after a release or a lost consumer
 * @param acknowledged settled as processed
 * @param rejected dropped because a consumer rejected them
 * @param expired dropped because they waited too long
 * @param leasesOver deliveries that were not settled in time, so that their records went back
 * @param deliveryLimitExceeded dropped because they came back too often
 * @param droppedAtLimit dropped, the oldest first, to keep the queue at its length limit
 * @param refusedAtLimit not taken because the queue was at its length limit
 * @param duplicates not stored again, since their ids are in the queue's deduplication window
 * @param purged dropped because somebody emptied the queue
 * @param damaged unreadable in storage; each is also reported in the log
 * @param deadLettered stored in the queues to which the dead letter exchange led, those parked included; each is counted among the rejected, expired or dropped too
 * @param deadLettersDropped had a dead letter exchange that is not there, or led to no queue
 * @param parked dead letters that would have gone in a circle, and were put aside in the queue of this name with {@code .parked} behind it
 */
public record QueueStatistics(
        String queue,
        long ready,
        long unsettled,
        long held,
        long published,
        long delivered,
        long redelivered,
        long acknowledged,
        long rejected,
        long expired,
        long leasesOver,
        long deliveryLimitExceeded,
        long droppedAtLimit,
        long refusedAtLimit,
        long duplicates,
        long purged,
        long damaged,
        long deadLettered,
        long deadLettersDropped,
        long parked) {}
