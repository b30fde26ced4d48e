package dev.sluice.broker;

/** How a consumer ends a delivery. */
public enum Settlement {
    /** Processed: the record is done. */
    ACK,
    /** Back to its place in the queue, to be delivered again. */
    RELEASE,
    /** Not processed and not to be delivered again: dropped, and counted. */
    REJECT
}
