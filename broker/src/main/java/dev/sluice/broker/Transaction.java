package dev.sluice.broker;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Messages to publish and deliveries to settle, together or not at all, over any number of queues and also across a crash. Nothing happens before {@link #commit}; closing without it takes everything back, and the deliveries are
 * still to be settled. So a message can be processed exactly once, if what comes of it are messages too:
 *
 * <pre>{@code
 * broker.consume("orders", 10, order -> {
 *     try (Transaction tx = broker.beginTransaction()) {
 *         tx.publish("invoices", invoiceFor(order.message()));
 *         tx.publish("parcels", parcelFor(order.message()));
 *         tx.ack(order);
 *         tx.commit();
 *     }
 * });
 * }</pre>
 *
 * <p>All of it is held in memory until then: {@value ShardTransaction#MOST_OPERATIONS} messages and settlements at the most, and as many bytes as one write may have. Used by one thread at a time, and once.
 *
 * <p>Messages for transient queues are stored once all others are durable. Queues whose durability is not {@code sync} may deliver theirs before the transaction is durable.
 */
public final class Transaction implements AutoCloseable {
    private final BrokerShard on;
    private final ShardTransaction gathered;
    private final EmbeddedPace pace;
    private final Semaphore inFlight;
    private final List<Delivery> deliveries = new ArrayList<>();
    private boolean over;

    Transaction(BrokerShard on, EmbeddedPace pace, Semaphore inFlight) {
        this.on = on;
        this.gathered = on.beginTransaction();
        this.pace = pace;
        this.inFlight = inFlight;
    }

    /** Publishes to the queue itself. */
    public void publish(String queue, Message message) {
        publish("", queue, message);
    }

    /**
     * Publishes to an exchange. Where that is not there, or leads to no queue, the commit is refused.
     *
     * @throws BrokerException if memory or disk are too short for publishers ({@link Refusal.Reason#OVERLOADED})
     */
    public void publish(String exchange, String routingKey, Message message) {
        requireOpen();
        Refusal overloaded = pace.await(message.body().length);
        if (overloaded != null) {
            throw new BrokerException(overloaded);
        }
        ByteBuf headers = RecordCodec.headers(exchange, routingKey, message);
        int bytes = EmbeddedBroker.inFlightBytes(message);
        inFlight.acquireUninterruptibly(bytes);
        on.shard().execute(() -> {
            inFlight.release(bytes);
            publishHere(exchange, routingKey, message, headers);
        });
    }

    private void publishHere(String exchange, String routingKey, Message message, ByteBuf headers) {
        Route route = on.route(exchange, routingKey, () -> Map.copyOf(message.headers()));
        Refusal refusal = route.refusal();
        if (refusal != null) {
            gathered.refuse(refusal);
        } else if (route.isEmpty()) {
            gathered.refuse(new Refusal(
                    Refusal.Reason.UNROUTABLE,
                    exchange,
                    "it leads to no queue with the routing key '" + routingKey + "'"));
        } else {
            byte @Nullable [] key = message.key();
            gathered.publish(
                    route,
                    message.attributes(),
                    key == null ? null : Unpooled.wrappedBuffer(key),
                    Unpooled.wrappedBuffer(message.body()),
                    headers);
        }
    }

    /** Processed, once committed. */
    public void ack(Delivery delivery) {
        settle(delivery, Settlement.ACK);
    }

    /** Back to its place in the queue, once committed. */
    public void release(Delivery delivery) {
        settle(delivery, Settlement.RELEASE);
    }

    /** Once committed, not to be delivered again here. Where its queue has a dead letter exchange, it goes there with the transaction; a queue that refuses it refuses the commit. */
    public void reject(Delivery delivery) {
        settle(delivery, Settlement.REJECT);
    }

    private void settle(Delivery delivery, Settlement settlement) {
        requireOpen();
        if (!delivery.isFrom(on.shard())) {
            throw new IllegalArgumentException("the delivery is of another broker");
        }
        if (!delivery.settleIn(gathered, settlement)) {
            throw new IllegalStateException("the delivery is settled already");
        }
        deliveries.add(delivery);
    }

    /**
     * Does all of it, or nothing. Blocks until it is durable where its queues are, for about one write to the disk.
     *
     * @throws BrokerException if something could not be taken, as a queue is full, or if the time to settle one of the deliveries was over; nothing has happened then, and the deliveries are still to be settled. After {@link
     *     Refusal.Reason#STORAGE} from a storage that was lost meanwhile the outcome is not known
     */
    public void commit() {
        requireOpen();
        over = true;
        var outcome = new CompletableFuture<Outcome<Integer>>();
        on.shard().execute(() -> gathered.commit(outcome::complete));
        switch (outcome.join()) {
            case Outcome.Done<Integer> done -> deliveries.clear();
            case Outcome.Refused<Integer>(Refusal refusal) -> {
                forgetDeliveries();
                throw new BrokerException(refusal);
            }
        }
    }

    /** Takes everything back. The deliveries are still to be settled. */
    public void rollback() {
        requireOpen();
        close();
    }

    /** Takes everything back, unless it was committed. */
    @Override
    public void close() {
        if (!over) {
            over = true;
            on.shard().execute(gathered::rollback);
            forgetDeliveries();
        }
    }

    private void forgetDeliveries() {
        deliveries.forEach(Delivery::forget);
        deliveries.clear();
    }

    private void requireOpen() {
        if (over) {
            throw new IllegalStateException("the transaction is over");
        }
    }
}
