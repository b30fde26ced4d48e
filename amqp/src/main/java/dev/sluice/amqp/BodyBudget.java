package dev.sluice.amqp;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the bodies may take, over all connections, of which some frames have come and others not. Nothing else bounds them:
 * until a message is whole no queue has it, and no limit of a queue applies. Thread-safe.
 */
final class BodyBudget {
    private final long limitBytes;
    private final AtomicLong taken = new AtomicLong();

    BodyBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    long limitBytes() {
        return limitBytes;
    }

    /** Whether so much more may be held; if so, it counts until it is given back. */
    boolean take(int bytes) {
        if (taken.addAndGet(bytes) <= limitBytes) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    void giveBack(int bytes) {
        taken.addAndGet(-bytes);
    }
}
