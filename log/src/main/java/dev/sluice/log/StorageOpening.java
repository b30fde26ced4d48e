package dev.sluice.log;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a data folder: lock, metadata, journal, in this order. Stateless; blocks. */
final class StorageOpening {
    private static final Logger LOG = LoggerFactory.getLogger(StorageOpening.class);

    private StorageOpening() {}

    static Storage open(Disk disk, StorageConfig config, StorageThreads threads) {
        try {
            AutoCloseable lock = disk.lock();
            try {
                return openLocked(disk, config, threads, lock);
            } catch (IOException | RuntimeException failure) {
                unlock(lock);
                throw failure;
            }
        } catch (IOException failure) {
            threads.close();
            throw cannotOpen(disk.describe(), failure);
        } catch (RuntimeException failure) {
            threads.close();
            throw failure;
        }
    }

    private static Storage openLocked(Disk disk, StorageConfig config, StorageThreads threads, AutoCloseable lock)
            throws IOException {
        disk.createFolder(JournalSpace.FOLDER);
        disk.createFolder(SegmentRef.FOLDER);
        LocalMetadataStore metadata = LocalMetadataStore.open(disk, threads.metadata(), config.metadataBytes());
        try {
            return recover(disk, config, threads, lock, metadata);
        } catch (IOException | RuntimeException failure) {
            metadata.abandon();
            throw failure;
        }
    }

    private static Storage recover(
            Disk disk, StorageConfig config, StorageThreads threads, AutoCloseable lock, LocalMetadataStore metadata)
            throws IOException {
        Map<LogId, SegmentChain> chains = new HashMap<>();
        for (LogId id : SegmentChain.logs(metadata)) {
            metadata.get(SegmentChain.key(id))
                    .ifPresent(found -> chains.put(id, SegmentChain.decode(id, found.value())));
        }
        JournalState.Value before = metadata.get(JournalState.KEY)
                .map(found -> JournalState.Value.decode(found.value()))
                .orElseGet(() -> new JournalState.Value(MetadataFile.newSalt(), 0, 0, -1));

        JournalState.Value now = new JournalState.Value(before.salt(), before.starts() + 1, before.beginAfter(), -1);
        JournalState state = new JournalState(metadata, now);
        Stalls stalls = new Stalls();
        TailBudget budget = new TailBudget(config.tailBudgetBytes(), stalls);
        Journal journal = new Journal(disk, config, threads, state, stalls, budget);
        Map<LogId, DetachedLog> logs = Map.of();
        try {
            JournalRecovery.Result found = new JournalRecovery(disk, before, chains, journal.space()::onFree).recover();
            logs = found.logs();
            // What was found to be durable must never be taken for an unfinished write again.
            state.opened(found.lastSequence());
            metadata.putWhileOpening(JournalState.KEY, state.value().encode());
            journal.recovered(found);
            SegmentFiles.deleteUnnamed(disk, chains.values());
        } catch (IOException | RuntimeException failure) {
            journal.abandon();
            logs.values().forEach(DetachedLog::forget);
            throw failure;
        }
        LOG.info("Opened {}: {} logs, {} of them in the journal", disk.describe(), chains.size(), logs.size());
        StorageNode node = new StorageNode(
                disk,
                config,
                threads,
                metadata,
                journal,
                budget,
                stalls,
                new DeferredDeletes(),
                new AtomicLong(),
                new AtomicLong(now.starts() << 32));
        return new Storage(node, metadata, lock, logs);
    }

    static StorageException cannotOpen(String where, IOException failure) {
        return new StorageException(
                StorageException.Kind.UNAVAILABLE,
                "the data folder " + where + " cannot be opened: " + failure.getMessage(),
                failure);
    }

    private static void unlock(AutoCloseable lock) {
        try {
            lock.close();
        } catch (Exception failure) {
            LOG.warn("The lock file could not be closed: {}", failure.toString());
        }
    }
}
