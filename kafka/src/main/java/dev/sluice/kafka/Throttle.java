package dev.sluice.kafka;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.PublisherCredit;
import dev.sluice.broker.Refusal;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** How long one client is to wait before its next request, because of what it has published and of the pressure on the node. Confined to its connection's shard. */
final class Throttle {
    /** No client is asked to wait for longer at a time for what may be over any moment. For rates it waits as long as it takes to keep them. */
    static final int MOST_MS = 1_000;

    /** Of all clients, since they have not said who they are. */
    private static final String USER = "anonymous";

    private final BrokerShard broker;
    private @Nullable PublisherCredit credit;

    Throttle(BrokerShard broker) {
        this.broker = broker;
    }

    /** Why nothing is taken from publishers now; null if something is. */
    @Nullable
    Refusal refusal() {
        return broker.publishGate().isStopped() ? broker.publishGate().refusal() : null;
    }

    /** A batch of so many records and bytes. */
    void published(int records, int bytes) {
        PublisherCredit own = credit();
        if (own.isNeeded()) {
            own.published(records, bytes, false, System.nanoTime());
        }
    }

    /** Milliseconds, not negative. */
    int waitMs() {
        PublisherCredit own = credit();
        if (!own.isNeeded()) {
            return 0;
        }
        long nowNs = System.nanoTime();
        long forPressure = Math.min(TimeUnit.NANOSECONDS.toMillis(own.waitForPressureNs(nowNs)), MOST_MS);
        long forRates = TimeUnit.NANOSECONDS.toMillis(own.waitForRatesNs(nowNs));
        return (int) Math.min(Math.max(forPressure, forRates), Integer.MAX_VALUE);
    }

    private PublisherCredit credit() {
        PublisherCredit own = credit;
        if (own == null) {
            own = broker.publisherCredit(USER, System.nanoTime());
            credit = own;
        }
        return own;
    }

    /** It publishes no more. */
    void close() {
        credit = null;
    }
}
