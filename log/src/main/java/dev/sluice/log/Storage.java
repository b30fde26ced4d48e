package dev.sluice.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;

/**
 * Everything that one node stores: its logs and its metadata, in one data folder. Thread-safe.
 */
public final class Storage implements AutoCloseable {
    private final LocalMetadataStore metadata;
    private final ConcurrentHashMap<LogId, PartitionLog> open = new ConcurrentHashMap<>();
    private final LongAdder tailBytes = new LongAdder();

    private final StorageThreads threads;
    private final AutoCloseable lock;

    private Storage(LocalMetadataStore metadata, StorageThreads threads, AutoCloseable lock) {
        this.metadata = metadata;
        this.threads = threads;
        this.lock = lock;
    }

    /** Opens the folder with this process's threads and disk; creates it if absent. Blocks while it recovers. */
    public static Storage open(Path folder, StorageConfig config) {
        try {
            return open(FileDisk.open(folder), config, new SystemThreads());
        } catch (IOException failure) {
            throw cannotOpen(folder.toAbsolutePath().toString(), failure);
        }
    }

    /** Opens what is on the disk given, with the threads given, which are closed with the storage. */
    public static Storage open(Disk disk, StorageConfig config, StorageThreads threads) {
        AutoCloseable lock;
        try {
            lock = disk.lock();
        } catch (IOException failure) {
            throw cannotOpen(disk.describe(), failure);
        }
        try {
            return new Storage(LocalMetadataStore.open(disk, threads.metadata()), threads, lock);
        } catch (IOException failure) {
            unlock(lock);
            throw cannotOpen(disk.describe(), failure);
        } catch (RuntimeException failure) {
            unlock(lock);
            throw failure;
        }
    }

    private static void unlock(AutoCloseable lock) {
        try {
            lock.close();
        } catch (Exception failure) {
            throw new StorageException(StorageException.Kind.UNAVAILABLE, "the lock file cannot be closed", failure);
        }
    }

    private static StorageException cannotOpen(String where, IOException failure) {
        return new StorageException(
                StorageException.Kind.UNAVAILABLE,
                "the data folder " + where + " cannot be opened: " + failure.getMessage(),
                failure);
    }

    public MetadataStore metadata() {
        return metadata;
    }

    /** Opens a log, creating it if absent. The answer, and all later callbacks of the log, run on the owner executor. */
    public void openLog(LogId id, Executor owner, PartitionLog.Listener listener, OpenCallback callback) {
        owner.execute(() -> {
            PartitionLog log = openMemoryLog(id, owner, listener);
            open.put(id, log);
            callback.opened(log);
        });
    }

    /**
     * A log whose batches live in memory only and end with the process. Call it on the owner thread.
     *
     * @param owner runs tasks on the calling thread, in order
     */
    public PartitionLog openMemoryLog(LogId id, Executor owner, PartitionLog.Listener listener) {
        return new PartitionLog(id, owner, listener, MemorySegmentStore.INSTANCE, tailBytes, 0, 0, 0);
    }

    /** Deletes a closed log with all its files; {@code done} runs on a thread of the storage when that survives a crash. */
    public void deleteLog(LogId id, Runnable done) {
        open.remove(id);
        done.run();
    }

    /** The logs that exist, open or not; memory logs are not among them. */
    public Set<LogId> logs() {
        return new TreeSet<>(open.keySet());
    }

    /** Bytes of batches in memory, over all logs. */
    public long tailBytes() {
        return tailBytes.sum();
    }

    /** Bytes of the journal's files. */
    public long journalBytes() {
        return 0;
    }

    /** Ends all use cleanly; blocks until it is on disk. */
    @Override
    public void close() {
        metadata.close();
        threads.close();
        unlock(lock);
    }
}
