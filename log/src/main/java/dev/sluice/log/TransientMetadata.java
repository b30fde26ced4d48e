package dev.sluice.log;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Interim. */
final class TransientMetadata implements MetadataStore {
    private final MetadataTable table = new MetadataTable();

    @Override
    public Optional<Versioned> get(String key) {
        return table.get(key);
    }

    @Override
    public synchronized CompletableFuture<Long> put(String key, byte[] value, long expectedVersion) {
        Versioned now = table.get(key).orElse(null);
        if (expectedVersion != ANY && expectedVersion != (now == null ? 0 : now.version())) {
            return CompletableFuture.failedFuture(new StorageException(StorageException.Kind.CONFLICT, key));
        }
        Versioned next = new Versioned(value, table.nextVersion());
        table.apply(key, next);
        return CompletableFuture.completedFuture(next.version());
    }

    @Override
    public CompletableFuture<Long> putEphemeral(String key, byte[] value, long expectedVersion) {
        return put(key, value, expectedVersion);
    }

    @Override
    public synchronized CompletableFuture<Void> delete(String key, long expectedVersion) {
        table.apply(key, null);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public List<String> children(String prefix) {
        return table.children(prefix);
    }

    @Override
    public Watch watch(String prefix, Watcher watcher) {
        return table.watch(prefix, watcher);
    }
}
