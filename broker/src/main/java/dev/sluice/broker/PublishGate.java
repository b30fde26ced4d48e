package dev.sluice.broker;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells publishers of one shard whether they are to wait, since the node is short of memory or disk; consumers go on and make room. What is published all the same is taken. Confined to its shard.
 */
public final class PublishGate implements Gate {
    private static final int CHECK_MS = 20;

    private final Shard shard;
    private final NodePressure node;
    private final Set<Runnable> waiting = new LinkedHashSet<>();
    private boolean stopped;
    private double pressure;

    PublishGate(Shard shard, NodePressure node) {
        this.shard = shard;
        this.node = node;
    }

    @Override
    public boolean isStopped() {
        return stopped;
    }

    @Override
    public String reason() {
        return refusal().detail();
    }

    /** Why, and when it may be worth trying again; to be asked while {@link #isStopped}. */
    public Refusal refusal() {
        return node.refusal();
    }

    /** How much publishers are to be slowed, from 0 to 1. */
    double pressure() {
        return pressure;
    }

    /** Looks again; costs a few reads, so once a turn is fine. */
    void check() {
        pressure = node.pressure();
        boolean stops = node.stops();
        if (stops && !stopped) {
            stopped = true;
            shard.schedule(this::checkAgain, CHECK_MS);
        } else if (!stops && stopped) {
            stopped = false;
            letGo();
        }
    }

    private void letGo() {
        var released = List.copyOf(waiting);
        waiting.clear();
        node.addBlocked(-released.size());
        released.forEach(Runnable::run);
    }

    private void checkAgain() {
        check();
        if (stopped) {
            shard.schedule(this::checkAgain, CHECK_MS);
        }
    }

    /** One more publisher of this shard waits, here or elsewhere; or, with -1, one less. */
    void addBlocked(int change) {
        node.addBlocked(change);
    }

    @Override
    public void whenOpen(Runnable action) {
        if (waiting.add(action)) {
            node.addBlocked(1);
        }
    }

    @Override
    public void forget(Runnable action) {
        if (waiting.remove(action)) {
            node.addBlocked(-1);
        }
    }
}
