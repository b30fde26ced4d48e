package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/**
 * How a consumer wants to be served. Immutable.
 *
 * @param noAck whether a record is settled by being sent: at most once
 * @param exclusive whether it must be the only consumer of the queue
 * @param prefetch how many unsettled deliveries it may have, 0 for any number; without meaning when {@code noAck}
 * @param shared a limit that it shares with other consumers; null for none
 * @param priority any number; consumers with a higher one are served first as long as they can take a record
 * @param start where it begins to read, if what it consumes is a topic: at the next record if it says nothing, but where readers compete, whom it joins then; without meaning for a queue
 */
public record ConsumerSpec(
        boolean noAck,
        boolean exclusive,
        int prefetch,
        @Nullable SharedCredit shared,
        int priority,
        @Nullable StartPosition start) {
    /** Of priority 0. */
    public ConsumerSpec(boolean noAck, boolean exclusive, int prefetch, @Nullable SharedCredit shared) {
        this(noAck, exclusive, prefetch, shared, 0, null);
    }

    public ConsumerSpec withPriority(int newPriority) {
        return new ConsumerSpec(noAck, exclusive, prefetch, shared, newPriority, start);
    }

    public ConsumerSpec withStart(StartPosition newStart) {
        return new ConsumerSpec(noAck, exclusive, prefetch, shared, priority, newStart);
    }
}
