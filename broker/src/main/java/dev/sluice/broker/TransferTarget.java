package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/** Where records are to be moved or copied. Immutable. */
public sealed interface TransferTarget {
    /** To the queue; the records keep the exchange and the routing key with which they were published. */
    record ToQueue(String name) implements TransferTarget {}

    /**
     * To the queues to which the exchange leads.
     *
     * @param routingKey null for that of each record
     */
    record ToExchange(String name, @Nullable String routingKey) implements TransferTarget {}

    /** A dead letter to the queue in which it died, with the exchange and the routing key with which it had come there. */
    record BackToQueue(WhichDeath death) implements TransferTarget {}

    /** A dead letter to the exchange to which it had been published before it died, with the routing key of then. */
    record BackToExchange(WhichDeath death) implements TransferTarget {}

    /** Of the deaths of a record. */
    enum WhichDeath {
        FIRST,
        LAST
    }
}
