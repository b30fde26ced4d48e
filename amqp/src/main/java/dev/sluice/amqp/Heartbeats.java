package dev.sluice.amqp;

import dev.sluice.broker.Shard;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends a heartbeat when nothing else was sent for half of the agreed interval, and gives the peer up when nothing came from it for two intervals. Looks twice in an interval at what happened
 * since the last look, so traffic itself costs nothing. Confined to the connection's shard.
 */
final class Heartbeats {
    private static final int LOOKS_PER_INTERVAL = 2;
    private static final int MAX_SILENT_LOOKS = 2 * LOOKS_PER_INTERVAL;

    private final Shard shard;
    private final BooleanSupplier received;
    private final BooleanSupplier sent;
    private final Runnable send;
    private final Runnable giveUp;
    private int periodMs;
    private int silentLooks;
    private Shard.@Nullable Timer timer;

    /**
     * @param received whether anything came since it was asked last
     * @param sent whether anything was sent since it was asked last
     */
    Heartbeats(Shard shard, BooleanSupplier received, BooleanSupplier sent, Runnable send, Runnable giveUp) {
        this.shard = shard;
        this.received = received;
        this.sent = sent;
        this.send = send;
        this.giveUp = giveUp;
    }

    /** {@code intervalMs} 0: the peer wants none. */
    void start(int intervalMs) {
        periodMs = intervalMs / LOOKS_PER_INTERVAL;
        if (periodMs > 0) {
            timer = shard.schedule(this::look, periodMs);
        }
    }

    void stop() {
        if (timer != null) {
            timer.cancel();
        }
    }

    private void look() {
        silentLooks = received.getAsBoolean() ? 0 : silentLooks + 1;
        if (silentLooks >= MAX_SILENT_LOOKS) {
            giveUp.run();
            return;
        }
        if (!sent.getAsBoolean()) {
            send.run();
        }
        timer = shard.schedule(this::look, periodMs);
    }
}
