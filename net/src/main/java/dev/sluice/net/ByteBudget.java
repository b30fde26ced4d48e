package dev.sluice.net;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What messages or requests may take, over all connections, of which a part has come and the rest not. Nothing else bounds them:
 * until a message is whole no queue has it, and no limit of a queue applies. Thread-safe.
 */
public final class ByteBudget {
    private final long limitBytes;
    private final AtomicLong taken = new AtomicLong();

    public ByteBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    public long limitBytes() {
        return limitBytes;
    }

    /** Whether so much more may be held; if so, it counts until it is given back. */
    public boolean take(int bytes) {
        if (taken.addAndGet(bytes) <= limitBytes) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    public void giveBack(int bytes) {
        taken.addAndGet(-bytes);
    }
}
