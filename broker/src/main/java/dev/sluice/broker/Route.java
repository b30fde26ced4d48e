package dev.sluice.broker;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The queues that a message goes to, as found on one shard. Confined to that shard; good for the topology version it was made at. */
public final class Route {
    private static final Inlet[] NOWHERE = {};

    private final Inlet[] inlets;
    private final boolean cacheable;
    private final boolean delayed;
    private final @Nullable Refusal refusal;

    private Route(Inlet[] inlets, boolean cacheable, boolean delayed, @Nullable Refusal refusal) {
        this.inlets = inlets;
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

    Inlet[] inlets() {
        return inlets;
    }
}
