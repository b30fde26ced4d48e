package dev.sluice.broker;

/** Why a queue gives a record up without anybody having processed it. */
enum GiveUpReason {
    /** It waited too long. */
    EXPIRED,
    /** A consumer rejected it. */
    REJECTED,
    /** It came back more often than the queue allows. */
    DELIVERY_LIMIT
}
