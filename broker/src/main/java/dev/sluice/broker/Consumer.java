package dev.sluice.broker;

import io.netty.util.collection.LongObjectHashMap;
import io.netty.util.collection.LongObjectMap;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One subscriber of a queue, or somebody who gets records one at a time. Public methods are called on the shard that subscribed ("home"); they carry the call to the queue's shard,
 * which owns all the mutable state here.
 */
public final class Consumer {
    private static final int ANY_NUMBER = 0;

    private final Queue queue;
    private final BrokerShard home;
    private final ConsumerSpec spec;
    final DeliverySink sink;
    final boolean subscribed;

    /** Delivered and not settled, by {@link DeliveryId}; false for those whose lease is over. They take their share of the prefetch all the same: who does not settle in time gets no more. */
    private final LongObjectMap<Boolean> inFlight = new LongObjectHashMap<>(4);

    final ArrayDeque<PendingGet> gets = new ArrayDeque<>(0);
    private int lapsed;
    private int prefetch;
    // The dispatcher's.
    /** In the order of subscription. */
    long number;

    /** Null while it is not subscribed. */
    ServableConsumers.@Nullable Ring ring;

    @Nullable
    Consumer previous;

    @Nullable
    Consumer next;
    /** Whether it is among those that can be served. */
    boolean queued;
    /** Whether its sink got something in this run. */
    boolean touched;

    private boolean cancelled;
    private boolean closed;

    /** A get that waits for its turn. */
    record PendingGet(boolean noAck, GetReply reply) {}

    Consumer(Queue queue, BrokerShard home, ConsumerSpec spec, DeliverySink sink, boolean subscribed) {
        this.queue = queue;
        this.home = home;
        this.spec = spec;
        this.sink = queue.home() == home ? sink : new RemoteSink(sink, queue.shard(), home);
        this.subscribed = subscribed;
        this.prefetch = spec.prefetch();
    }

    /** Name of the queue. */
    public String queue() {
        return queue.name();
    }

    /** The name to which the records of the queue are published: the queue's, or that of the topic that it reads. */
    public String address() {
        return queue.spec().address();
    }

    /** Whether the offsets of its deliveries are places in a topic. */
    public boolean isOfTopic() {
        return queue.spec().topic() != null || queue.spec().isTopic();
    }

    public boolean noAck() {
        return spec.noAck();
    }

    /** Ends a delivery, named by its {@link DeliveryId}; one that is unknown or settled already is left alone. */
    public void settle(long delivery, Settlement settlement) {
        settle(delivery, settlement, 0);
    }

    /** Puts a delivery back to its place, to be ready again after {@code delayMs} milliseconds at the earliest; in memory only, so that a start of the broker makes it ready. */
    public void release(long delivery, long delayMs) {
        settle(delivery, Settlement.RELEASE, delayMs);
    }

    private void settle(long delivery, Settlement settlement, long delayMs) {
        if (isHomeOfQueue()) {
            queue.consumers().settle(this, delivery, settlement, delayMs);
        } else {
            home.send(queue.home(), () -> queue.consumers().settle(this, delivery, settlement, delayMs));
        }
    }

    /** The delivery stays this consumer's for {@code leaseMs} milliseconds from now, whatever its queue's timeout; without effect if it is settled, or its time is over. */
    public void renew(long delivery, long leaseMs) {
        if (isHomeOfQueue()) {
            queue.consumers().renew(this, delivery, leaseMs);
        } else {
            home.send(queue.home(), () -> queue.consumers().renew(this, delivery, leaseMs));
        }
    }

    /** Asks for one record; the answer comes to {@code reply}. Requests of one consumer are answered in their order. */
    public void get(boolean noAck, GetReply reply) {
        home.flushInlets(); // what was published here before comes first
        if (isHomeOfQueue()) {
            queue.consumers().get(this, new PendingGet(noAck, reply));
        } else {
            GetReply remote = RemoteSink.remote(reply, home);
            home.send(queue.home(), () -> queue.consumers().get(this, new PendingGet(noAck, remote)));
        }
    }

    /** The sink that was not ready is ready again. */
    public void resume() {
        if (isHomeOfQueue()) {
            queue.consumers().resume(this);
        } else {
            home.send(queue.home(), () -> queue.consumers().resume(this));
        }
    }

    /** As {@link #resume}, from whatever thread. */
    void resumeFromAnywhere() {
        queue.shard().execute(() -> queue.consumers().resume(this));
    }

    /** As {@link #resume}, on the queue's shard. */
    void resumeHere() {
        queue.consumers().resume(this);
    }

    /** Takes effect for the next delivery. 0 means any number. */
    public void setPrefetch(int newPrefetch) {
        home.send(queue.home(), () -> {
            prefetch = newPrefetch;
            queue.consumers().resume(this);
        });
    }

    /** Ends the subscription. No delivery comes after {@code done} has run; what is not settled can still be settled. */
    public void cancel(Runnable done) {
        if (isHomeOfQueue()) {
            queue.consumers().cancel(this);
            done.run();
        } else {
            home.send(queue.home(), () -> {
                queue.consumers().cancel(this);
                queue.home().send(home, done);
            });
        }
    }

    /** Ends the subscription and puts back what is not settled, each record to its place. */
    public void close() {
        if (isHomeOfQueue()) {
            queue.consumers().close(this);
        } else {
            home.send(queue.home(), () -> queue.consumers().close(this));
        }
    }

    private boolean isHomeOfQueue() {
        return queue.home() == home;
    }

    // What follows belongs to the queue's shard.

    ConsumerSpec spec() {
        return spec;
    }

    /** The queue itself. Any thread. */
    Queue source() {
        return queue;
    }

    /** While it is subscribed. */
    ServableConsumers.Ring ring() {
        ServableConsumers.Ring joined = ring;
        if (joined == null) {
            throw new IllegalStateException("not subscribed to " + queue.name());
        }
        return joined;
    }

    boolean isCancelled() {
        return cancelled;
    }

    void markCancelled() {
        cancelled = true;
    }

    /** Whether nothing comes back to it any more. */
    boolean isClosed() {
        return closed;
    }

    void markClosed() {
        closed = true;
    }

    /** Whether it could be sent a record now, its shared limit aside. */
    boolean isServable() {
        return !cancelled && subscribed && (spec.noAck() || hasRoom()) && sink.ready();
    }

    private boolean hasRoom() {
        return prefetch == ANY_NUMBER ? lapsed == 0 : inFlight.size() < prefetch;
    }

    /** Takes one of the shared limit; if there is none it will be resumed. */
    boolean acquireShared() {
        SharedCredit shared = spec.shared();
        return shared == null || spec.noAck() || shared.acquireOrWait(this);
    }

    void releaseShared(int count) {
        SharedCredit shared = spec.shared();
        if (shared != null && !spec.noAck() && count > 0) {
            shared.release(count);
        }
    }

    void delivered(long delivery) {
        if (Boolean.FALSE.equals(inFlight.put(delivery, Boolean.TRUE))) {
            lapsed--; // so often delivered that the name is used again
        }
    }

    /** What the consumer had of a delivery that it settles. */
    enum Held {
        NOTHING,
        /** Its lease is over, and the record went back. */
        LAPSED,
        RECORD
    }

    /** The delivery is settled: the consumer has nothing of it any more. */
    Held settled(long delivery) {
        Boolean open = inFlight.remove(delivery);
        if (open == null) {
            return Held.NOTHING;
        }
        if (!open) {
            lapsed--;
        }
        return open ? Held.RECORD : Held.LAPSED;
    }

    /** The lease of the delivery is over: the record is not the consumer's any more. */
    void lapse(long delivery) {
        inFlight.put(delivery, Boolean.FALSE);
        lapsed++;
    }

    /** Whether the record of the delivery is the consumer's. */
    boolean holds(long delivery) {
        return Boolean.TRUE.equals(inFlight.get(delivery));
    }

    /** Deliveries that take their share of the prefetch. */
    int inFlightCount() {
        return inFlight.size();
    }

    /** All records that are the consumer's, which they no longer are. */
    long[] takeInFlight() {
        var deliveries = new long[inFlight.size() - lapsed];
        int i = 0;
        for (LongObjectMap.PrimitiveEntry<Boolean> entry : inFlight.entries()) {
            if (entry.value()) {
                deliveries[i++] = entry.key();
            }
        }
        inFlight.clear();
        lapsed = 0;
        return deliveries;
    }
}
