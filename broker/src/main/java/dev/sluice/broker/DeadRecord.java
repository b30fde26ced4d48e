package dev.sluice.broker;

import java.util.ArrayList;
import java.util.List;

/** A record that left its lane for good and is on its way to another queue. Confined to the shard of the queue that it leaves. */
final class DeadRecord implements MovedRecord {
    /** Instead of an offset: the record was never taken into the lane. */
    static final long REFUSED = -1;

    final Lane lane;
    final long offset;
    final DeathReason reason;
    final long timeMs;
    private final List<Queue> reached = new ArrayList<>(0);

    DeadRecord(Lane lane, long offset, DeathReason reason, long timeMs) {
        this.lane = lane;
        this.offset = offset;
        this.reason = reason;
        this.timeMs = timeMs;
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public List<Queue> reached() {
        return reached;
    }

    @Override
    public boolean isToSettle() {
        return offset != REFUSED;
    }
}
