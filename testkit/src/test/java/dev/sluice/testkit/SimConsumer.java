package dev.sluice.testkit;

import dev.sluice.broker.Consumer;
import dev.sluice.broker.DeliverySink;
import dev.sluice.broker.GetReply;
import dev.sluice.broker.Settlement;
import dev.sluice.log.RecordCursor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Confined to the thread of the simulation. A client that takes records of one queue, as a subscriber or one at a time, and what it has. */
final class SimConsumer implements DeliverySink, GetReply {
    enum State {
        SUBSCRIBING,
        ACTIVE,
        CANCELLED,
        CLOSED
    }

    final QueueModel queue;
    /** The shard of its connection. */
    final int home;

    final boolean isGetter;
    final boolean noAck;
    final int prefetch;
    final int priority;
    State state = State.SUBSCRIBING;
    private final BrokerSim sim;
    private final Map<Long, Held> held = new LinkedHashMap<>();
    private @Nullable Consumer handle;
    private boolean takesMore = true;
    private boolean acksAll;
    /** A get that is not answered. */
    private boolean isAsking;

    private boolean asksWithoutAck;
    /** By what has its own order. */
    private final Map<Integer, Long> highestFirst = new HashMap<>();

    /** A delivery that was not settled. */
    static final class Held {
        final CopyModel copy;
        final SimConsumer consumer;
        final long delivery;
        final int count;
        /** Its lease is not over before, if it has one. */
        long leaseMs;

        /** Somebody else was seen with the record. */
        boolean isOver;

        Held(CopyModel copy, SimConsumer consumer, long delivery, int count, long leaseMs) {
            this.copy = copy;
            this.consumer = consumer;
            this.delivery = delivery;
            this.count = count;
            this.leaseMs = leaseMs;
        }

        boolean mayBeOverAt(long nowMs) {
            return leaseMs <= nowMs;
        }

        @Override
        public String toString() {
            return copy + " for " + consumer;
        }
    }

    SimConsumer(
            BrokerSim sim, QueueModel queue, int home, boolean isGetter, boolean noAck, int prefetch, int priority) {
        this.sim = sim;
        this.queue = queue;
        this.home = home;
        this.isGetter = isGetter;
        this.noAck = noAck;
        this.prefetch = prefetch;
        this.priority = priority;
    }

    /** One that takes all there is, and acknowledges it. */
    static SimConsumer thatAcksAll(BrokerSim sim, QueueModel queue, int home) {
        var consumer = new SimConsumer(sim, queue, home, false, false, 10, 0);
        consumer.acksAll = true;
        return consumer;
    }

    void subscribed(Consumer itsHandle) {
        handle = itsHandle;
        state = State.ACTIVE;
    }

    List<Held> held() {
        return List.copyOf(held.values());
    }

    boolean isOpen() {
        return state == State.ACTIVE || state == State.CANCELLED;
    }

    /** Whether the queue owes it the next record, if it is the only subscriber. */
    boolean canTake() {
        return state == State.ACTIVE
                && !isGetter
                && takesMore
                && (noAck || (prefetch == 0 ? held.isEmpty() : held.size() < prefetch));
    }

    private Consumer handle() {
        return Objects.requireNonNull(handle);
    }

    // What its client does; on its shard.

    void settle(Held what, Settlement settlement, long delayMs) {
        if (held.remove(what.delivery) == null) {
            return;
        }
        sim.trace.add(this + " " + settlement + (delayMs > 0 ? " after " + delayMs + " ms " : " ") + what.copy);
        sim.model.settled(what, settlement, delayMs);
        if (settlement == Settlement.RELEASE && delayMs > 0) {
            handle().release(what.delivery, delayMs);
        } else {
            handle().settle(what.delivery, settlement);
        }
    }

    void renew(Held what, long leaseMs) {
        if (held.containsKey(what.delivery)) {
            sim.trace.add(this + " renews " + what.copy + " for " + leaseMs + " ms");
            what.leaseMs = Math.min(what.leaseMs, sim.model.quietMs() + leaseMs);
            handle().renew(what.delivery, leaseMs);
        }
    }

    void get(boolean withoutAck) {
        if (state == State.ACTIVE && !isAsking) {
            sim.trace.add(this + " gets" + (withoutAck ? " without ack" : ""));
            isAsking = true;
            asksWithoutAck = withoutAck;
            takes(withoutAck);
            handle().get(withoutAck, this);
        }
    }

    /** From now on it may be sent something. */
    void takes(boolean withoutAck) {
        queue.isSeenFromAfar |= isRemote();
        queue.hasRemoteTaker |= isRemote() && withoutAck;
        queue.mayLoseUnseen |= isRemote() && withoutAck;
    }

    /** Its socket takes no more for a while, or more again. */
    void turn() {
        if (state == State.ACTIVE) {
            takesMore = !takesMore;
            sim.trace.add(this + (takesMore ? " takes more" : " takes no more"));
            if (takesMore) {
                handle().resume();
            }
        }
    }

    void cancel() {
        if (state == State.ACTIVE) {
            sim.trace.add(this + " is cancelled");
            state = State.CANCELLED;
            isAsking = false;
            handle().cancel(() -> {});
        }
    }

    void close() {
        if (isOpen()) {
            sim.trace.add(this + " is closed with " + held.size());
            state = State.CLOSED;
            isAsking = false;
            held.values().forEach(sim.model::takenBack);
            held.clear();
            if (isRemote()) {
                sim.model.closedFromAfar(queue, noAck || asksWithoutAck);
            }
            handle().close();
        }
    }

    // What the broker does.

    @Override
    public boolean ready() {
        return takesMore;
    }

    @Override
    public void deliver(Consumer consumer, long delivery, RecordCursor record, int count, boolean redelivered) {
        sim.hears(() -> arrived(delivery, record, count, redelivered, noAck));
    }

    private void arrived(long delivery, RecordCursor record, int count, boolean redelivered, boolean withoutAck) {
        if (state == State.CLOSED || queue.state == QueueModel.State.GONE) {
            sim.trace.add(this + " is sent something that was on its way");
            return;
        }
        Held arrived = DeliveryCheck.delivered(sim.model, this, delivery, record, count, redelivered, withoutAck);
        sim.trace.add(this + " got " + arrived.copy + (redelivered ? " again" : ""));
        if (!withoutAck) {
            held.put(delivery, arrived);
            BrokerModel.require(
                    prefetch == 0 || isGetter || held.size() <= prefetch, this + " has more than it can take");
            if (acksAll) {
                sim.on(home, () -> settle(arrived, Settlement.ACK, 0));
            }
        }
    }

    /** False if it got one before that has a higher place in the same order, both for the first time. */
    boolean isInOrder(int order, long offset) {
        boolean inOrder = offset > highestFirst.getOrDefault(order, -1L);
        highestFirst.merge(order, offset, Math::max);
        return inOrder || queue.lanes() > 1;
    }

    /** Whether it is on another shard than its queue. */
    boolean isRemote() {
        return home != queue.home(sim.shardCount());
    }

    @Override
    public void got(
            Consumer consumer, long delivery, RecordCursor record, int count, boolean redelivered, long remaining) {
        sim.hears(() -> {
            isAsking = false;
            arrived(delivery, record, count, redelivered, asksWithoutAck);
        });
    }

    @Override
    public void empty() {
        sim.hears(() -> {
            sim.trace.add(this + " gets nothing");
            isAsking = false;
        });
    }

    @Override
    public void flush() {}

    @Override
    public void cancelled(Consumer consumer) {
        sim.hears(() -> {
            BrokerModel.require(!queue.isThere(), this + " loses a queue that is there");
            state = State.CLOSED;
            held.clear();
        });
    }

    @Override
    public String toString() {
        return (isGetter ? "getter" : "consumer") + "@" + Integer.toHexString(sim.numberOf(this)) + " of " + queue.name;
    }
}
