package dev.sluice.broker;

import dev.sluice.broker.Outcome.Reply;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.Storage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The broker as one shard sees it: what gateways call, and the work at the end of each turn that makes one batch, one dispatch and one cursor change per queue out of however much arrived. Confined to its shard; replies
 * come back on it, some of them before the call that asked has returned.
 */
public final class BrokerShard {
    /** In {@link #deleteRecords}: up to the end of what is durable. */
    public static final long ALL_RECORDS = -1;

    private final Shard shard;
    private final Broker broker;
    private final Topology topology = new Topology();
    private final Router router = new Router(topology, this);
    private final ArrayDeque<RecordBatchBuilder> builders = new ArrayDeque<>();
    private List<InletPartition> dirtyInlets = new ArrayList<>();
    private List<Queue> dirtyQueues = new ArrayList<>();
    private final Runnable endOfTurn = this::endTurn;
    private boolean endOfTurnScheduled;
    private final List<List<Runnable>> outgoing = new ArrayList<>();
    private boolean anythingOutgoing;
    // Opened when the broker starts.
    private final CursorLog cursorLog = new CursorLog(this);
    private final MoveLog moveLog;
    private final IdLog idLog = new IdLog(this);
    private final StoryLog storyLog = new StoryLog(this);
    private final Commits commits = new Commits();
    private final PublishGate gate;
    private final RandomGenerator random;
    private long turnTimeMs;

    BrokerShard(Shard shard, Broker broker, Storage storage, int shardCount, PublishGate gate, RandomGenerator random) {
        this.shard = shard;
        this.broker = broker;
        this.moveLog = new MoveLog(this, storage);
        this.gate = gate;
        this.random = random;
        for (int i = 0; i < shardCount; i++) {
            outgoing.add(new ArrayList<>());
        }
    }

    public Shard shard() {
        return shard;
    }

    // Connections.

    /** A new owner of exclusive queues. */
    public long openConnection() {
        return broker.nextConnection();
    }

    /** Deletes the connection's exclusive queues. */
    public void closeConnection(long connection) {
        broker.controller(controller -> controller.queues().closeConnection(connection));
    }

    // Exchanges and bindings.

    /** Makes the exchange, or finds that it is there and the same. */
    public void declareExchange(ExchangeSpec spec, Reply<ExchangeSpec> reply) {
        Exchange present = topology.exchange(spec.name());
        if (present != null && present.spec.equals(spec)) {
            reply.on(Outcome.done(spec));
            return;
        }
        broker.controller(controller -> controller.exchanges().declareExchange(spec, returning(reply)));
    }

    /** Finds out whether the exchange is there. */
    public void checkExchange(String name, Reply<ExchangeSpec> reply) {
        Exchange present = topology.exchange(name);
        reply.on(
                present == null
                        ? Outcome.refused(Refusal.Reason.EXCHANGE_NOT_FOUND, name)
                        : Outcome.done(present.spec));
    }

    /** The reply says whether there was one. */
    public void deleteExchange(String name, boolean ifUnused, Reply<Boolean> reply) {
        broker.controller(controller -> controller.exchanges().deleteExchange(name, ifUnused, returning(reply)));
    }

    /** The reply says whether the binding is new. */
    public void bind(Binding binding, long connection, Reply<Boolean> reply) {
        broker.controller(controller -> controller.exchanges().bind(binding, connection, returning(reply)));
    }

    /** The reply says whether there was such a binding. */
    public void unbind(Binding binding, long connection, Reply<Boolean> reply) {
        broker.controller(controller -> controller.exchanges().unbind(binding, connection, returning(reply)));
    }

    // Queues.

    /** Makes the queue, or finds that it is there and the same. */
    public void declareQueue(QueueSpec spec, long connection, Reply<QueueStatus> reply) {
        broker.controller(controller -> controller.queues().declareQueue(spec, connection, shard, returning(reply)));
    }

    /** Makes the queue, and refuses if there is one of that name, also if it is the same. */
    public void createQueue(QueueSpec spec, long connection, Reply<QueueStatus> reply) {
        broker.controller(controller -> controller.queues().createQueue(spec, connection, shard, returning(reply)));
    }

    /** Finds out whether the queue is there and how much is in it. */
    public void checkQueue(String name, long connection, Reply<QueueStatus> reply) {
        onQueue(name, connection, reply, queue -> Outcome.done(queue.status()));
    }

    /** The reply says how many ready records went with the queue. */
    public void deleteQueue(String name, boolean ifUnused, boolean ifEmpty, long connection, Reply<Long> reply) {
        broker.controller(
                controller -> controller.queues().deleteQueue(name, ifUnused, ifEmpty, connection, returning(reply)));
    }

    /** Lets a subscription that has no consumer begin anew at this place of its topic, whatever it has settled. */
    public void seek(String subscription, StartPosition start, long connection, Reply<Boolean> reply) {
        broker.controller(controller -> controller.queues().seek(subscription, start, connection, returning(reply)));
    }

    /**
     * Gives a queue other settings, at once and also across restarts. The reply says what they are then.
     *
     * @param change from the present settings to others, of which only those with {@link QueueProperty.Change#AT_ANY_TIME} may differ; runs on another shard, and throws {@link IllegalArgumentException} to refuse
     */
    public void changeSettings(
            String queue, UnaryOperator<QueueSettings> change, long connection, Reply<QueueSettings> reply) {
        broker.controller(
                controller -> controller.queueChanges().changeSettings(queue, change, connection, returning(reply)));
    }

    /**
     * Gives a topic more partitions, so that there are {@code count}, which is the reply. Whoever reads the topic reads them from their beginning.
     *
     * @param change as for {@link #changeSettings}; takes effect together with the partitions
     */
    public void addPartitions(
            String topic, int count, UnaryOperator<QueueSettings> change, long connection, Reply<Integer> reply) {
        broker.controller(controller ->
                controller.queueChanges().addPartitions(topic, count, change, connection, returning(reply)));
    }

    /**
     * Gives up the records of a topic's partition below an offset, for all who read it, also across restarts. The reply says where the partition begins then.
     *
     * @param below at most where what is durable ends; {@link #ALL_RECORDS} for just that
     */
    public void deleteRecords(String topic, int partition, long below, long connection, Reply<Long> reply) {
        broker.controller(controller ->
                controller.queueChanges().deleteRecords(topic, partition, below, connection, returning(reply)));
    }

    /** Drops all that is ready; the reply says how many records that was. */
    public void purgeQueue(String name, long connection, Reply<Long> reply) {
        onQueue(
                name,
                connection,
                reply,
                queue -> queue.lanes().length == 0
                        ? Outcome.refused(
                                Refusal.Reason.INVALID, name, "a topic is not purged: its limits say what it keeps")
                        : Outcome.done(queue.purge()));
    }

    /** What is in the queue and what happened to its records since the start. */
    public void queueStatistics(String name, long connection, Reply<QueueStatistics> reply) {
        onQueue(name, connection, reply, queue -> Outcome.done(queue.statistics()));
    }

    // Topics, and queues as such.

    /** All that are not of one connection, and have records of their own. */
    public List<TopicHandle> topics() {
        var topics = new ArrayList<TopicHandle>();
        for (Queue queue : topology.queues()) {
            if (isStream(queue)) {
                topics.add(new TopicHandle(this, queue));
            }
        }
        return topics;
    }

    /** The one of that name; null if there is none. */
    public @Nullable TopicHandle topic(String name) {
        Queue queue = topology.queue(name);
        return queue != null && isStream(queue) ? new TopicHandle(this, queue) : null;
    }

    /** The one with that {@linkplain TopicHandle#id id}; null if there is none. */
    public @Nullable TopicHandle topic(long id) {
        Queue queue = topology.queueWithId(id);
        return queue != null && isStream(queue) ? new TopicHandle(this, queue) : null;
    }

    private static boolean isStream(Queue queue) {
        return !queue.spec().exclusive() && queue.spec().topic() == null;
    }

    // Publishing.

    /** Whether publishers are to wait. */
    public PublishGate publishGate() {
        return gate;
    }

    /** For a publisher that is new on this shard; the user's share is that of all its publishers on the node. */
    public PublisherCredit publisherCredit(String user, long nowNs) {
        return broker.publisherCredit(gate, user, nowNs);
    }

    /** Grows with every change that may change a route. */
    public long topologyVersion() {
        return topology.version();
    }

    /**
     * Where a message goes.
     *
     * @param headers what a headers exchange matches; asked for only by one; null when the message has none
     */
    public Route route(String exchange, String routingKey, @Nullable Supplier<Map<String, Object>> headers) {
        return router.route(exchange, routingKey, headers);
    }

    /** As {@link #route}, for a message whose headers are not known yet; null if the exchange asks for them. */
    public @Nullable Route routeByKey(String exchange, String routingKey) {
        return router.routeByKey(exchange, routingKey);
    }

    /**
     * Puts a record into every queue of the route. Copies the bytes from reader index to writer index of each buffer and releases nothing.
     *
     * @param attributes what is stored of them has to be in {@code headers} already, as the first header
     * @param headers a headers section as {@link dev.sluice.log.RecordHeaders} writes it
     * @param confirm when the sink is told
     * @param sink is told once per queue of the route; null for a publisher that does not want to know
     */
    public void publish(
            Route route,
            RecordAttributes attributes,
            @Nullable ByteBuf key,
            ByteBuf value,
            ByteBuf headers,
            ConfirmWhen confirm,
            @Nullable ConfirmSink sink,
            long sequence) {
        for (Inlet inlet : route.inlets()) {
            inlet.partition(attributes.priority(), key).append(key, value, headers, confirm, sink, sequence);
        }
    }

    /** Begins to gather what is to happen together or not at all. */
    public ShardTransaction beginTransaction() {
        return new ShardTransaction(this, broker.transactions(), moveLog.mostGroupBytes());
    }

    // Consuming.

    /** The reply comes before the first delivery. */
    public void subscribe(String queue, ConsumerSpec spec, DeliverySink sink, long connection, Reply<Consumer> reply) {
        Queue found = find(queue, connection, reply);
        if (found == null) {
            return;
        }
        if (found.home() == this) {
            found.consumers().subscribe(spec, sink, this, reply);
        } else {
            send(found.home(), () -> found.consumers().subscribe(spec, sink, this, returning(reply)));
        }
    }

    /** Somebody who takes records one at a time with {@link Consumer#get} and does not count as a consumer. */
    public void openGetter(String queue, long connection, Reply<Consumer> reply) {
        Queue found = find(queue, connection, reply);
        if (found != null && found.lanes().length == 0) {
            reply.on(Outcome.refused(
                    Refusal.Reason.INVALID, queue, "a topic whose readers do not compete is not read by get"));
        } else if (found != null) {
            var spec = new ConsumerSpec(false, false, 0, null);
            reply.on(Outcome.done(new Consumer(found, this, spec, NoDeliveries.INSTANCE, false)));
        }
    }

    // What the broker's own classes use.

    /** Warns of a queue that has limits. */
    QueueWatch watch(String queue, QueueSettings.Overflow overflow) {
        return broker.watch(queue, overflow);
    }

    Topology topology() {
        return topology;
    }

    CursorLog cursorLog() {
        return cursorLog;
    }

    MoveLog moveLog() {
        return moveLog;
    }

    IdLog idLog() {
        return idLog;
    }

    StoryLog storyLog() {
        return storyLog;
    }

    Commits commits() {
        return commits;
    }

    /** Where a dead letter goes; nowhere if there is no such exchange. */
    Route deadLetterRoute(String exchange, String routingKey, Supplier<Map<String, Object>> headers) {
        return router.deadLetterRoute(exchange, routingKey, headers);
    }

    /** For what must not be the same everywhere; not for secrets. */
    RandomGenerator random() {
        return random;
    }

    /** Wall clock of this turn in milliseconds, read once. */
    long turnTimeMs() {
        scheduleEndOfTurn();
        return turnTimeMs;
    }

    RecordBatchBuilder takeBuilder() {
        RecordBatchBuilder builder = builders.pollFirst();
        return builder == null ? new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT) : builder;
    }

    void giveBack(RecordBatchBuilder builder) {
        builders.addFirst(builder);
    }

    void flushAtEndOfTurn(InletPartition inlet) {
        dirtyInlets.add(inlet);
        scheduleEndOfTurn();
    }

    /** After a start: records may have expired meanwhile, or do so without anybody coming for them. */
    void lookAtHeads() {
        for (Queue queue : topology.queues()) {
            if (queue.home() == this && queue.isOpen()) {
                queue.wake();
            }
        }
    }

    void serveAtEndOfTurn(Queue queue) {
        if (!queue.dirty) {
            queue.dirty = true;
            dirtyQueues.add(queue);
            scheduleEndOfTurn();
        }
    }

    private void scheduleEndOfTurn() {
        if (!endOfTurnScheduled) {
            endOfTurnScheduled = true;
            turnTimeMs = shard.nowMs();
            shard.execute(endOfTurn);
        }
    }

    void endTurn() {
        turnTimeMs = shard.nowMs();
        gate.check();
        // Ahead of what was published in this turn: whose confirm then speaks for the acknowledgements before it too.
        long movedBelow = moveLog.doneBelow();
        idLog.write();
        cursorLog.write(dirtyQueues);
        moveLog.trimAfter(movedBelow, cursorLog);
        flushInlets();
        List<Queue> served = dirtyQueues;
        dirtyQueues = new ArrayList<>();
        for (Queue queue : served) {
            queue.dirty = false;
            queue.serve();
        }
        cursorLog.write(served);
        storyLog.write();
        endOfTurnScheduled = false;
        if (!dirtyQueues.isEmpty() || !dirtyInlets.isEmpty()) {
            scheduleEndOfTurn();
        }
        sendOutgoing();
    }

    /** Hands over what was published in this turn so far. */
    void flushInlets() {
        if (dirtyInlets.isEmpty()) {
            return;
        }
        List<InletPartition> inlets = dirtyInlets;
        dirtyInlets = new ArrayList<>();
        for (InletPartition inlet : inlets) {
            inlet.flush();
        }
    }

    /** Runs {@code command} on {@code target} at the end of this turn, after what was sent there before; at once if that is this shard. */
    void send(BrokerShard target, Runnable command) {
        if (target == this) {
            command.run();
            return;
        }
        outgoing.get(target.shard.index()).add(command);
        anythingOutgoing = true;
        scheduleEndOfTurn();
    }

    /** Called on {@code from}: runs {@code command} here. */
    void answer(BrokerShard from, Runnable command) {
        from.send(this, command);
    }

    private void sendOutgoing() {
        if (!anythingOutgoing) {
            return;
        }
        anythingOutgoing = false;
        for (int i = 0; i < outgoing.size(); i++) {
            List<Runnable> commands = outgoing.get(i);
            if (!commands.isEmpty()) {
                outgoing.set(i, new ArrayList<>());
                broker.shards().at(i).execute(() -> commands.forEach(Runnable::run));
            }
        }
    }

    /** The queue's last consumer is gone, or nobody used it for its time: it goes too, unless somebody comes first. */
    void deleteUnused(Queue queue) {
        broker.controller(controller -> controller.queues().deleteUnused(queue));
    }

    /** Closes the logs of this shard. */
    CompletableFuture<Void> stop() {
        var closed = new ArrayList<CompletableFuture<Void>>();
        var written = new CompletableFuture<Void>();
        cursorLog.whenEverythingIsDurable(() -> written.complete(null));
        closed.add(written.thenCompose(durable -> close(cursorLog.log().log())));
        for (Queue queue : topology.queues()) {
            if (queue.home() == this && queue.isOpen() && !queue.isDeleted()) {
                queue.noteProducers();
            }
        }
        var noted = new CompletableFuture<Void>();
        idLog.log().whenEverythingIsDurable(() -> noted.complete(null));
        closed.add(noted.thenCompose(durable -> close(idLog.log().log())));
        storyLog.stop();
        closed.add(close(storyLog.log()));
        moveLog.stop();
        closed.add(close(moveLog.log()));
        for (Queue queue : topology.queues()) {
            if (queue.home() == this && queue.isOpen()) {
                queue.stop();
                for (Partition partition : queue.partitions()) {
                    closed.add(close(partition.log()));
                }
            }
        }
        return CompletableFuture.allOf(closed.toArray(CompletableFuture[]::new));
    }

    private static CompletableFuture<Void> close(PartitionLog log) {
        var closed = new CompletableFuture<Void>();
        log.close(() -> closed.complete(null));
        return closed;
    }

    /** A reply that may be called on any shard and arrives here. */
    private <T> Reply<T> returning(Reply<T> reply) {
        return outcome -> {
            if (shard.isOwner()) {
                reply.on(outcome);
            } else {
                shard.execute(() -> reply.on(outcome));
            }
        };
    }

    private <T> void onQueue(String name, long connection, Reply<T> reply, Function<Queue, Outcome<T>> action) {
        Queue queue = find(name, connection, reply);
        if (queue == null) {
            return;
        }
        flushInlets();
        if (queue.home() == this) {
            reply.on(action.apply(queue));
            return;
        }
        Reply<T> returning = returning(reply);
        send(
                queue.home(),
                () -> returning.on(
                        queue.isDeleted()
                                ? Outcome.refused(Refusal.Reason.QUEUE_NOT_FOUND, name)
                                : action.apply(queue)));
    }

    private <T> @Nullable Queue find(String name, long connection, Reply<T> reply) {
        Queue queue = topology.queue(name);
        if (queue == null) {
            reply.on(Outcome.refused(Refusal.Reason.QUEUE_NOT_FOUND, name));
            return null;
        }
        if (queue.isLockedFor(connection)) {
            reply.on(Outcome.refused(Refusal.Reason.QUEUE_LOCKED, name));
            return null;
        }
        Refusal unavailable = queue.unavailable();
        if (unavailable != null) {
            reply.on(new Outcome.Refused<>(unavailable));
            return null;
        }
        return queue;
    }
}
