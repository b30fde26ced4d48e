package dev.sluice.amqp;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.PublishGate;
import dev.sluice.broker.PublisherCredit;
import dev.sluice.broker.Shard;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes a connection that publishes wait: a little, as its rates and the pressure on the node ask, or until it is called, while the node is too short of memory or disk. It is held where a publish begins, so what stands before the next
 * publish, such as acknowledgements, is always taken. A connection that consumes too is never held longer than {@link #PAUSE_MS} at a time, since the acknowledgements behind its publishes are what makes room. Confined to the
 * connection's shard.
 */
final class PublishBrake {
    static final int PAUSE_MS = 100;

    /** A shorter wait is left to add up. */
    static final int LEAST_WAIT_MS = 2;

    private final Connection connection;
    private final Pressure pressure;
    private final Shard shard;
    private final Runnable whenOpen = this::opened;
    private boolean braking;
    private boolean told;
    private boolean closed;
    private Shard.@Nullable Timer pause;

    /** What there is to be slowed for. */
    interface Pressure {
        /** Whether publishers wait until they are called. */
        boolean isStopped();

        /** Why, and when it may be better; while stopped. */
        String reason();

        void whenOpen(Runnable action);

        void forget(Runnable action);

        /** Whether publishes have to be reckoned now. */
        boolean isReckoning();

        void published(int bodyBytes, boolean consumes);

        /** How long the connection is to wait before it publishes again. */
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

    /** A publish begins; what there is of it after the method may be held back. */
    void publishing() {
        if (braking || closed) {
            return;
        }
        boolean isStopped = pressure.isStopped();
        if (isStopped) {
            tell();
            if (!connection.consumes()) {
                hold();
                return;
            }
        }
        if (pressure.isReckoning()) {
            long waitMs = pressure.waitMs();
            if (waitMs >= LEAST_WAIT_MS) {
                hold();
                pause(waitMs);
            }
        }
    }

    /** A message with a body of so many bytes was published. */
    void published(int bodyBytes) {
        if (pressure.isReckoning()) {
            pressure.published(bodyBytes, connection.consumes());
        }
        if (pressure.isStopped()) {
            tell();
        }
    }

    private void tell() {
        if (!told && !closed) {
            told = true;
            connection.blocked(pressure.reason());
            pressure.whenOpen(whenOpen);
        }
    }

    private void hold() {
        braking = true;
        connection.hold();
    }

    private void pause(long waitMs) {
        pause = shard.schedule(this::paused, Math.min(waitMs, PAUSE_MS));
    }

    private void paused() {
        pause = null;
        if (!connection.consumes()) {
            if (pressure.isStopped()) {
                tell();
                return; // until it is called
            }
            long waitMs = pressure.waitMs();
            if (waitMs > 0) {
                pause(waitMs);
                return;
            }
        }
        goOn();
    }

    private void opened() {
        told = false;
        connection.unblocked();
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
        if (pause != null) {
            pause.cancel();
            pause = null;
        }
        if (told) {
            pressure.forget(whenOpen);
        }
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
