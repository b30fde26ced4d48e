package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import dev.sluice.broker.TopologyCodec.StoredQueue;
import dev.sluice.log.LogId;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.Storage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a broker back to what its storage holds: exchanges, queues and bindings from the metadata store, cursors from the cursor logs, records from the queues' logs. Then every cursor log begins anew with a
 * snapshot, so that the number of shards may differ from the last time. Runs once; each step on the shard that owns what it touches.
 */
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
    private static final List<ExchangeSpec> PREDECLARED = List.of(
            predeclared("amq.direct", ExchangeType.DIRECT),
            predeclared("amq.fanout", ExchangeType.FANOUT),
            predeclared("amq.topic", ExchangeType.TOPIC),
            predeclared("amq.headers", ExchangeType.HEADERS),
            predeclared("amq.match", ExchangeType.HEADERS));

    private final Storage storage;
    private final TopologyStore store;
    private final QueueFactory factory;
    private final List<BrokerShard> views;
    /** Of shards that this start does not have. Confined to the first shard. */
    private final List<PartitionLog> former = new ArrayList<>();

    Recovery(Storage storage, TopologyStore store, QueueFactory factory, List<BrokerShard> views) {
        this.storage = storage;
        this.store = store;
        this.factory = factory;
        this.views = views;
    }

    private static ExchangeSpec predeclared(String name, ExchangeType type) {
        return new ExchangeSpec(name, type, true, false, false, null);
    }

    CompletableFuture<Void> run() {
        return openLogs()
                .thenCompose(this::openQueues)
                .thenCompose(this::fillTopologies)
                .thenCompose(done -> snapshotState());
    }

    /** What was written beside the records: of each lane by the id of its log, and of each queue by its id. */
    private record Written(Map<Long, CursorState> cursors, Map<Long, Notes> notes) {}

    private CompletableFuture<Written> openLogs() {
        CompletableFuture<Map<Long, CursorState>> cursors = openCursorLogs();
        CompletableFuture<Map<Long, Notes>> notes = openIdLogs();
        return cursors.thenCombine(notes, Written::new).thenCombine(openStoryLogs(), (written, opened) -> written);
    }

    /** A start with fewer shards forgets what those wrote which it does not have. */
    private CompletableFuture<Void> openStoryLogs() {
        var opened = new ArrayList<CompletableFuture<?>>();
        for (BrokerShard view : views) {
            StoryLog stories = view.storyLog();
            opened.add(factory.openStoryLog(Broker.storyLogId(view.shard().index()), view.shard(), stories)
                    .thenAcceptAsync(stories::open, view.shard()));
        }
        for (LogId id : formerLogs()) {
            if (isStoryLog(id)) {
                opened.add(readFormerLog(id, log -> CompletableFuture.completedFuture(Map.of())));
            }
        }
        return all(opened);
    }

    /** Completes with the state of each lane by the id of its log. */
    private CompletableFuture<Map<Long, CursorState>> openCursorLogs() {
        var scans = new ArrayList<CompletableFuture<Map<Long, CursorState>>>();
        for (BrokerShard view : views) {
            CursorLog cursors = view.cursorLog();
            MoveLog moves = view.moveLog();
            scans.add(factory.openMoveLog(Broker.moveLogId(view.shard().index()), view.shard(), moves)
                    .thenComposeAsync(
                            log -> {
                                moves.open(log);
                                return scan(log);
                            },
                            view.shard()));
            scans.add(openStateLog(Broker.cursorLogId(view.shard().index()), view, cursors.log(), Recovery::scan));
        }
        for (LogId id : formerLogs()) {
            if (!isIdLog(id) && !isStoryLog(id)) {
                scans.add(readFormerLog(id, Recovery::scan));
            }
        }
        return merged(scans, CursorState::union);
    }

    /** Completes with what is noted of each queue, by its id. */
    private CompletableFuture<Map<Long, Notes>> openIdLogs() {
        var scans = new ArrayList<CompletableFuture<Map<Long, Notes>>>();
        for (BrokerShard view : views) {
            IdLog ids = view.idLog();
            scans.add(openStateLog(Broker.idLogId(view.shard().index()), view, ids.log(), Recovery::scanIds));
        }
        for (LogId id : formerLogs()) {
            if (isIdLog(id)) {
                scans.add(readFormerLog(id, Recovery::scanIds));
            }
        }
        return merged(scans, Notes::union);
    }

    private <S> CompletableFuture<Map<Long, S>> openStateLog(
            LogId id, BrokerShard view, StateLog state, Function<PartitionLog, CompletableFuture<Map<Long, S>>> scan) {
        return factory.openStateLog(id, view.shard(), state)
                .thenComposeAsync(
                        log -> {
                            state.open(log);
                            return scan.apply(log);
                        },
                        view.shard());
    }

    private <S> CompletableFuture<Map<Long, S>> readFormerLog(
            LogId id, Function<PartitionLog, CompletableFuture<Map<Long, S>>> scan) {
        BrokerShard first = views.getFirst();
        var unused = new StateLog(first, "former " + id, "it is read only");
        return factory.openStateLog(id, first.shard(), unused)
                .thenComposeAsync(
                        log -> {
                            former.add(log);
                            return scan.apply(log);
                        },
                        first.shard());
    }

    private static <S> CompletableFuture<Map<Long, S>> merged(
            List<CompletableFuture<Map<Long, S>>> scans, BinaryOperator<S> union) {
        return all(scans).thenApply(done -> {
            var merged = new HashMap<Long, S>();
            scans.forEach(scan -> scan.join().forEach((id, state) -> merged.merge(id, state, union)));
            return merged;
        });
    }

    private static boolean isIdLog(LogId id) {
        return id.value() >= QueueFactory.FIRST_ID_LOG_ID && !isStoryLog(id);
    }

    private static boolean isStoryLog(LogId id) {
        return id.value() >= QueueFactory.FIRST_STORY_LOG_ID;
    }

    /** Those of the broker's own that belong to shards which this start does not have. Logs of moves hold the same as those of cursors. */
    private List<LogId> formerLogs() {
        Set<LogId> present = new HashSet<>();
        for (BrokerShard view : views) {
            present.add(Broker.cursorLogId(view.shard().index()));
            present.add(Broker.moveLogId(view.shard().index()));
            present.add(Broker.idLogId(view.shard().index()));
            present.add(Broker.storyLogId(view.shard().index()));
        }
        return storage.logs().stream()
                .filter(id -> id.value() < QueueFactory.FIRST_QUEUE_ID && !present.contains(id))
                .toList();
    }

    private static CompletableFuture<Map<Long, CursorState>> scan(PartitionLog log) {
        var states = new HashMap<Long, CursorState>();
        return LogScan.run(
                        log,
                        (RecordCursor record) -> CursorChange.merge(
                                record, states.computeIfAbsent(CursorChange.queueId(record), id -> new CursorState())))
                .thenApply(done -> states);
    }

    private static CompletableFuture<Map<Long, Notes>> scanIds(PartitionLog log) {
        var notes = new HashMap<Long, Notes>();
        return LogScan.run(
                        log,
                        note -> notes.computeIfAbsent(NoteHeader.queueId(note), id -> new Notes())
                                .add(note))
                .thenApply(done -> notes);
    }

    private CompletableFuture<List<Queue>> openQueues(Written written) {
        Map<Long, CursorState> states = written.cursors();
        List<StoredQueue> stored = store.queues();
        deleteOrphans(stored);
        var opening = new ArrayList<CompletableFuture<Queue>>();
        for (StoredQueue queue : stored) {
            if (queue.spec().topic() == null) {
                Notes notes = written.notes().getOrDefault(queue.id().value(), new Notes());
                opening.add(factory.restore(queue, states, notes));
            }
        }
        return joined(opening).thenCompose(opened -> {
            var all = new ArrayList<>(openSubscriptions(stored, opened, states));
            opened.forEach(queue -> all.add(CompletableFuture.completedFuture(queue)));
            return joined(all);
        });
    }

    private List<CompletableFuture<Queue>> openSubscriptions(
            List<StoredQueue> stored, List<Queue> opened, Map<Long, CursorState> states) {
        Map<String, Queue> topics = new HashMap<>();
        for (Queue queue : opened) {
            if (queue.spec().isTopic()) {
                topics.put(queue.name(), queue);
            }
        }
        var opening = new ArrayList<CompletableFuture<Queue>>();
        for (StoredQueue queue : stored) {
            String topicName = queue.spec().topic();
            Queue topic = topics.get(topicName);
            if (topic != null) {
                opening.add(factory.restoreSubscription(queue, topic, states));
            } else if (topicName != null) {
                deleteLeftOver(queue);
            }
        }
        return opening;
    }

    /** The process ended while its topic was being deleted. */
    private void deleteLeftOver(StoredQueue subscription) {
        String name = subscription.spec().name();
        LOG.info("deleting subscription {}, whose topic is not there any more", name);
        var _ = store.deleteQueue(name).exceptionally(failure -> {
            LOG.warn("a subscription without a topic stays in the metadata: {}", failure.getMessage());
            return null;
        });
    }

    private static CompletableFuture<List<Queue>> joined(List<CompletableFuture<Queue>> opening) {
        return all(opening)
                .thenApply(done -> opening.stream().map(CompletableFuture::join).toList());
    }

    /** Logs whose queue was deleted just before the process ended, or was never announced. */
    private void deleteOrphans(List<StoredQueue> stored) {
        Set<LogId> known = new HashSet<>();
        for (StoredQueue queue : stored) {
            for (int lane = 0; lane < queue.spec().partitionCount(); lane++) {
                known.add(new LogId(queue.id().value() + lane));
            }
        }
        for (LogId id : storage.logs()) {
            if (id.value() >= QueueFactory.FIRST_QUEUE_ID && !known.contains(id)) {
                LOG.info("deleting log {}, which belongs to no queue", id);
                storage.deleteLog(id, () -> {});
            }
        }
    }

    private CompletableFuture<Void> fillTopologies(List<Queue> queues) {
        var changes = new ArrayList<TopologyChange>();
        Set<Destination> known = new HashSet<>();
        for (ExchangeSpec spec : exchanges()) {
            changes.add(new TopologyChange.ExchangeDeclared(spec));
            known.add(new Destination.ToExchange(spec.name()));
        }
        for (Queue queue : queues) {
            changes.add(new TopologyChange.QueueDeclared(queue));
            known.add(new Destination.ToQueue(queue.name()));
        }
        for (Binding binding : store.bindings()) {
            if (known.contains(binding.destination()) && known.contains(new Destination.ToExchange(binding.source()))) {
                changes.add(new TopologyChange.Bound(binding));
            } else {
                deleteLeftOver(binding);
            }
        }
        return all(views.stream()
                .map(view -> CompletableFuture.runAsync(() -> changes.forEach(view.topology()::replay), view.shard()))
                .toList());
    }

    private List<ExchangeSpec> exchanges() {
        var exchanges = new ArrayList<>(PREDECLARED);
        exchanges.addAll(store.exchanges());
        return exchanges;
    }

    /** The process ended while one of its ends was being deleted. It must not be there when the next of that name is declared. */
    private void deleteLeftOver(Binding binding) {
        LOG.info(
                "deleting a binding from {} to {}, which is not there any more",
                binding.source(),
                binding.destination());
        var _ = store.delete(binding).exceptionally(failure -> {
            LOG.warn("a binding without ends stays in the metadata until the next start: {}", failure.getMessage());
            return null;
        });
    }

    private CompletableFuture<Void> snapshotState() {
        var snapshots = new ArrayList<CompletableFuture<Runnable>>();
        for (BrokerShard view : views) {
            var cursors = new CompletableFuture<Runnable>();
            var ids = new CompletableFuture<Runnable>();
            snapshots.add(cursors);
            snapshots.add(ids);
            view.shard().execute(() -> {
                view.lookAtHeads();
                view.storyLog().begin();
                snapshotCursors(view, cursors);
                snapshotIds(view, ids);
            });
        }
        return all(snapshots).thenRun(() -> {
            snapshots.forEach(snapshot -> snapshot.join().run());
            views.getFirst().shard().execute(this::emptyFormerLogs);
        });
    }

    /** They are not deleted: a start with more shards goes on with them, and the storage must not see the id of a deleted log again. */
    private void emptyFormerLogs() {
        for (PartitionLog log : former) {
            log.trim(log.endOffset());
            log.close(() -> {});
        }
    }

    /** Completes with what lets go of everything before, when the snapshot is durable. */
    private static void snapshotCursors(BrokerShard view, CompletableFuture<Runnable> durable) {
        long[] start = new long[1];
        long movesBefore = view.moveLog().log().endOffset();
        Runnable trim = () -> view.shard().execute(() -> {
            view.cursorLog().trim(start[0]);
            view.moveLog().trim(movesBefore);
        });
        start[0] = view.cursorLog().snapshot(view.topology().queues(), () -> durable.complete(trim));
    }

    private static void snapshotIds(BrokerShard view, CompletableFuture<Runnable> durable) {
        long[] start = new long[1];
        Runnable trim = () -> view.shard().execute(() -> view.idLog().log().trim(start[0]));
        start[0] = view.idLog().snapshot(view.topology().queues(), () -> durable.complete(trim));
    }

    private static CompletableFuture<Void> all(List<? extends CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }
}
