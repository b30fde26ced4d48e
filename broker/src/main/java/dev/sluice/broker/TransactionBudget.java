package dev.sluice.broker;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the records may take, over all transactions, that were published in them and not committed yet. No limit of a queue applies to them, and while they are held nothing else can make room for them. Thread-safe.
 */
final class TransactionBudget {
    /** Of the memory for records. */
    private static final int SHARE = 4;

    private final long limitBytes;
    private final AtomicLong taken = new AtomicLong();

    private TransactionBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    static TransactionBudget of(BrokerLimits limits) {
        return new TransactionBudget(limits.memoryBytes() / SHARE);
    }

    long limitBytes() {
        return limitBytes;
    }

    long takenBytes() {
        return taken.get();
    }

    /** Whether so much more may be held; if so, it counts until it is given back. */
    boolean take(long bytes) {
        if (taken.addAndGet(bytes) <= limitBytes) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    void giveBack(long bytes) {
        taken.addAndGet(-bytes);
    }
}
