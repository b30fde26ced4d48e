package dev.sluice.broker;

import dev.sluice.broker.TopologyCodec.StoredQueue;
import dev.sluice.log.LogId;
import dev.sluice.log.LogSettings;
import dev.sluice.log.OpenCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings queues into being, with their logs, and takes both away. Confined to the first shard. */
final class QueueFactory {
    private static final Logger LOG = LoggerFactory.getLogger(QueueFactory.class);
    /** Smaller ids are for the broker's own logs. */
    static final long FIRST_QUEUE_ID = 1 << 16;

    /** Of the broker's own logs, those of moves have ids from here on, and those of cursors smaller ones. */
    static final long FIRST_MOVE_LOG_ID = 1 << 15;

    /** Of the broker's own logs, those of ids have ids from here on. */
    static final long FIRST_ID_LOG_ID = 3 << 14;

    /** Of the broker's own logs, those of stories have ids from here on. */
    static final long FIRST_STORY_LOG_ID = 7 << 13;

    private final Storage storage;
    private final TopologyStore store;
    private final Shards shards;
    private final List<BrokerShard> views;
    private final RandomGenerator random;

    QueueFactory(Storage storage, TopologyStore store, Shards shards, List<BrokerShard> views, RandomGenerator random) {
        this.storage = storage;
        this.store = store;
        this.shards = shards;
        this.views = views;
        this.random = random;
    }

    /** A new queue or topic on the shard that asks for it: its logs are there and, where it is to outlive the process, so is its entry in the metadata store. */
    CompletableFuture<Queue> create(QueueSpec spec, long connection, Shard caller) {
        LogId id = newId(caller);
        var queue = new Queue(id, spec, ownerOf(spec, connection), views.get(caller.index()), views.size(), null);
        if (!queue.isPersistent()) {
            return CompletableFuture.supplyAsync(() -> openInMemory(queue), caller);
        }
        var stored = new StoredQueue(id, spec);
        return open(queue, stored, Map.of(), new Notes())
                .thenCompose(opened -> store.put(stored).thenApply(written -> opened));
    }

    private static long ownerOf(QueueSpec spec, long connection) {
        return spec.exclusive() ? connection : 0;
    }

    private void openInMemory(Queue queue, Partition[] partitions) {
        for (Partition partition : partitions) {
            partition.open(storage.openMemoryLog(partition.id(), queue.shard(), partition));
        }
    }

    private Queue openInMemory(Queue queue) {
        openInMemory(queue, queue.partitions());
        for (Lane lane : queue.lanes()) {
            var _ = lane.open(new CursorState());
        }
        queue.opened();
        return queue;
    }

    /** As {@link #create}, for a subscription; on the shard of its topic. */
    CompletableFuture<Queue> createSubscription(QueueSpec spec, StartPosition start, long connection, Queue topic) {
        var queue = new Queue(newId(topic.shard()), spec, ownerOf(spec, connection), topic.home(), views.size(), topic);
        return CompletableFuture.completedFuture(topic.partitions())
                .thenComposeAsync(partitions -> StartOffsets.of(start, partitions), topic.shard())
                .thenApplyAsync(
                        offsets -> {
                            openLanes(queue, StartOffsets.cursors(offsets, queue.lanes().length));
                            return offsets;
                        },
                        topic.shard())
                .thenCompose(offsets -> queue.isPersistent()
                        ? store.put(new StoredQueue(queue.id(), spec, boxed(offsets)))
                                .thenApply(stored -> queue)
                        : CompletableFuture.completedFuture(queue));
    }

    private static List<Long> boxed(long[] offsets) {
        return Arrays.stream(offsets).boxed().toList();
    }

    private static void openLanes(Queue subscription, CursorState[] cursors) {
        for (Lane lane : subscription.lanes()) {
            var _ = lane.open(cursors[lane.index()]);
        }
        subscription.opened();
    }

    /** A queue or topic that was there before; {@code states} are those of its lanes, and of others, by the ids of their logs. */
    CompletableFuture<Queue> restore(StoredQueue stored, Map<Long, CursorState> states, Notes notes) {
        BrokerShard view = views.get(shards.ownerOf(stored.id().value()).index());
        var queue = new Queue(stored.id(), stored.spec(), 0, view, views.size(), null);
        queue.pause(stored.pauses());
        return open(queue, stored, states, notes).exceptionally(failure -> {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            LOG.error("queue {} is not available: {}", queue.name(), cause.getMessage(), cause);
            queue.markUnavailable(String.valueOf(cause.getMessage()));
            return queue;
        });
    }

    /** As {@link #restore}, for a subscription whose topic was restored. */
    CompletableFuture<Queue> restoreSubscription(StoredQueue stored, Queue topic, Map<Long, CursorState> states) {
        var queue = new Queue(stored.id(), stored.spec(), 0, topic.home(), views.size(), topic);
        queue.pause(stored.pauses());
        Refusal unavailable = topic.unavailable();
        if (unavailable != null) {
            queue.markUnavailable("its topic " + topic.name() + " is not available: " + unavailable.detail());
            return CompletableFuture.completedFuture(queue);
        }
        CursorState[] cursors = StartOffsets.cursors(
                stored.starts().stream().mapToLong(Long::longValue).toArray(), queue.lanes().length);
        for (Lane lane : queue.lanes()) {
            CursorState state = states.get(lane.id().value());
            if (state != null) {
                cursors[lane.index()].union(state);
            }
        }
        return CompletableFuture.supplyAsync(
                () -> {
                    openLanes(queue, cursors);
                    return queue;
                },
                topic.shard());
    }

    /** New partitions of a topic, behind those that it has, until there are so many: their logs are there. */
    CompletableFuture<Partition[]> createPartitions(Queue topic, int count) {
        var added = new Partition[count - topic.partitions().length];
        Arrays.setAll(added, i -> new Partition(topic, count - added.length + i));
        CompletableFuture<Void> opened = topic.isPersistent()
                ? openLogs(topic, added)
                : CompletableFuture.runAsync(() -> openInMemory(topic, added), topic.shard());
        return opened.thenApply(done -> added);
    }

    private CompletableFuture<Void> openLogs(Queue queue, Partition[] partitions) {
        LogSettings kind = queue.spec().isTopic() ? LogSettings.DEFAULT.kept() : LogSettings.DEFAULT;
        LogSettings settings = kind.withDurability(queue.spec().settings().durability());
        var opened = new ArrayList<CompletableFuture<Void>>();
        for (Partition partition : partitions) {
            opened.add(open(partition.id(), settings, queue.shard(), partition)
                    .thenAcceptAsync(partition::open, queue.shard()));
        }
        return CompletableFuture.allOf(opened.toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<Queue> open(Queue queue, StoredQueue stored, Map<Long, CursorState> states, Notes notes) {
        return openLogs(queue, queue.partitions())
                .thenComposeAsync(done -> restore(queue, notes), queue.shard())
                .thenRunAsync(() -> deleteBelowStarts(queue, stored), queue.shard())
                .thenComposeAsync(done -> openLanes(queue, states), queue.shard())
                .thenApplyAsync(
                        done -> {
                            queue.opened();
                            return queue;
                        },
                        queue.shard());
    }

    /** What was deleted of a topic does not come back, though the logs may still have it. */
    private static void deleteBelowStarts(Queue queue, StoredQueue stored) {
        if (!queue.spec().isTopic()) {
            return;
        }
        for (int i = 0; i < stored.starts().size(); i++) {
            PartitionLog log = queue.partitions()[i].log();
            long start = stored.start(i);
            if (start > log.endOffset()) {
                log.skipTo(start); // what was there did not outlive a crash, and its offsets are known
            }
            log.trim(start);
        }
    }

    private static CompletableFuture<Void> restore(Queue queue, Notes notes) {
        var restored = new ArrayList<CompletableFuture<Void>>();
        Deduplication deduplication = queue.deduplication();
        if (deduplication != null) {
            restored.add(deduplication.restore(notes.ids()));
        }
        for (Partition partition : queue.partitions()) {
            restored.add(partition.restoreProducers(notes.producers()));
        }
        return CompletableFuture.allOf(restored.toArray(CompletableFuture[]::new));
    }

    private static CompletableFuture<Void> openLanes(Queue queue, Map<Long, CursorState> states) {
        var opened = new ArrayList<CompletableFuture<Void>>();
        for (Lane lane : queue.lanes()) {
            opened.add(lane.open(states.getOrDefault(lane.id().value(), new CursorState())));
        }
        return CompletableFuture.allOf(opened.toArray(CompletableFuture[]::new));
    }

    /** The log belongs to {@code owner}: what depends on it has to be sent there, since the future may be complete before anybody waits for it. */
    CompletableFuture<PartitionLog> openStateLog(LogId id, Shard owner, PartitionLog.Listener listener) {
        return open(id, LogSettings.STATE, owner, listener);
    }

    /** As {@link #openStateLog}, for a log that may be part of groups. */
    CompletableFuture<PartitionLog> openMoveLog(LogId id, Shard owner, PartitionLog.Listener listener) {
        return open(id, LogSettings.DEFAULT, owner, listener);
    }

    /** As {@link #openStateLog}, for a log that nobody waits for. */
    CompletableFuture<PartitionLog> openStoryLog(LogId id, Shard owner, PartitionLog.Listener listener) {
        return open(id, StoryLog.SETTINGS, owner, listener);
    }

    private CompletableFuture<PartitionLog> open(
            LogId id, LogSettings settings, Shard owner, PartitionLog.Listener listener) {
        var opening = new Opening();
        storage.openLog(id, settings, owner, listener, opening);
        return opening.log;
    }

    private static final class Opening implements OpenCallback {
        private final CompletableFuture<PartitionLog> log = new CompletableFuture<>();

        @Override
        public void opened(PartitionLog opened) {
            log.complete(opened);
        }

        @Override
        public void failed(StorageException cause) {
            log.completeExceptionally(cause);
        }
    }

    /** The queue is in no topology any more. */
    void destroy(Queue queue) {
        queue.shard().execute(() -> {
            queue.delete();
            deleteLogs(queue, queue.partitions());
        });
    }

    /** Partitions that were made for a topic, and will not be its. */
    void destroy(Queue topic, Partition[] partitions) {
        topic.shard().execute(() -> deleteLogs(topic, partitions));
    }

    private void deleteLogs(Queue queue, Partition[] partitions) {
        for (Partition partition : partitions) {
            Runnable closed = queue.isPersistent()
                    ? () -> storage.deleteLog(
                            partition.id(), () -> LOG.debug("deleted a log of queue {}", queue.name()))
                    : () -> {};
            if (partition.isOpen()) {
                partition.log().close(closed);
            } else {
                closed.run();
            }
        }
    }

    /** An id that is new for ever, owned by the given shard as long as the number of shards stays. Those behind it are for the lanes. */
    private LogId newId(Shard owner) {
        while (true) {
            long id = random.nextLong(FIRST_QUEUE_ID, Long.MAX_VALUE) / DeliveryId.MOST_LANES * DeliveryId.MOST_LANES;
            if (shards.ownerOf(id).index() == owner.index()) {
                return new LogId(id);
            }
        }
    }
}
