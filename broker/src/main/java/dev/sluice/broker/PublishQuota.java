package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/**
 * What one connection, or one user, may publish a second. Thread-safe, as its limits are.
 *
 * @param messages null without a limit
 * @param bytes of bodies; null without a limit
 */
record PublishQuota(@Nullable RateLimit messages, @Nullable RateLimit bytes) {
    static final PublishQuota UNLIMITED = new PublishQuota(null, null);

    /** A pause of so long is made up for. */
    private static final int BURST_MS = 250;

    /** 0 is no limit. */
    static PublishQuota of(long messagesPerSecond, long bytesPerSecond, long nowNs) {
        return messagesPerSecond == 0 && bytesPerSecond == 0
                ? UNLIMITED
                : new PublishQuota(limit(messagesPerSecond, nowNs), limit(bytesPerSecond, nowNs));
    }

    private static @Nullable RateLimit limit(long perSecond, long nowNs) {
        return perSecond == 0 ? null : new RateLimit(perSecond, BURST_MS, nowNs);
    }

    boolean isLimited() {
        return messages != null || bytes != null;
    }

    void take(int count, int bodyBytes, long nowNs) {
        if (messages != null) {
            messages.take(count, nowNs);
        }
        if (bytes != null) {
            bytes.take(bodyBytes, nowNs);
        }
    }

    long waitNs(long nowNs) {
        long forMessages = messages == null ? 0 : messages.waitNs(nowNs);
        long forBytes = bytes == null ? 0 : bytes.waitNs(nowNs);
        return Math.max(forMessages, forBytes);
    }
}
