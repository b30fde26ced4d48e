package dev.sluice.broker;

/**
 * A publisher that wants to know what became of its records; a gateway's channel. Called on the shard that published. One sequence number is
 * reported once for each queue that the record was routed to.
 */
public interface ConfirmSink {
    /** The records with these sequence numbers, both included, are as safe as {@link ConfirmWhen} asked for. */
    void stored(long firstSequence, long lastSequence);

    /** The records with these sequence numbers, both included, were not taken. */
    void refused(long firstSequence, long lastSequence, Refusal refusal);
}
