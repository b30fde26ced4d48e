package dev.sluice.broker;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The queues that a message goes to, as found on one shard. Confined to that shard; good for the topology version it was made at. */
public final class Route {
    private static final Inlet[] NOWHERE = {};
    private static final QueueGate[] NO_GATES = {};

    private final Inlet[] inlets;
    private final QueueGate[] gates;
    private final boolean leadsToTopic;
    private final boolean cacheable;
    private final boolean delayed;
    private final @Nullable Refusal refusal;

    private Route(Inlet[] inlets, boolean cacheable, boolean delayed, @Nullable Refusal refusal) {
        this.inlets = inlets;
        this.gates = gatesOf(inlets);
        this.leadsToTopic = Arrays.stream(inlets).anyMatch(Inlet::isTopic);
        this.cacheable = cacheable;
        this.delayed = delayed;
        this.refusal = refusal;
    }

    static Route to(List<Inlet> inlets, boolean cacheable, boolean delayed) {
        return new Route(inlets.toArray(NOWHERE), cacheable, delayed, null);
    }

    static Route refused(Refusal.Reason reason, String exchange) {
        return new Route(NOWHERE, false, false, new Refusal(reason, exchange));
    }

    /** Why there can be no route at all; null when there can. */
    public @Nullable Refusal refusal() {
        return refusal;
    }

    /** Whether no queue gets the message. */
    public boolean isEmpty() {
        return inlets.length == 0;
    }

    /** How many queues get the message, and so how many confirms are due. */
    public int queueCount() {
        return inlets.length;
    }

    /** Whether every message with the same exchange and routing key goes the same way while the topology's version is the same. */
    public boolean isCacheable() {
        return cacheable;
    }

    /** Whether the exchange was declared for delayed messages. */
    public boolean isDelayed() {
        return delayed;
    }

    /** Whether the record's key may matter for where in a queue it goes. */
    public boolean leadsToTopic() {
        return leadsToTopic;
    }

    private static QueueGate[] gatesOf(Inlet[] inlets) {
        List<QueueGate> gates = null;
        for (Inlet inlet : inlets) {
            QueueGate gate = inlet.gate();
            if (gate != null) {
                gates = gates == null ? new ArrayList<>(1) : gates;
                gates.add(gate);
            }
        }
        return gates == null ? NO_GATES : gates.toArray(NO_GATES);
    }

    /** Whether publishers may ever have to wait for one of the queues. */
    public boolean hasGates() {
        return gates.length > 0;
    }

    /** Where a publisher should wait before it publishes, since a queue is full whose owner wants that; null if nowhere. */
    public @Nullable Gate stopped() {
        for (QueueGate gate : gates) {
            if (gate.isStopped()) {
                return gate;
            }
        }
        return null;
    }

    /** Nanoseconds that a publisher should wait before it publishes, for the rates of the queues; 0 for not at all. */
    public long waitNs(long nowNs) {
        long waitNs = 0;
        for (QueueGate gate : gates) {
            waitNs = Math.max(waitNs, gate.room().waitNs(nowNs));
        }
        return waitNs;
    }

    QueueGate[] gates() {
        return gates;
    }

    Inlet[] inlets() {
        return inlets;
    }
}
