package dev.sluice.broker;

import dev.sluice.log.RecordCursor;

/** Where a consumer's deliveries go; a gateway's channel. All calls come on the shard that subscribed. */
public interface DeliverySink {
    /** Whether it can take another delivery now. When it becomes able again, its owner calls {@link Consumer#resume}. */
    boolean ready();

    /**
     * A record is this consumer's to settle.
     *
     * @param delivery its {@link DeliveryId}, by which it is settled
     * @param record positioned on the record; valid during this call only, so copy or retain what is needed
     * @param deliveryCount how often the record was delivered before: 0 for the first time
     * @param redelivered whether it is known that it may have been delivered before; what a process delivered just before it crashed may come without
     */
    void deliver(Consumer consumer, long delivery, RecordCursor record, int deliveryCount, boolean redelivered);

    /** The end of a run of deliveries: now is the time to write them out. */
    void flush();

    /** The queue is gone and with it this subscription. */
    void cancelled(Consumer consumer);
}
