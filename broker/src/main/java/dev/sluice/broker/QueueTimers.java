package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/** What a queue has to do at a time of its own: look at records whose time has come, or expire when nobody uses it. Confined to the queue's shard. */
final class QueueTimers {
    /** Timers may not be able to wait for ever; who looks in vain asks again. */
    private static final long LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;

    private final Queue queue;
    private Shard.@Nullable Timer wakeTimer;
    private long wakeMs = Long.MAX_VALUE;
    private Shard.@Nullable Timer idleTimer;
    private long usedAtMs;
    private Shard.@Nullable Timer readTimer;

    QueueTimers(Queue queue) {
        this.queue = queue;
    }

    /** The queue serves again at {@code dueMs} at the latest; {@link Long#MAX_VALUE} for no need. An earlier call that asked for an earlier time holds: then the queue looks once in vain, and asks again. */
    void wakeAt(long dueMs) {
        if (dueMs >= wakeMs) {
            return;
        }
        if (wakeTimer != null) {
            wakeTimer.cancel();
        }
        wakeMs = dueMs;
        Shard shard = queue.shard();
        wakeTimer = shard.schedule(
                () -> {
                    wakeMs = Long.MAX_VALUE;
                    queue.wake();
                },
                Math.clamp(dueMs - shard.nowMs(), 1, LONGEST_WAIT_MS));
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

    /** The queue's settings are others now; it counts as used. */
    void settingsChanged() {
        if (idleTimer != null) {
            idleTimer.cancel();
            idleTimer = null;
        }
        touch();
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
        if (queue.consumers().count() > 0) {
            usedAtMs = nowMs;
        }
        long leftMs = usedAtMs + expiresMs - nowMs;
        if (leftMs <= 0) {
            queue.home().deleteUnused(queue);
        }
        checkIdleIn(leftMs <= 0 ? expiresMs : leftMs);
    }

    void cancel() {
        if (wakeTimer != null) {
            wakeTimer.cancel();
        }
        if (idleTimer != null) {
            idleTimer.cancel();
        }
        if (readTimer != null) {
            readTimer.cancel();
        }
    }
}
