package dev.sluice.log;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What the metadata store holds, as far as it is durable, and who watches it. Changed by the metadata thread only, read by
 * any.
 */
final class MetadataTable {
    private record Registration(String prefix, MetadataStore.Watcher watcher) {}

    private final ConcurrentSkipListMap<String, Versioned> values = new ConcurrentSkipListMap<>();
    private final CopyOnWriteArrayList<Registration> watchers = new CopyOnWriteArrayList<>();
    private long lastVersion;

    Optional<Versioned> get(String key) {
        return Optional.ofNullable(values.get(key));
    }

    List<String> children(String prefix) {
        // U+FFFF is no character, so no key sorts above prefix + U+FFFF and still begins with the prefix.
        return List.copyOf(values.subMap(prefix, true, prefix + '\uffff', false).keySet());
    }

    long nextVersion() {
        return lastVersion + 1;
    }

    /** Sets the value, or removes the key if it is null, and tells the watchers. */
    void apply(String key, @Nullable Versioned value) {
        restore(key, value);
        for (Registration registration : watchers) {
            if (key.startsWith(registration.prefix)) {
                registration.watcher.changed(key, value);
            }
        }
    }

    /** Like {@link #apply} while the table is being read from disk: nobody is told. */
    void restore(String key, @Nullable Versioned value) {
        if (value == null) {
            values.remove(key);
        } else {
            values.put(key, value);
            noteVersion(value.version());
        }
    }

    void noteVersion(long version) {
        lastVersion = Math.max(lastVersion, version);
    }

    /** All entries in key order, for a snapshot. */
    Iterable<Map.Entry<String, Versioned>> entries() {
        return values.entrySet();
    }

    int size() {
        return values.size();
    }

    MetadataStore.Watch watch(String prefix, MetadataStore.Watcher watcher) {
        Registration registration = new Registration(prefix, watcher);
        watchers.add(registration);
        return () -> watchers.remove(registration);
    }
}
