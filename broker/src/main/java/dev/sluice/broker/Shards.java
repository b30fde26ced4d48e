package dev.sluice.broker;

import java.util.List;

/** The shards of a node, fixed while it runs. Thread-safe: immutable. */
public record Shards(List<Shard> all) {
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
        return all.get((int) Long.remainderUnsigned(id, all.size()));
    }
}
