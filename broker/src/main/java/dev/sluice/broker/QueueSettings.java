package dev.sluice.broker;

/**
 * What the owner of a queue chose about its limits and times. Immutable.
 *
 * @param maxLength how many records may be ready (stored and not delivered), {@link #UNLIMITED} for any number
 * @param overflow what happens to a record that finds the queue at its limit
 * @param messageTtlMs how long a record may wait before it expires, in milliseconds, {@link #UNLIMITED} for ever
 * @param expiresMs the queue deletes itself when it had no consumer, no get and no declaration for so long, in milliseconds
 */
public record QueueSettings(long maxLength, Overflow overflow, long messageTtlMs, long expiresMs) {
    public static final long UNLIMITED = -1;
    public static final QueueSettings DEFAULT =
            new QueueSettings(UNLIMITED, Overflow.DROP_OLDEST, UNLIMITED, UNLIMITED);

    /** What gives way at a queue's limit. */
    public enum Overflow {
        DROP_OLDEST,
        REJECT
    }
}
