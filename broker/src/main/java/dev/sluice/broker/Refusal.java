package dev.sluice.broker;

/**
 * Why the broker did not do what was asked. Immutable. Each gateway has one table from {@link Reason} to its protocol's codes.
 *
 * @param reason the kind
 * @param subject name of the exchange or queue concerned
 * @param detail more for people, in plain words; empty when reason and subject say it all. For {@link Reason#EXCHANGE_DIFFERS} and
 *     {@link Reason#QUEUE_DIFFERS}: {@code property|received|current}
 * @param retryAfterMs in about how many milliseconds it may be worth trying again; 0 when nobody knows
 */
public record Refusal(Reason reason, String subject, String detail, long retryAfterMs) {
    public Refusal(Reason reason, String subject, String detail) {
        this(reason, subject, detail, 0);
    }

    public Refusal(Reason reason, String subject) {
        this(reason, subject, "");
    }

    /** All of it but the time, for people. */
    String text() {
        return reason + " " + subject + (detail.isEmpty() ? "" : ": " + detail);
    }

    /** The kinds of refusal. */
    public enum Reason {
        EXCHANGE_NOT_FOUND,
        QUEUE_NOT_FOUND,
        /** Declared again with other properties. */
        EXCHANGE_DIFFERS,
        QUEUE_DIFFERS,
        /** It was to be made, and is there. */
        QUEUE_EXISTS,
        /** The exclusive queue of another connection. */
        QUEUE_LOCKED,
        /** Deletion was to happen only if unused. */
        EXCHANGE_IN_USE,
        QUEUE_IN_USE,
        /** Deletion was to happen only if empty. */
        QUEUE_NOT_EMPTY,
        /** What was asked for cannot be; the detail says why. */
        INVALID,
        /** A topic has no such partition. */
        PARTITION_NOT_FOUND,
        /** Nothing was ever stored at the offset. */
        OFFSET_OUT_OF_RANGE,
        /** Another consumer is exclusive, or an exclusive one finds others. */
        CONSUMER_EXCLUSIVE,
        /** Names and exchanges that only the broker makes or changes. */
        RESERVED,
        /** Publishing to an internal exchange. */
        EXCHANGE_INTERNAL,
        /** The queue is at its limit and its owner chose to reject. */
        QUEUE_FULL,
        /** No queue is bound for a message that has to reach one. */
        UNROUTABLE,
        /** A transaction would end a delivery that is not its consumer's any more. */
        DELIVERY_OVER,
        /** A transaction is larger than one may be. */
        TRANSACTION_TOO_LARGE,
        /** An operator has paused publishing to the queue. */
        QUEUE_PAUSED,
        /** A batch is neither the next of its producer nor one of its last. */
        OUT_OF_ORDER_SEQUENCE,
        /** A batch is of an epoch that its producer has left behind. */
        OLD_PRODUCER_EPOCH,
        /** Too much of the kind is going on already. */
        BUSY,
        /** The storage cannot take more now (disk full, failed device). */
        STORAGE,
        /** The node has too little memory or disk left to take more from publishers now; the subject says which. */
        OVERLOADED,
        /** The broker is closing. */
        CLOSING
    }
}
