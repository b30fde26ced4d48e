package dev.sluice.broker;

import java.util.List;

/** A record of a lane that is on its way to other queues. Confined to the shard of the lane. */
interface MovedRecord {
    /** In the lane. */
    long offset();

    /** Queues that have it already, of an attempt in which others refused it. */
    List<Queue> reached();

    /** Whether it has to be settled in the lane when it has arrived, and until then comes back after a crash; the same for all records of a move. */
    boolean isToSettle();
}
