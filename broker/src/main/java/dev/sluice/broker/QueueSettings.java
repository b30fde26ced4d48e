package dev.sluice.broker;

import dev.sluice.log.Durability;

/**
 * What the owner of a queue chose about its limits and times. Immutable.
 *
 * @param maxLength how many records may be ready (stored and not delivered), {@link #UNLIMITED} for any number
 * @param overflow what happens to a record that finds the queue at its limit
 * @param messageTtlMs how long a record may wait before it expires, in milliseconds, {@link #UNLIMITED} for ever
 * @param expiresMs the queue deletes itself when it had no consumer, no get and no declaration for so long, in milliseconds
 * @param durability when a record of a durable queue counts as stored; without meaning for other queues
 */
public record QueueSettings(
        long maxLength, Overflow overflow, long messageTtlMs, long expiresMs, Durability durability) {
    public static final long UNLIMITED = -1;
    public static final QueueSettings DEFAULT =
            new QueueSettings(UNLIMITED, Overflow.DROP_OLDEST, UNLIMITED, UNLIMITED, Durability.SYNC);

    /** Limits and times, with every record durable before it counts. */
    public QueueSettings(long maxLength, Overflow overflow, long messageTtlMs, long expiresMs) {
        this(maxLength, overflow, messageTtlMs, expiresMs, Durability.SYNC);
    }

    /** What gives way at a queue's limit. */
    public enum Overflow {
        DROP_OLDEST,
        REJECT
    }
}
