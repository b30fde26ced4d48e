package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/** What a queue has to do at a time of its own: expire its oldest record, or itself when nobody uses it. Confined to the queue's shard. */
final class QueueTimers {
    private final Queue queue;
    private Shard.@Nullable Timer headTimer;
    private long headDueMs = Long.MAX_VALUE;
    private Shard.@Nullable Timer idleTimer;
    private long usedAtMs;
    private Shard.@Nullable Timer readTimer;

    QueueTimers(Queue queue) {
        this.queue = queue;
    }

    /** The queue looks at its oldest record again at {@code dueMs}. */
    void expireHeadAt(long dueMs) {
        if (dueMs == headDueMs) {
            return;
        }
        if (headTimer != null) {
            headTimer.cancel();
        }
        headDueMs = dueMs;
        Shard shard = queue.shard();
        headTimer = shard.schedule(
                () -> {
                    headDueMs = Long.MAX_VALUE;
                    queue.wake();
                },
                Math.max(1, dueMs - shard.nowMs()));
    }

    /** The queue tries again what could not be read. */
    void readAgainIn(long delayMs) {
        if (readTimer == null) {
            readTimer = queue.shard()
                    .schedule(
                            () -> {
                                readTimer = null;
                                queue.readAgain();
                            },
                            delayMs);
        }
    }

    /** The queue is in use now. */
    void touch() {
        if (queue.spec().settings().expiresMs() >= 0) {
            usedAtMs = queue.shard().nowMs();
            if (idleTimer == null) {
                checkIdleIn(queue.spec().settings().expiresMs());
            }
        }
    }

    private void checkIdleIn(long delayMs) {
        idleTimer = queue.shard().schedule(this::checkIdle, Math.max(1, delayMs));
    }

    private void checkIdle() {
        if (queue.isDeleted()) {
            return;
        }
        long expiresMs = queue.spec().settings().expiresMs();
        long nowMs = queue.shard().nowMs();
        if (queue.consumerCount() > 0) {
            usedAtMs = nowMs;
        }
        long leftMs = usedAtMs + expiresMs - nowMs;
        if (leftMs <= 0) {
            queue.home().deleteUnused(queue);
        }
        checkIdleIn(leftMs <= 0 ? expiresMs : leftMs);
    }

    void cancel() {
        if (headTimer != null) {
            headTimer.cancel();
        }
        if (idleTimer != null) {
            idleTimer.cancel();
        }
        if (readTimer != null) {
            readTimer.cancel();
        }
    }
}
