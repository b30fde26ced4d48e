package dev.sluice.log;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Small durable facts that change at a low rate: topics, users, chains of segments. Keys are paths such as
 * {@code queues/orders}; keys that begin with {@code log/} belong to the storage itself. Thread-safe.
 *
 * <p>A change is durable, and visible to {@link #get}, when its future completes. Futures complete on the store's own
 * thread: what depends on them must hop and must not block there. A change whose expected version does not match fails
 * with a {@link StorageException} of kind CONFLICT, one that could not be written with kind UNAVAILABLE (and then did
 * not happen).
 */
public interface MetadataStore {
    /** Expected version of a key that must not exist. */
    long ABSENT = 0;

    /** Expected version that matches always. */
    long ANY = -1;

    /** Longest key in bytes of UTF-8. */
    int MAX_KEY_BYTES = 1024;

    /** Longest value in bytes. */
    int MAX_VALUE_BYTES = 1 << 20;

    /** The durable value; does not block. */
    Optional<Versioned> get(String key);

    /** Sets the value and completes with its new version. The array is taken over. */
    CompletableFuture<Long> put(String key, byte[] value, long expectedVersion);

    /** Like {@link #put}, but the key is gone when this process ends. */
    CompletableFuture<Long> putEphemeral(String key, byte[] value, long expectedVersion);

    /** Removes the key; removing an absent one with {@link #ANY} is no error. */
    CompletableFuture<Void> delete(String key, long expectedVersion);

    /** All keys that begin with the prefix, in order; does not block. */
    List<String> children(String prefix);

    /** Tells of every change below the prefix from now on, in order, on the store's thread, until closed. */
    Watch watch(String prefix, Watcher watcher);

    /** Called after a change is durable. */
    interface Watcher {
        /** The new value, or null after a deletion. */
        void changed(String key, @Nullable Versioned value);
    }

    /** A running watch. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }
}
