package dev.sluice.testkit;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.ConfirmWhen;
import dev.sluice.broker.Gate;
import dev.sluice.broker.QueueLook;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.Route;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Confined to the thread of the simulation. A client with some records to publish, one after another: before each it looks whether it is to wait, and if so until it is called, as a gateway does. */
final class SimSender {
    private final BrokerSim sim;
    private final int shard;
    private final BrokerShard view;
    private final String exchange;
    private final String routingKey;
    private final @Nullable ConfirmWhen confirm;
    private final ArrayDeque<Draft> drafts;
    private final Runnable whenOpen = this::called;
    private @Nullable Gate awaited;
    private @Nullable QueueModel waitsFor;

    /** A record that is not published yet; {@code key}: what it is about, 0 for nothing. */
    record Draft(RecordAttributes attributes, int key, int bytes) {}

    /** {@code confirm}: null if it does not want to know what becomes of its records. */
    SimSender(
            BrokerSim sim,
            int shard,
            BrokerShard view,
            String exchange,
            String routingKey,
            @Nullable ConfirmWhen confirm,
            List<Draft> drafts) {
        this.sim = sim;
        this.shard = shard;
        this.view = view;
        this.exchange = exchange;
        this.routingKey = routingKey;
        this.confirm = confirm;
        this.drafts = new ArrayDeque<>(drafts);
    }

    int shard() {
        return shard;
    }

    /** Sends what it has, up to where it has to wait. */
    void send() {
        send(null);
    }

    /** {@code by}: whoever called it has room for one. */
    @SuppressWarnings("ReferenceEquality") // a gate is itself
    private void send(@Nullable Gate by) {
        Gate passed = by;
        while (!drafts.isEmpty()) {
            List<QueueModel> queues = PublishOps.targets(sim, exchange, routingKey);
            if (!queues.isEmpty()) {
                Route route = view.route(exchange, routingKey, null);
                Gate stopped = route.stopped();
                if (stopped != null && stopped != passed) {
                    await(stopped);
                    return;
                }
                Draft next = drafts.element();
                sim.publisher(shard).publish(view, route, exchange, routingKey, queues, next, confirm);
            }
            drafts.remove();
            passed = null;
        }
        sim.senders.remove(this);
    }

    private void await(Gate gate) {
        sim.trace.add("a publisher on " + shard + " waits: " + gate.reason());
        QueueModel queue = Objects.requireNonNull(sim.model.queues.get(QueueLook.queueOf(gate)));
        BrokerModel.require(queue.blocksAtLimit(), "publishers wait for " + queue);
        queue.waiting++;
        queue.mostWaiting = Math.max(queue.mostWaiting, queue.waiting);
        awaited = gate;
        waitsFor = queue;
        sim.senders.add(this);
        gate.whenOpen(whenOpen);
    }

    private void called() {
        sim.hears(() -> {
            Gate by = Objects.requireNonNull(awaited);
            sim.trace.add("a publisher on " + shard + " goes on");
            goesOn();
            send(by);
        });
    }

    private void goesOn() {
        sim.senders.remove(this);
        Objects.requireNonNull(waitsFor).waiting--;
        waitsFor = null;
        awaited = null;
    }

    /** The client goes away, with what it has not sent. */
    void giveUp() {
        Gate gate = awaited;
        if (gate != null) {
            sim.trace.add("a publisher on " + shard + " waits no longer");
            goesOn();
            gate.forget(whenOpen);
        }
    }
}
