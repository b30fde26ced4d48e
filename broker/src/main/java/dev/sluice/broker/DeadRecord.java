package dev.sluice.broker;

import java.util.ArrayList;
import java.util.List;

/** A record that left its lane for good and is on its way to another queue. Confined to the shard of the queue that it leaves. */
final class DeadRecord {
    /** Instead of an offset: the record was never taken into the lane. */
    static final long REFUSED = -1;

    final Lane lane;
    final long offset;
    final DeathReason reason;
    final long timeMs;
    /** Queues that have it already, of an attempt in which others refused it. */
    final List<Queue> reached = new ArrayList<>(0);

    DeadRecord(Lane lane, long offset, DeathReason reason, long timeMs) {
        this.lane = lane;
        this.offset = offset;
        this.reason = reason;
        this.timeMs = timeMs;
    }

    /** Whether it has to be settled, and until then comes back after a crash. */
    boolean isStored() {
        return offset != REFUSED;
    }
}
