package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/** In which order the ready records of a queue are served, where that is not just the one they came in. Hears what becomes of them. Confined to the queue's shard. */
sealed interface ServingOrder permits KeyOrder, FairOrder {
    /** That of a queue; null where records are served as they came. */
    static @Nullable ServingOrder of(Queue queue) {
        int lanes = queue.lanes().length;
        var passedOver = new PassedOver(lanes, PassedOver.MOST);
        return switch (queue.spec().settings().ordering()) {
            case FIFO -> null;
            case KEY ->
                new KeyOrder(
                        passedOver,
                        place ->
                                queue.lanes()[RecordPlace.lane(place)].backlog().recall(RecordPlace.offset(place)));
            case FAIR -> new FairOrder(lanes, passedOver, FairOrder.MOST_SHARES);
        };
    }

    /** The queue has so many lanes now. */
    void grow(int lanes);

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
