package dev.sluice.broker;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A message that is the application's to process and to settle, once. Thread-safe: it may be settled from any thread. */
public final class Delivery {
    private final Message message;
    private final List<Death> deaths;
    private final long id;
    private final int deliveryCount;
    private final boolean redelivered;
    private final Consumer consumer;
    private final Shard home;
    private final AtomicBoolean settled = new AtomicBoolean();

    Delivery(
            Message message,
            List<Death> deaths,
            long id,
            int deliveryCount,
            boolean redelivered,
            Consumer consumer,
            Shard home) {
        this.message = message;
        this.deaths = deaths;
        this.id = id;
        this.deliveryCount = deliveryCount;
        this.redelivered = redelivered;
        this.consumer = consumer;
        this.home = home;
    }

    public Message message() {
        return message;
    }

    /** Of a dead letter: which queues it left unprocessed, the last first. */
    public List<Death> deaths() {
        return deaths;
    }

    /** Place of the record in its queue's log: unique within the queue, ascending in the order of publishing. */
    public long offset() {
        return DeliveryId.offset(id);
    }

    /** How often it was delivered and released before. */
    public int deliveryCount() {
        return deliveryCount;
    }

    /** Whether it is known that it may have been delivered before. Of a process that is gone only what it wrote down is known: what it delivered just before it ended may come without. */
    public boolean isRedelivered() {
        return redelivered;
    }

    /** Processed. Does not block. Of several settlements of one delivery the first counts. */
    public void ack() {
        settle(Settlement.ACK);
    }

    /** Back to its place in the queue, for whoever comes next. */
    public void release() {
        settle(Settlement.RELEASE);
    }

    /**
     * Back to its place in the queue, but not delivered before this time has passed, unless the broker is started anew.
     *
     * @param delay not negative; whole milliseconds count
     */
    public void release(Duration delay) {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("the delay is " + delay + ", not negative was expected");
        }
        long delayMs = TimeUnit.MILLISECONDS.convert(delay);
        if (settled.compareAndSet(false, true)) {
            home.execute(() -> consumer.release(id, delayMs));
        }
    }

    /**
     * Asks for more time: the delivery is the application's for so long from now on, whether or not its queue has a consumer-timeout. Does not block; without effect if the delivery is settled, or its time is over already.
     *
     * @param lease more than nothing; whole milliseconds count
     */
    public void renew(Duration lease) {
        if (!lease.isPositive()) {
            throw new IllegalArgumentException("the lease is " + lease + ", more than nothing was expected");
        }
        long leaseMs = TimeUnit.MILLISECONDS.convert(lease);
        home.execute(() -> consumer.renew(id, leaseMs));
    }

    /** Not to be delivered again here; it goes to the queue's dead letter exchange, if there is one. */
    public void reject() {
        settle(Settlement.REJECT);
    }

    /** Settled with the transaction, unless that is over without it; {@link #forget} says so. False if it is settled already. */
    boolean settleIn(ShardTransaction transaction, Settlement settlement) {
        boolean first = settled.compareAndSet(false, true);
        if (first) {
            home.execute(() -> transaction.settle(consumer, id, settlement));
        }
        return first;
    }

    /** It is to be settled after all. */
    void forget() {
        settled.set(false);
    }

    /** Whether it comes from a broker with this shard. */
    @SuppressWarnings("ReferenceEquality") // a shard is a thread
    boolean isFrom(Shard shard) {
        return home == shard;
    }

    private void settle(Settlement settlement) {
        if (settled.compareAndSet(false, true)) {
            home.execute(() -> consumer.settle(id, settlement));
        }
    }
}
