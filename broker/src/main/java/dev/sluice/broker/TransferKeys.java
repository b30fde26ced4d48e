package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** The keys of the records that a transfer takes out of a queue, which stay in order if the queue keeps them so. Confined to the queue's shard. */
final class TransferKeys {
    /** Null where the queue keeps none in order. */
    private final @Nullable KeyOrder order;

    private final OrderingKey orderingKey;
    /** Those of records on their way, which no others of the key may overtake until it is known that they do not come back. */
    private final Set<Long> locked = new HashSet<>();

    TransferKeys(Queue queue) {
        this.order = queue.order() instanceof KeyOrder keys ? keys : null;
        this.orderingKey = new OrderingKey(queue.spec().settings().orderingKeyHeader());
    }

    /** {@link OrderingKey#NONE} where it does not matter. */
    long of(RecordCursor record) {
        return order == null ? OrderingKey.NONE : orderingKey.of(record);
    }

    /** Whether no consumer has another record of the key: what follows that one has to stay behind it. */
    boolean isFree(RecordCursor record) {
        if (order == null) {
            return true;
        }
        long key = orderingKey.of(record);
        return !order.isLocked(key) || locked.contains(key);
    }

    /** A record is on its way: the first of its key locks it, like one that a consumer has. */
    void take(Lane lane, long offset, long key) {
        if (order != null && key != OrderingKey.NONE && locked.add(key)) {
            order.delivered(RecordPlace.of(lane.index(), offset), key);
        }
    }

    /** Of all that was on its way only these are still. */
    void retain(LongStream keys) {
        locked.clear();
        keys.forEach(locked::add);
    }
}
