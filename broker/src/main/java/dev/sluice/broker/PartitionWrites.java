package dev.sluice.broker;

import io.netty.buffer.ByteBuf;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is to be stored in several partitions together, in the order in which they were named first. Confined to who gathers it. */
final class PartitionWrites {
    private final Map<Place, PartitionWrite> writes = new LinkedHashMap<>(4);

    private record Place(Queue queue, int partition) {}

    /** That of the partition that a record belongs to which takes this way, with this priority and this key. */
    PartitionWrite to(Inlet inlet, int priority, @Nullable ByteBuf key) {
        Queue queue = inlet.queue();
        int partition = inlet.index(priority, key);
        return writes.computeIfAbsent(new Place(queue, partition), place -> new PartitionWrite(queue, partition));
    }

    Collection<PartitionWrite> all() {
        return writes.values();
    }
}
