package dev.sluice.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that one node stores: its logs and its metadata, in one data folder. Thread-safe: what is shared here are
 * concurrent maps; the state of a log belongs to its owner thread.
 *
 * <pre>
 * lock        held while a process uses the folder; holds its process id
 * metadata    topics, users, chains of segments: see {@link LocalMetadataStore}
 * journal/    what was appended last, of all logs: see {@link Journal}
 * segments/   what has left memory, one log per file: see {@link SegmentChunk}
 * </pre>
 */
public final class Storage implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Storage.class);

    /** Of the memory for tails. */
    private static final int GROUP_SHARE = 4;

    private static final long MOST_GROUP_BYTES = 128 << 20;

    private final StorageNode node;
    private final LocalMetadataStore metadata;
    private final AutoCloseable lock;
    private final List<OwnerLane> lanes = new CopyOnWriteArrayList<>();
    private final Map<LogId, DetachedLog> detached = new ConcurrentHashMap<>();

    /** Logs that are open or on the way to it; the value is absent until they are. */
    private final Map<LogId, OpenLog> open = new ConcurrentHashMap<>();

    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    /** A place in {@link #open}, taken before the log exists. */
    private static final class OpenLog {
        final OwnerLane lane;

        @Nullable
        PartitionLog log; // set and read on the owner thread

        OpenLog(OwnerLane lane) {
            this.lane = lane;
        }
    }

    Storage(StorageNode node, LocalMetadataStore metadata, AutoCloseable lock, Map<LogId, DetachedLog> recovered) {
        this.node = node;
        this.metadata = metadata;
        this.lock = lock;
        detached.putAll(recovered);
    }

    /**
     * Opens the folder with this process's threads and disk; creates it if absent. Blocks while it recovers.
     *
     * @throws StorageException if another process has the folder (BUSY), the device refuses (UNAVAILABLE), or what was durable
     *     is damaged so that no log can be trusted (CORRUPT); the folder is then as it was
     */
    public static Storage open(Path folder, StorageConfig config) {
        try {
            FileDisk disk = FileDisk.open(folder);
            Storage storage = open(disk, config, new SystemThreads());
            new FolderWatch(folder, disk, storage.node).begin();
            return storage;
        } catch (IOException failure) {
            throw StorageOpening.cannotOpen(folder.toAbsolutePath().toString(), failure);
        }
    }

    /** Opens what is on the disk given, with the threads given, which are closed with the storage. */
    public static Storage open(Disk disk, StorageConfig config, StorageThreads threads) {
        return StorageOpening.open(disk, config, threads);
    }

    public MetadataStore metadata() {
        return metadata;
    }

    /** An id that no log of this data folder ever had. */
    public LogId newLogId() {
        return new LogId(node.ids().incrementAndGet());
    }

    /**
     * Opens a log, creating it if absent. The answer, and all later callbacks of the log, run on the owner thread; it may come
     * before this returns if the owner runs tasks at once.
     *
     * @param owner runs tasks on one thread, in order
     */
    public void openLog(LogId id, Executor owner, PartitionLog.Listener listener, OpenCallback callback) {
        openLog(id, LogSettings.DEFAULT, owner, listener, callback);
    }

    /** As {@link #openLog(LogId, Executor, PartitionLog.Listener, OpenCallback)}, with settings. */
    public void openLog(
            LogId id, LogSettings settings, Executor owner, PartitionLog.Listener listener, OpenCallback callback) {
        OwnerLane lane = laneOf(owner);
        OpenLog place = new OpenLog(lane);
        if (closing.get()) {
            fail(lane, callback, closed());
            return;
        }
        if (open.putIfAbsent(id, place) != null) {
            fail(lane, callback, new StorageException(StorageException.Kind.BUSY, "log " + id + " is open already"));
            return;
        }
        DetachedLog held = detached.get(id);
        StorageException damage = held == null ? null : held.damage();
        if (damage != null) {
            open.remove(id);
            fail(lane, callback, damage);
            return;
        }
        SegmentChain chain;
        long version;
        try {
            Versioned found = metadata.get(SegmentChain.key(id)).orElse(null);
            chain = found == null ? SegmentChain.EMPTY : SegmentChain.decode(id, found.value());
            version = found == null ? MetadataStore.ABSENT : found.version();
        } catch (StorageException unreadable) {
            open.remove(id);
            fail(lane, callback, unreadable);
            return;
        }
        SegmentChain next = chain.withEpoch(chain.epoch() + 1);
        var _ = metadata.put(SegmentChain.key(id), next.encode(), version).whenComplete((newVersion, failure) -> {
            boolean isAlive = lane.execute(() -> {
                if (newVersion == null) {
                    open.remove(id);
                    callback.failed(explain(failure));
                } else if (closing.get()) {
                    open.remove(id);
                    callback.failed(closed());
                } else {
                    PartitionLog log = build(id, lane, listener, next, newVersion, settings);
                    place.log = log;
                    callback.opened(log);
                    node.stalls().tell(log);
                }
            });
            if (!isAlive) {
                open.remove(id);
            }
        });
    }

    /** On the owner thread. */
    private PartitionLog build(
            LogId id,
            OwnerLane lane,
            PartitionLog.Listener listener,
            SegmentChain chain,
            long version,
            LogSettings settings) {
        DetachedLog held = detached.remove(id);
        long end = Math.max(Math.max(chain.endOffset(), chain.startOffset()), chain.segmentEndOffset());
        if (held != null) {
            end = Math.max(end, held.endOffset());
        }
        LostRelay lost = new LostRelay();
        ChainUpdates updates = new ChainUpdates(id, node, lane, chain, version, lost);
        JournalledSegments segments =
                new JournalledSegments(node, lane, updates, held == null ? null : held.endFile(), this::detach);
        PartitionLog log = new PartitionLog(
                id, settings, lane, listener, segments, node.budget(), chain.epoch(), chain.startOffset(), end);
        lost.log = log;
        if (held != null) {
            log.recovered(held);
            node.journal().register(log, held.files());
        }
        segments.trim(chain.startOffset()); // what was closed before it could give that back
        return log;
    }

    /** Passes a loss on to the log, which is made after the one who reports it. Owner thread. */
    private static final class LostRelay implements Consumer<StorageException> {
        @Nullable
        PartitionLog log;

        @Override
        public void accept(StorageException cause) {
            if (log != null) {
                log.onLost(cause);
            }
        }
    }

    private void detach(LogId id, DetachedLog log) {
        detached.put(id, log);
        open.remove(id);
    }

    /**
     * A log whose batches live in memory only and end with the process. Call it on the owner thread.
     *
     * @param owner runs tasks on the calling thread, in order
     */
    public PartitionLog openMemoryLog(LogId id, Executor owner, PartitionLog.Listener listener) {
        return new PartitionLog(
                id, LogSettings.DEFAULT, laneOf(owner), listener, MemorySegmentStore.INSTANCE, node.budget(), 0, 0, 0);
    }

    /**
     * Deletes a log with all its files, open or not; an open one is closed first and its listener hears nothing more. Does
     * nothing if there is none. Runs {@code done} on a thread of the storage when the log cannot come back any more; after a
     * failure, which is logged, it can.
     */
    public void deleteLog(LogId id, Runnable done) {
        OpenLog place = open.get(id);
        if (place == null) {
            deleteClosed(id, done);
            return;
        }
        place.lane.execute(() -> {
            PartitionLog log = place.log;
            if (log == null) {
                deleteLog(id, done); // it is being opened; the place is filled by now or soon
            } else {
                log.close(() -> deleteClosed(id, done));
            }
        });
    }

    private void deleteClosed(LogId id, Runnable done) {
        SegmentChain chain = metadata.get(SegmentChain.key(id))
                .map(found -> SegmentChain.decode(id, found.value()))
                .orElse(SegmentChain.EMPTY);
        var _ = metadata.delete(SegmentChain.key(id), MetadataStore.ANY).whenComplete((ignored, failure) -> {
            if (failure == null) {
                DetachedLog held = detached.remove(id);
                if (held != null) {
                    held.release();
                }
                SegmentFiles.delete(node, chain.segments());
            } else {
                LOG.warn("Log {} could not be deleted: {}", id, failure.getMessage());
            }
            done.run();
        });
    }

    /**
     * Copies everything to an empty disk: all records and metadata that are durable when this is called, and perhaps some that become so
     * meanwhile, as of one moment. What is in use goes on; the journal keeps its files while it is being copied, and segments theirs until the end.
     *
     * @param target locked by the caller; {@link BackupFolder#open} gives one
     * @return completes on a thread of the storage; fails with a {@link StorageException} if a file cannot be read or written
     */
    public CompletableFuture<BackupSummary> backup(Disk target) {
        return new StorageBackup(node, metadata, target).run();
    }

    /**
     * Begins a group: so many appends, to any logs of this storage, that become durable together or not at all. Not to be begun while
     * one of the logs is stalled. Any thread.
     *
     * @param members from 1 to 65,536
     */
    public AppendGroup group(int members) {
        return new AppendGroup(node.journal(), members, maxGroupBytes());
    }

    /** How many bytes all batches of one group together may have. */
    public long maxGroupBytes() {
        return Math.min(node.config().tailBudgetBytes() / GROUP_SHARE, MOST_GROUP_BYTES);
    }

    /** The logs that exist, open or not; memory logs are not among them. */
    public Set<LogId> logs() {
        return new TreeSet<>(SegmentChain.logs(metadata));
    }

    /** Bytes of batches in memory, over all open logs. */
    public long tailBytes() {
        return node.budget().tailBytes();
    }

    /**
     * How much room the data folder's file system has now. Asks on a thread of the storage, since a file system may take its time.
     *
     * @return completes on a thread of the storage; fails with a {@link StorageException} if the file system does not say. Never completes after the storage was closed
     */
    public CompletableFuture<DiskSpace> diskSpace() {
        var asked = new CompletableFuture<DiskSpace>();
        node.threads().background().execute(() -> {
            try {
                asked.complete(
                        new DiskSpace(node.disk().usableBytes(), node.disk().totalBytes()));
            } catch (IOException | RuntimeException failure) {
                asked.completeExceptionally(new StorageException(
                        StorageException.Kind.UNAVAILABLE,
                        "the file system of the data folder does not say how much room it has",
                        failure));
            }
        });
        return asked;
    }

    /** Bytes of the journal's files, as of the last write. */
    public long journalBytes() {
        return node.journal().bytes();
    }

    /** Memory of what was read from segments before anybody asked for it, or is being read. */
    long aheadBytes() {
        return node.aheadBytes().get();
    }

    /** How many group commits the journal has written since the start. */
    public long journalWrites() {
        return node.journal().frames();
    }

    /**
     * Ends all use without blocking: what was appended so far becomes durable, if the device takes it, and the next start
     * knows that this end was clean. The folder stays locked until {@link #close}.
     */
    public CompletableFuture<Void> closeLater() {
        if (!closing.compareAndSet(false, true)) {
            return closed;
        }
        CompletableFuture<Void> lanesDone = node.journal().close().thenCompose(ignored -> abandonLogs());
        var _ = lanesDone.thenCompose(ignored -> metadata.closeLater()).whenComplete((ignored, failure) -> {
            detached.values().forEach(DetachedLog::forget);
            closed.complete(null);
        });
        return closed;
    }

    /** Like {@link #closeLater}, then unlocks the folder and ends the threads. Blocks; not for an owner thread. */
    @Override
    public void close() {
        closeLater().join();
        node.threads().close();
        try {
            lock.close();
        } catch (Exception failure) {
            throw new StorageException(StorageException.Kind.UNAVAILABLE, "the lock file cannot be closed", failure);
        }
    }

    private CompletableFuture<Void> abandonLogs() {
        Map<OwnerLane, CompletableFuture<Void>> ended = new LinkedHashMap<>();
        for (OwnerLane lane : lanes) {
            ended.put(lane, new CompletableFuture<>());
        }
        ended.forEach((lane, done) -> {
            Runnable abandon = () -> {
                List.copyOf(lane.logs()).forEach(PartitionLog::abandon); // one that was closing leaves the list
                lane.logs().clear();
                done.complete(null);
            };
            if (!lane.execute(abandon)) {
                abandon.run(); // the owner has ended, so nobody else touches its logs
            }
        });
        return CompletableFuture.allOf(ended.values().toArray(new CompletableFuture<?>[0]));
    }

    /** There are as many owners as shards: a handful. */
    private OwnerLane laneOf(Executor owner) {
        synchronized (lanes) {
            for (OwnerLane lane : lanes) {
                if (lane.executor().equals(owner)) {
                    return lane;
                }
            }
            OwnerLane lane = new OwnerLane(owner);
            lanes.add(lane);
            node.stalls().add(lane);
            node.budget().add(lane);
            return lane;
        }
    }

    private static StorageException closed() {
        return new StorageException(StorageException.Kind.CLOSED, "the storage is closed");
    }

    private static void fail(OwnerLane lane, OpenCallback callback, StorageException cause) {
        lane.execute(() -> callback.failed(cause));
    }

    private static StorageException explain(@Nullable Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        return cause instanceof StorageException known
                ? known
                : new StorageException(StorageException.Kind.UNAVAILABLE, "the log cannot be opened: " + cause, cause);
    }
}
