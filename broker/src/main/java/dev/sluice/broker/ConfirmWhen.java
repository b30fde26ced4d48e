package dev.sluice.broker;

/** What a publisher waits for. */
public enum ConfirmWhen {
    /** The queue has the record, which may still be lost with the process. */
    TAKEN,
    /** The record is as safe as the queue is durable. */
    STORED
}
