package dev.sluice.broker;

import dev.sluice.log.OffsetSet;

/** The records of one lane that are put aside until a time. Held in memory only, 16 bytes a record. Confined to the queue's shard. */
final class HeldBack {
    private final DueHeap due = new DueHeap();

    /** The record was put aside in the backlog. */
    void add(long offset, long dueMs) {
        due.add(dueMs, offset);
    }

    /** {@link Long#MAX_VALUE} if nothing is held. */
    long firstDueMs() {
        return due.peekDueMs();
    }

    /** Makes ready, at the most {@code most} of them, what is due at this time. */
    void bringBack(long nowMs, int most, Backlog backlog) {
        for (int i = 0; i < most && due.peekDueMs() <= nowMs; i++) {
            backlog.bringBack(due.poll());
        }
    }

    /** Those of the offsets that are held; looks at all that are. */
    OffsetSet among(OffsetSet offsets) {
        var held = new OffsetSet();
        if (!offsets.isEmpty()) {
            due.forEachOffset(offset -> {
                if (offsets.contains(offset)) {
                    held.add(offset, offset);
                }
            });
        }
        return held;
    }

    /** Settles everything that is held; returns how many records that was. */
    int settle(Backlog backlog) {
        int count = due.size();
        while (!due.isEmpty()) {
            backlog.settleAside(due.poll());
        }
        return count;
    }
}
