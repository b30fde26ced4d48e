package dev.sluice.broker;

import java.util.OptionalLong;

/**
 * What is in a queue now and what happened to its records since the broker started, in records where nothing else is said. Immutable.
 *
 * @param ready stored and not delivered
 * @param readyBytes of the bodies of these; {@link #NOT_COUNTED} where their owner set no limit for it
 * @param unsettled delivered and not settled
 * @param held put aside until a time: delayed, or waiting to be tried again; a delayed record behind others counts as ready until the queue comes to it
 * @param limitInMs milliseconds until it is at the first of its limits if it goes on as in the last minutes, 0 if it is; empty if that is not to be seen
 * @param published taken from publishers
 * @param delivered sent to consumers, the redelivered ones included
 * @param redelivered sent again after a release or a lost consumer
 * @param acknowledged settled as processed
 * @param rejected dropped because a consumer rejected them
 * @param expired dropped because they waited too long
 * @param leasesOver deliveries that were not settled in time, so that their records went back
 * @param deliveryLimitExceeded dropped because they came back too often
 * @param droppedAtLimit dropped, the oldest first, to keep the queue at its limits
 * @param refusedAtLimit not taken because the queue was at one of its limits
 * @param refusedWhilePaused not taken because publishing was paused; what the broker itself brings is counted each time that it tries
 * @param duplicates not stored again, since their ids are in the queue's deduplication window
 * @param purged dropped because somebody emptied the queue
 * @param moved brought to other queues by an operator
 * @param superseded not delivered from a topic that keeps the last of each key, since a later one had come
 * @param damaged unreadable in storage; each is also reported in the log
 * @param deadLettered stored in the queues to which the dead letter exchange led, those parked included; each is counted among the rejected, expired or dropped too
 * @param deadLettersDropped had a dead letter exchange that is not there, or led to no queue
 * @param parked dead letters that would have gone in a circle, and were put aside in the queue of this name with {@code .parked} behind it
 * @param paused what an operator has paused
 */
public record QueueStatistics(
        String queue,
        long ready,
        long readyBytes,
        long unsettled,
        long held,
        OptionalLong limitInMs,
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
        long refusedWhilePaused,
        long duplicates,
        long purged,
        long moved,
        long superseded,
        long damaged,
        long deadLettered,
        long deadLettersDropped,
        long parked,
        QueuePauses paused) {
    /** Stands for an amount that nobody counts. */
    public static final long NOT_COUNTED = -1;
}
