package dev.sluice.broker;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Slows the threads that publish through the embedded API, all together, while memory or disk get short. Thread-safe. */
final class EmbeddedPace {
    private static final int BURST_MS = 20;
    private static final long MOST_WAIT_NS = 1_000_000_000;

    private final NodePressure node;
    private final RateLimit rate = new RateLimit(PublishPace.FASTEST_BYTES_PER_SECOND, BURST_MS, System.nanoTime());

    EmbeddedPace(NodePressure node) {
        this.node = node;
    }

    /** Blocks for as long as a message of this size is to wait, a second at most; returns why it is not taken at all, or null. */
    @Nullable
    Refusal await(int bodyBytes) {
        if (node.stops()) {
            return node.refusal();
        }
        double pressure = node.pressure();
        if (pressure > 0) {
            rate.setPerSecond(PublishPace.bytesPerSecond(pressure));
            long waitNs = rate.take(bodyBytes + PublishPace.MESSAGE_BYTES, System.nanoTime());
            LockSupport.parkNanos(Math.min(waitNs, MOST_WAIT_NS));
        }
        return null;
    }
}
