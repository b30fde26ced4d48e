package dev.sluice.broker;

/** A delivery that a transaction is about to end: its record is in flight still, and not its consumer's. Confined to the shard of the queue. */
final class Claim {
    private static final int NO_LETTER = -1;

    final Consumer consumer;
    final long delivery;
    final Settlement settlement;
    /** When its lease would have ended; {@link Long#MAX_VALUE} for never. */
    final long leaseDueMs;
    /** How many queues get a dead letter of it with the transaction. */
    int deadLetterQueues = NO_LETTER;

    Claim(Consumer consumer, long delivery, Settlement settlement, long leaseDueMs) {
        this.consumer = consumer;
        this.delivery = delivery;
        this.settlement = settlement;
        this.leaseDueMs = leaseDueMs;
    }

    long offset() {
        return DeliveryId.offset(delivery);
    }

    /** Whether the transaction itself takes it to the dead letter exchange. */
    boolean hasLetter() {
        return deadLetterQueues != NO_LETTER;
    }

    /** Whether its end has to be noted together with the transaction's other parts: what comes back does so after a crash, too. */
    boolean isNoted() {
        return settlement != Settlement.RELEASE && consumer.source().isPersistent();
    }
}
