package dev.sluice.broker;

import dev.sluice.log.RecordCursor;

/** The sink of somebody who is sent nothing by himself. Immutable. */
enum NoDeliveries implements DeliverySink {
    INSTANCE;

    @Override
    public boolean ready() {
        return false;
    }

    @Override
    public void deliver(Consumer consumer, long delivery, RecordCursor record, int deliveryCount, boolean redelivered) {
        throw new IllegalStateException("a getter of queue " + consumer.queue() + " was sent a delivery");
    }

    @Override
    public void flush() {}

    @Override
    public void cancelled(Consumer consumer) {}
}
