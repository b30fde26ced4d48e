package dev.sluice.broker;

import java.util.HashMap;
import java.util.Map;

/**
 * What is remembered of a queue's reading across restarts. Merging is a union: the order in which changes are merged, and whether one is merged twice, makes no difference, so that logs of cursor
 * changes may be read in any order and snapshots may overlap with changes. Confined to whoever builds it.
 */
final class CursorState {
    final Acknowledged acknowledged = new Acknowledged(0);
    /** Records below may have been delivered before. */
    long deliveredBelow;
    /** How often an unsettled record was delivered, by offset, where that is more than once or it was released. */
    final Map<Long, Integer> deliveryCounts = new HashMap<>();

    void mergeFloor(long floor, long newDeliveredBelow) {
        acknowledged.add(0, floor - 1);
        deliveredBelow = Math.max(deliveredBelow, newDeliveredBelow);
    }

    void mergeCount(long offset, int count) {
        deliveryCounts.merge(offset, count, Math::max);
    }

    /** The log has had records up to here, whatever it has now: a machine that went down may have kept only what was settled. */
    long knownBelow() {
        return Math.max(acknowledged.end(), deliveredBelow);
    }

    CursorState union(CursorState other) {
        mergeFloor(other.acknowledged.floor(), other.deliveredBelow);
        other.acknowledged.above().forEachRange(acknowledged::add);
        other.deliveryCounts.forEach(this::mergeCount);
        return this;
    }
}
