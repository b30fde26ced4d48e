package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/** How much may be ready in a queue, and whether there is room for more. Confined to the queue's shard. */
final class QueueLimits {
    private final long maxLength;
    private final long maxBytes;
    private final long maxAgeMs;
    private final Queue queue;
    private final @Nullable ReadyBytes readyBytes;

    private QueueLimits(Queue queue) {
        QueueSettings settings = queue.spec().settings();
        this.maxLength = settings.maxLength();
        this.maxBytes = settings.maxLengthBytes();
        this.maxAgeMs = settings.maxAgeMs();
        this.queue = queue;
        this.readyBytes = queue.readyBytes();
    }

    /** Those of the queue; null if its owner set none. */
    static @Nullable QueueLimits of(Queue queue) {
        QueueSettings settings = queue.spec().settings();
        return settings.isLimited() ? new QueueLimits(queue) : null;
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

    /** Whether the oldest ready record has waited for too long. */
    boolean isTooOld(long waitedMs) {
        return maxAgeMs >= 0 && waitedMs >= maxAgeMs;
    }

    /** Whether records have to go, so that the others keep the limits of number and size. */
    boolean isExceeded() {
        return (maxLength >= 0 && queue.length() > maxLength) || (readyBytes != null && readyBytes.total() > maxBytes);
    }
}
