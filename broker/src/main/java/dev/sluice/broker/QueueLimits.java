package dev.sluice.broker;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How much may be ready in a queue, and whether there is room for more. Confined to the queue's shard. */
final class QueueLimits {
    private final long maxLength;
    private final long maxBytes;
    private final long maxAgeMs;
    private final Queue queue;
    private final @Nullable ReadyBytes readyBytes;

    private QueueLimits(Queue queue, QueueSettings settings) {
        this.maxLength = settings.maxLength();
        this.maxBytes = settings.maxLengthBytes();
        this.maxAgeMs = settings.maxAgeMs();
        this.queue = queue;
        this.readyBytes = queue.readyBytes();
    }

    /** Those of the queue if it has these settings; null if its owner set none. */
    static @Nullable QueueLimits of(Queue queue, QueueSettings settings) {
        return settings.isLimited() ? new QueueLimits(queue, settings) : null;
    }

    /**
     * Which limit leaves no room for one more record, in words; null if there is room.
     *
     * @param bodyBytes of that record
     * @param waitedMs how long the oldest ready record has waited
     */
    @Nullable
    String reachedWith(long bodyBytes, long waitedMs) {
        if (maxLength >= 0 && queue.length() >= maxLength) {
            return "it holds its limit of " + maxLength;
        }
        if (readyBytes != null && readyBytes.total() + bodyBytes > maxBytes) {
            return "it holds " + readyBytes.total() + " of its limit of " + maxBytes
                    + " bytes, and the next message has " + bodyBytes;
        }
        if (isTooOld(waitedMs)) {
            return "its oldest message waits for " + waitedMs + " ms, its limit is " + maxAgeMs;
        }
        return null;
    }

    /** Follows all of them, but an age at which records are dropped: that is where they are meant to end. */
    QueueForecast forecast(QueueWatch watch, LongSupplier taken, boolean drops) {
        var forecast = new QueueForecast(watch, taken, queue::length);
        forecast.follow(QueueUse.Kind.MESSAGES, maxLength, queue::length);
        if (readyBytes != null) {
            forecast.follow(QueueUse.Kind.BYTES, maxBytes, readyBytes::total);
        }
        if (!drops) {
            forecast.follow(QueueUse.Kind.AGE, maxAgeMs, queue::waitedMs);
        }
        return forecast;
    }

    /** How many records have to leave before so many more have room; by their usual size, where bytes are limited. */
    long excessWith(long count) {
        long length = queue.length();
        long excess = maxLength < 0 ? 1 : length + count - maxLength;
        if (readyBytes != null) {
            long usual = Math.max(1, readyBytes.total() / Math.max(1, length));
            excess = Math.max(excess, (readyBytes.total() - maxBytes) / usual + count);
        }
        return Math.max(1, excess);
    }

    /** Whether the oldest ready record has waited for too long. */
    boolean isTooOld(long waitedMs) {
        return maxAgeMs >= 0 && waitedMs >= maxAgeMs;
    }

    /** Whether records have to go, so that the others keep the limits of number and size. */
    boolean isExceeded() {
        return (maxLength >= 0 && queue.length() > maxLength) || (readyBytes != null && readyBytes.total() > maxBytes);
    }
}
