package dev.sluice.broker;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** What is to be stored in several lanes together, in the order in which they were named first. Confined to who gathers it. */
final class LaneWrites {
    private final Map<Place, LaneWrite> writes = new LinkedHashMap<>(4);

    private record Place(Queue queue, int lane) {}

    /** That of the lane of the queue which records of this priority belong to. */
    LaneWrite to(Queue queue, int priority) {
        int lane = Math.min(priority, queue.lanes().length - 1);
        return writes.computeIfAbsent(new Place(queue, lane), place -> new LaneWrite(queue, lane));
    }

    Collection<LaneWrite> all() {
        return writes.values();
    }
}
