package dev.sluice.broker;

/**
 * How long one publisher is to wait, from what it published: for the rates that it and its user are limited to, and for the pressure on the node. Confined to its shard; what belongs to the user is shared and
 * thread-safe.
 */
public final class PublisherCredit {
    private static final int PACE_BURST_MS = 20;

    private final PublishGate gate;
    private final PublishQuota own;
    private final PublishQuota ofUser;
    private final boolean isLimited;
    private final RateLimit pace;

    PublisherCredit(PublishGate gate, PublishQuota own, PublishQuota ofUser, long nowNs) {
        this.gate = gate;
        this.own = own;
        this.ofUser = ofUser;
        this.isLimited = own.isLimited() || ofUser.isLimited();
        this.pace = new RateLimit(PublishPace.FASTEST_BYTES_PER_SECOND, PACE_BURST_MS, nowNs);
    }

    /** Whether there is anything to reckon now; if not, the publisher need not tell what it publishes. */
    public boolean isNeeded() {
        return isLimited || gate.pressure() > 0;
    }

    /** Takes note of one message. */
    public void published(int bodyBytes, boolean consumes, long nowNs) {
        published(1, bodyBytes, consumes, nowNs);
    }

    /**
     * Takes note of messages that came as one piece.
     *
     * @param count how many, for the limits of rates
     * @param bytes of the piece; what its messages take besides their bodies counts among them
     * @param consumes whether the publisher also owes acknowledgements: then pressure slows it less
     */
    public void published(int count, int bytes, boolean consumes, long nowNs) {
        own.take(count, bytes, nowNs);
        ofUser.take(count, bytes, nowNs);
        double pressure = gate.pressure();
        if (pressure > 0) {
            double rate = PublishPace.bytesPerSecond(pressure);
            pace.setPerSecond(consumes ? Math.max(rate, PublishPace.MIXED_BYTES_PER_SECOND) : rate);
            pace.take(bytes + PublishPace.MESSAGE_BYTES, nowNs);
        }
    }

    /** Nanoseconds until it may publish again; 0 for at once. */
    public long waitNs(long nowNs) {
        return Math.max(waitForPressureNs(nowNs), waitForRatesNs(nowNs));
    }

    /** How much of {@link #waitNs} is for the pressure, which may be over sooner. */
    public long waitForPressureNs(long nowNs) {
        return gate.pressure() > 0 ? pace.waitNs(nowNs) : 0;
    }

    /** How much of {@link #waitNs} is for rates. */
    public long waitForRatesNs(long nowNs) {
        return Math.max(own.waitNs(nowNs), ofUser.waitNs(nowNs));
    }
}
