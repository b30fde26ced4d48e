package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import org.jspecify.annotations.Nullable;

/** How fast a transfer goes: within the rate that was asked for and, where its records are stored again, the pace that the pressure on the node leaves to publishers. Confined to the queue's shard. */
final class TransferPace {
    private static final long BURST_MS = 100;
    private static final long NS_PER_MS = 1_000_000;

    private final Shard shard;
    private final PublisherCredit credit;
    private final @Nullable RateLimit rate;

    /** {@code perSecond}: records; 0 for as fast as it goes. */
    TransferPace(BrokerShard home, double perSecond) {
        this.shard = home.shard();
        this.credit = new PublisherCredit(home.publishGate(), PublishQuota.UNLIMITED, PublishQuota.UNLIMITED, nowNs());
        this.rate = perSecond == 0 ? null : new RateLimit(perSecond, BURST_MS, nowNs());
    }

    private long nowNs() {
        return shard.nowMs() * NS_PER_MS;
    }

    /** Milliseconds until the next record may go; 0 for at once. */
    long waitMs() {
        long waitNs = Math.max(credit.waitNs(nowNs()), rate == null ? 0 : rate.waitNs(nowNs()));
        return (waitNs + NS_PER_MS - 1) / NS_PER_MS;
    }

    /** A record goes to so many queues, to none if it is dropped. */
    void took(RecordCursor record, int copies) {
        if (rate != null) {
            rate.take(1, nowNs());
        }
        if (copies > 0 && credit.isNeeded()) {
            credit.published(record.sizeInBytes() * copies, false, nowNs());
        }
    }
}
