package dev.sluice.broker;

import java.util.List;

/** The shards of a node, fixed while it runs. Thread-safe: immutable. */
public record Shards(List<Shard> all) {
    /** The lanes of a queue have ids that differ in these bits, and one owner. */
    private static final int LANE_BITS = 16;

    public Shards {
        if (all.isEmpty()) {
            throw new IllegalArgumentException("a broker needs at least one shard");
        }
        all = List.copyOf(all);
    }

    public Shard at(int index) {
        return all.get(index);
    }

    public int count() {
        return all.size();
    }

    /** The shard that owns whatever has this id: the same for as long as the number of shards is the same. */
    Shard ownerOf(long id) {
        return all.get((int) Long.remainderUnsigned(id >>> LANE_BITS, all.size()));
    }
}
