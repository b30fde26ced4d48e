package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/** In which order the ready records of a queue are served, where that is not just the one they came in. Hears what becomes of them. Confined to the queue's shard. */
sealed interface ServingOrder permits KeyOrder, FairOrder {
    /** That of a queue with these settings and lanes; null where records are served as they came. */
    static @Nullable ServingOrder of(QueueSettings settings, Lane[] lanes) {
        var passedOver = new PassedOver(lanes.length, PassedOver.MOST);
        return switch (settings.ordering()) {
            case FIFO -> null;
            case KEY ->
                new KeyOrder(
                        passedOver,
                        place -> lanes[RecordPlace.lane(place)].backlog().recall(RecordPlace.offset(place)));
            case FAIR -> new FairOrder(lanes.length, passedOver, FairOrder.MOST_SHARES);
        };
    }

    /** Which records are passed over. */
    PassedOver passedOver();

    /** A record is on its way to a consumer; {@code number} is that of its key. */
    void delivered(long place, long number);

    /** A record that was delivered comes back: it is no consumer's any more. */
    void returned(long place);

    /** A record is settled, or no longer to be delivered by this queue. It need not be one that is known here. */
    void left(long place);

    /** All that waits is about to be settled. */
    void forgetWaiting();
}
