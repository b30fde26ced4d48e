package dev.sluice.log;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    /** Keys that are never written to disk; used by the metadata thread only. */
    private final Set<String> ephemeral = new HashSet<>();

    private long lastVersion;
    private long liveBytes;

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
        Versioned old;
        if (value == null) {
            old = values.remove(key);
            ephemeral.remove(key);
        } else {
            old = values.put(key, value);
            noteVersion(value.version());
            liveBytes += bytesOf(key, value);
        }
        if (old != null) {
            liveBytes -= bytesOf(key, old);
        }
    }

    private static int bytesOf(String key, Versioned value) {
        return key.length() + value.value().length + 14;
    }

    void noteVersion(long version) {
        lastVersion = Math.max(lastVersion, version);
    }

    void markEphemeral(String key) {
        ephemeral.add(key);
    }

    /** About what a file takes that holds every key once. */
    long liveBytes() {
        return liveBytes;
    }

    /** All durable keys with their values, in parts of about the size given. */
    List<List<MetadataFile.Change>> snapshot(int partBytes) {
        List<List<MetadataFile.Change>> parts = new ArrayList<>();
        List<MetadataFile.Change> part = new ArrayList<>();
        // Deleting a key that never was keeps the highest version, so that none is used twice.
        part.add(new MetadataFile.Change("", lastVersion, null));
        int bytes = 0;
        for (Map.Entry<String, Versioned> entry : values.entrySet()) {
            if (ephemeral.contains(entry.getKey())) {
                continue;
            }
            Versioned value = entry.getValue();
            part.add(new MetadataFile.Change(entry.getKey(), value.version(), value.value()));
            bytes += bytesOf(entry.getKey(), value);
            if (bytes >= partBytes) {
                parts.add(part);
                part = new ArrayList<>();
                bytes = 0;
            }
        }
        if (!part.isEmpty()) {
            parts.add(part);
        }
        return parts;
    }

    MetadataStore.Watch watch(String prefix, MetadataStore.Watcher watcher) {
        Registration registration = new Registration(prefix, watcher);
        watchers.add(registration);
        return () -> watchers.remove(registration);
    }
}
