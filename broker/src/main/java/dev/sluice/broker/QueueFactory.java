package dev.sluice.broker;

import dev.sluice.broker.TopologyCodec.StoredQueue;
import dev.sluice.log.LogId;
import dev.sluice.log.LogSettings;
import dev.sluice.log.OpenCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageException;
import java.util.ArrayList;
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

    /** A new queue on the shard that asks for it: its log is there and, where it is to outlive the process, so is its entry in the metadata store. */
    CompletableFuture<Queue> create(QueueSpec spec, long connection, Shard caller) {
        LogId id = newId(caller);
        var queue = new Queue(id, spec, spec.exclusive() ? connection : 0, views.get(caller.index()), views.size());
        if (!queue.isPersistent()) {
            return CompletableFuture.supplyAsync(
                    () -> {
                        for (Lane lane : queue.lanes()) {
                            Partition partition = lane.partition();
                            partition.open(storage.openMemoryLog(partition.id(), caller, partition));
                            lane.open(new CursorState());
                        }
                        queue.opened();
                        return queue;
                    },
                    caller);
        }
        return open(queue, Map.of())
                .thenCompose(opened -> store.put(new StoredQueue(id, spec)).thenApply(stored -> opened));
    }

    /** A queue that was there before; {@code states} are those of its lanes, and of others, by the ids of their logs. */
    CompletableFuture<Queue> restore(StoredQueue stored, Map<Long, CursorState> states) {
        BrokerShard view = views.get(shards.ownerOf(stored.id().value()).index());
        var queue = new Queue(stored.id(), stored.spec(), 0, view, views.size());
        return open(queue, states).exceptionally(failure -> {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            LOG.error("queue {} is not available: {}", queue.name(), cause.getMessage(), cause);
            queue.markUnavailable(String.valueOf(cause.getMessage()));
            return queue;
        });
    }

    private CompletableFuture<Queue> open(Queue queue, Map<Long, CursorState> states) {
        LogSettings settings =
                LogSettings.DEFAULT.withDurability(queue.spec().settings().durability());
        var opened = new ArrayList<CompletableFuture<Void>>();
        for (Lane lane : queue.lanes()) {
            CursorState state = states.getOrDefault(lane.id().value(), new CursorState());
            var opening = new Opening();
            Partition partition = lane.partition();
            storage.openLog(partition.id(), settings, queue.shard(), partition, opening);
            opened.add(opening.log.thenAcceptAsync(
                    log -> {
                        partition.open(log);
                        lane.open(state);
                    },
                    queue.shard()));
        }
        return CompletableFuture.allOf(opened.toArray(CompletableFuture[]::new))
                .thenApplyAsync(
                        done -> {
                            queue.opened();
                            return queue;
                        },
                        queue.shard());
    }

    /** The log belongs to {@code owner}: what depends on it has to be sent there, since the future may be complete before anybody waits for it. */
    CompletableFuture<PartitionLog> openStateLog(LogId id, Shard owner, PartitionLog.Listener listener) {
        return open(id, LogSettings.STATE, owner, listener);
    }

    /** As {@link #openStateLog}, for a log that may be part of groups. */
    CompletableFuture<PartitionLog> openMoveLog(LogId id, Shard owner, PartitionLog.Listener listener) {
        return open(id, LogSettings.DEFAULT, owner, listener);
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
            for (Partition partition : queue.partitions()) {
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
        });
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
