package dev.sluice.broker;

import java.util.ArrayDeque;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps publishers waiting while the records in memory take more than the node may use; consumers go on and make room. Opens again at nine tenths, so that it does not flutter. Confined to its shard.
 */
final class MemoryGate {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryGate.class);
    private static final int CHECK_MS = 20;

    private final Shard shard;
    private final LongSupplier usedBytes;
    private final long limitBytes;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private boolean closed;

    MemoryGate(Shard shard, LongSupplier usedBytes, long limitBytes) {
        this.shard = shard;
        this.usedBytes = usedBytes;
        this.limitBytes = limitBytes;
    }

    boolean isClosed() {
        return closed;
    }

    /** Looks again; costs a few reads, so once a turn is fine. */
    void check() {
        long used = usedBytes.getAsLong();
        if (!closed && used > limitBytes) {
            closed = true;
            LOG.warn(
                    "publishers wait: records in memory take {} MB of {} MB; consume, purge or delete transient queues, or give the process more memory",
                    used >> 20,
                    limitBytes >> 20);
            shard.schedule(this::checkAgain, CHECK_MS);
        } else if (closed && used < limitBytes / 10 * 9) {
            closed = false;
            LOG.info("publishers go on: records in memory take {} MB of {} MB", used >> 20, limitBytes >> 20);
            while (!closed && !waiting.isEmpty()) {
                waiting.removeFirst().run();
            }
        }
    }

    private void checkAgain() {
        check();
        if (closed) {
            shard.schedule(this::checkAgain, CHECK_MS);
        }
    }

    void whenOpen(Runnable action) {
        waiting.addLast(action);
    }
}
