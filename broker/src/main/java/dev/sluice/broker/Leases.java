package dev.sluice.broker;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;

/**
 * Until when deliveries of one queue are their consumers', where that has an end. Deliveries are named by their {@link DeliveryId}. A delivery that is renewed costs nothing until its former time comes, and what
 * is settled is forgotten in bulk. Confined to the queue's shard.
 *
 * @param <C> who has deliveries
 */
final class Leases<C> {
    /** Settled deliveries of which the times are still kept, besides as many as are open. */
    private static final int MOST_FORGOTTEN = 1024;
    /** So many end in one turn. */
    private static final int MOST_PER_TURN = 1024;

    private final LongObjectMap<Lease<C>> open = new LongObjectHashMap<>(2);
    private final DueHeap due = new DueHeap();

    private static final class Lease<C> {
        final C consumer;
        long dueMs;
        /** The time of the entry in {@link #due} that counts; others of the delivery are former ones. */
        long entryMs;

        Lease(C consumer) {
            this.consumer = consumer;
        }
    }

    /** Receives the deliveries whose time is over. */
    interface Visitor<C> {
        void over(C consumer, long delivery);
    }

    /** The delivery is the consumer's until then; also if it had another time before. */
    void set(C consumer, long delivery, long dueMs) {
        Lease<C> lease = open.get(delivery);
        if (lease == null) {
            forgetEnded();
            lease = new Lease<>(consumer);
            lease.entryMs = Long.MAX_VALUE;
            open.put(delivery, lease);
        }
        lease.dueMs = dueMs;
        if (dueMs < lease.entryMs) {
            lease.entryMs = dueMs;
            due.add(dueMs, delivery);
        }
    }

    /** The delivery was settled, or is about to be; returns the time that it had, {@link Long#MAX_VALUE} for any. */
    long end(long delivery) {
        Lease<C> lease = open.isEmpty() ? null : open.remove(delivery);
        return lease == null ? Long.MAX_VALUE : lease.dueMs;
    }

    /** No time is over before; {@link Long#MAX_VALUE} if there is none. */
    long firstDueMs() {
        return open.isEmpty() ? Long.MAX_VALUE : due.peekDueMs();
    }

    int size() {
        return open.size();
    }

    /** Times that are kept, those of ended leases included. */
    int kept() {
        return due.size();
    }

    /** Ends what is over by now, a bounded number at a time. */
    void endOver(long nowMs, Visitor<C> visitor) {
        for (int i = 0; i < MOST_PER_TURN && due.peekDueMs() <= nowMs; i++) {
            long entryMs = due.peekDueMs();
            long delivery = due.poll();
            Lease<C> lease = open.get(delivery);
            if (lease == null || lease.entryMs != entryMs) {
                continue;
            }
            if (lease.dueMs > nowMs) {
                lease.entryMs = lease.dueMs;
                due.add(lease.dueMs, delivery);
            } else {
                open.remove(delivery);
                visitor.over(lease.consumer, delivery);
            }
        }
    }

    private void forgetEnded() {
        if (due.size() > 2 * open.size() + MOST_FORGOTTEN) {
            due.removeIf(delivery -> !open.containsKey(delivery));
        }
    }
}
