package dev.sluice.broker;

import dev.sluice.log.RecordCursor;

/** Receives the answer to {@link Consumer#get}, on the shard that asked. */
public interface GetReply {
    /** As {@link DeliverySink#deliver}; {@code remaining} records are still ready in the queue. */
    void got(
            Consumer consumer,
            long delivery,
            RecordCursor record,
            int deliveryCount,
            boolean redelivered,
            long remaining);

    void empty();
}
