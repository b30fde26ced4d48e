package dev.sluice.amqp;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Gate;
import dev.sluice.broker.PublishGate;
import dev.sluice.broker.PublisherCredit;
import dev.sluice.broker.Shard;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes a connection that publishes wait: a little, as rates and the pressure on the node ask, or until it is called, while the node is too short of memory or disk, or a queue is full whose publishers are to wait. It is held where a publish
 * begins, so what stands before the next publish, such as acknowledgements, is always taken. A connection that consumes too is never held longer than {@link #PAUSE_MS} at a time, since the acknowledgements behind its publishes are what makes
 * room. Confined to the connection's shard.
 */
final class PublishBrake {
    static final int PAUSE_MS = 100;

    /** A shorter wait is left to add up. */
    static final int LEAST_WAIT_MS = 2;

    /** Who waits for a queue is told when it takes longer than this: at a queue that is drained steadily, waits are short and many. */
    static final int MOMENT_MS = 200;

    private final Connection connection;
    private final Pressure pressure;
    private final Shard shard;
    private final Runnable whenOpen = this::opened;
    private Queues queues = Queues.NONE;
    private boolean braking;
    private boolean told;
    private boolean closed;
    private Shard.@Nullable Timer pause;
    private Shard.@Nullable Timer moment;
    /** Where this publisher waits, and is called. */
    private @Nullable Gate awaited;

    /** What there is to be slowed for, whatever is published. */
    interface Pressure extends Gate {
        /** Whether publishes have to be reckoned now. */
        boolean isReckoning();

        void published(int bodyBytes, boolean consumes);

        /** How long the connection is to wait before it publishes again. */
        long waitMs();
    }

    /** What there is to be slowed for because of where a publish goes. */
    interface Queues {
        Queues NONE = new Queues() {
            @Override
            public @Nullable Gate stopped() {
                return null;
            }

            @Override
            public long waitMs() {
                return 0;
            }
        };

        /** A queue whose publishers wait until they are called; null if there is none. */
        @Nullable
        Gate stopped();

        /** How long the connection is to wait before it publishes there again. */
        long waitMs();
    }

    /** What is slowed down. */
    interface Connection {
        /** Takes no further frame until {@link #goOn}. */
        void hold();

        void goOn();

        boolean consumes();

        /** Tells the client that its publishes wait. */
        void blocked(String reason);

        void unblocked();
    }

    static PublishBrake of(Connection connection, BrokerShard broker, String user) {
        PublisherCredit credit = broker.publisherCredit(user, System.nanoTime());
        return new PublishBrake(connection, new NodePressure(broker.publishGate(), credit), broker.shard());
    }

    PublishBrake(Connection connection, Pressure pressure, Shard shard) {
        this.connection = connection;
        this.pressure = pressure;
        this.shard = shard;
    }

    /** A publish begins that goes to these queues; what there is of it after the method may be held back. */
    void publishing(Queues to) {
        if (braking || closed) {
            return;
        }
        queues = to;
        Gate stopped = stopped();
        if (stopped != null) {
            await(stopped);
            if (!connection.consumes()) {
                hold();
                return;
            }
        }
        long waitMs = waitMs(stopped);
        if (waitMs >= LEAST_WAIT_MS) {
            hold();
            pause(waitMs);
        }
    }

    private @Nullable Gate stopped() {
        return pressure.isStopped() ? pressure : queues.stopped();
    }

    /** A connection that consumes goes on in little bits while it should be stopped: at the pace that the pressure leaves it, or message by message at a queue that is full. */
    @SuppressWarnings("ReferenceEquality") // the pressure is one of its gates
    private long waitMs(@Nullable Gate stopped) {
        long forQueues = stopped == null || stopped == pressure ? queues.waitMs() : PAUSE_MS;
        return pressure.isReckoning() ? Math.max(pressure.waitMs(), forQueues) : forQueues;
    }

    /** A message with a body of so many bytes was published. */
    void published(int bodyBytes) {
        if (pressure.isReckoning()) {
            pressure.published(bodyBytes, connection.consumes());
        }
        if (!closed && pressure.isStopped()) {
            await(pressure);
        }
    }

    /** Lets itself be called by that gate and by no other. */
    @SuppressWarnings("ReferenceEquality") // a gate is itself
    private void await(Gate gate) {
        if (awaited != gate) {
            forget();
            awaited = gate;
            gate.whenOpen(whenOpen);
        }
        if (gate == pressure) {
            tell();
        } else if (!told && moment == null) {
            moment = shard.schedule(this::tell, MOMENT_MS);
        }
    }

    private void forget() {
        if (awaited != null) {
            awaited.forget(whenOpen);
            awaited = null;
        }
    }

    private void tell() {
        cancelMoment();
        if (!told && awaited != null) {
            told = true;
            connection.blocked(awaited.reason());
        }
    }

    private void cancelMoment() {
        if (moment != null) {
            moment.cancel();
            moment = null;
        }
    }

    private void hold() {
        braking = true;
        connection.hold();
    }

    private void pause(long waitMs) {
        pause = shard.schedule(this::paused, Math.min(waitMs, PAUSE_MS));
    }

    private void cancelPause() {
        if (pause != null) {
            pause.cancel();
            pause = null;
        }
    }

    private void paused() {
        pause = null;
        if (!connection.consumes()) {
            Gate stopped = stopped();
            if (stopped != null) {
                await(stopped);
                return; // until it is called
            }
            long waitMs = Math.max(pressure.waitMs(), queues.waitMs());
            if (waitMs > 0) {
                pause(waitMs);
                return;
            }
        }
        goOn();
    }

    /** Called by the gate: it has room for this one, so what else there may be to wait for is another gate, or a pause. */
    @SuppressWarnings("ReferenceEquality") // a gate is itself
    private void opened() {
        Gate by = awaited;
        awaited = null;
        cancelMoment();
        Gate other = braking && pause == null ? stopped() : null;
        if (other != null && other != by) {
            await(other);
            return;
        }
        if (told) {
            told = false;
            connection.unblocked();
        }
        if (by != pressure) {
            cancelPause(); // it was to last until now at the most
        }
        if (pause == null) {
            goOn();
        }
    }

    private void goOn() {
        if (braking) {
            braking = false;
            connection.goOn();
        }
    }

    /** The connection publishes no more. */
    void close() {
        closed = true;
        queues = Queues.NONE;
        cancelPause();
        cancelMoment();
        forget();
    }

    /** The gate of this shard, and what the connection has published. */
    private record NodePressure(PublishGate gate, PublisherCredit credit) implements Pressure {
        @Override
        public boolean isStopped() {
            return gate.isStopped();
        }

        @Override
        public String reason() {
            return gate.refusal().detail();
        }

        @Override
        public void whenOpen(Runnable action) {
            gate.whenOpen(action);
        }

        @Override
        public void forget(Runnable action) {
            gate.forget(action);
        }

        @Override
        public boolean isReckoning() {
            return credit.isNeeded();
        }

        @Override
        public void published(int bodyBytes, boolean consumes) {
            credit.published(bodyBytes, consumes, System.nanoTime());
        }

        @Override
        public long waitMs() {
            return TimeUnit.NANOSECONDS.toMillis(credit.waitNs(System.nanoTime()));
        }
    }
}
