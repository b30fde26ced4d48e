package dev.sluice.broker;

import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A broker inside the application's own process, without any network: the same queues, exchanges and durability. Thread-safe. Methods that change the topology block for about one write to the disk; publishing does not, unless
 * {@value #IN_FLIGHT_BYTES} bytes wait to become durable, or the process is getting short of memory or disk: then each publish waits a little, the longer the shorter it is. What is published to a queue that is full, and whose owner
 * wants publishers to wait, becomes durable when there is room; {@value EmbeddedLines#MOST_BYTES} bytes wait there before publishing more to it blocks.
 *
 * <pre>{@code
 * try (var broker = EmbeddedBroker.open(Path.of("data"))) {
 *     broker.declareQueue("jobs");
 *     broker.publish("jobs", Message.of("resize cat.png")).join(); // durable from here on
 *     try (var subscription = broker.consume("jobs", 10, delivery -> {
 *         work(delivery.message().text());
 *         delivery.ack();
 *     })) {
 *         waitForTheEnd();
 *     }
 * }
 * }</pre>
 */
public final class EmbeddedBroker implements AutoCloseable {
    /** Bytes published and not yet stored; more publishers wait. */
    public static final int IN_FLIGHT_BYTES = 64 << 20;

    /** Stands for the room that any message takes besides its body. */
    private static final int MESSAGE_BYTES = 256;

    /** Topology operations of this API come from nobody's connection. */
    private static final long NO_CONNECTION = 0;

    private final Storage storage;
    private final EventExecutor thread;
    private final Shard shard;
    private final Broker broker;
    private final Semaphore inFlight = new Semaphore(IN_FLIGHT_BYTES);
    private final EmbeddedPace pace;
    private final EmbeddedLines lines;

    private EmbeddedBroker(Storage storage, EventExecutor thread, Shard shard, Broker broker) {
        this.storage = storage;
        this.thread = thread;
        this.shard = shard;
        this.broker = broker;
        this.pace = new EmbeddedPace(broker.pressure());
        this.lines = new EmbeddedLines(shard, this::publishHere);
    }

    /**
     * Opens the folder, or makes it, and recovers what is in it.
     *
     * @throws dev.sluice.log.StorageException if another process has it, or it is damaged; the message says what helps
     */
    public static EmbeddedBroker open(Path folder) {
        return open(folder, BrokerLimits.defaults());
    }

    /** As {@link #open(Path)}, with other limits; {@link BrokerLimits#rates} are for connections and do not concern this API. */
    public static EmbeddedBroker open(Path folder, BrokerLimits limits) {
        return open(folder, limits, executor -> new EventExecutorShard(0, executor));
    }

    /** As {@link #open(Path, BrokerLimits)}, with a shard on an executor of this class's. */
    static EmbeddedBroker open(Path folder, BrokerLimits limits, Function<EventExecutor, Shard> shardOn) {
        Storage storage = Storage.open(folder, StorageConfig.defaults());
        EventExecutor thread = new DefaultEventExecutor(new DefaultThreadFactory("sluice-shard", true));
        try {
            Shard shard = shardOn.apply(thread);
            Broker broker = join(Broker.start(storage, new Shards(List.of(shard)), limits));
            return new EmbeddedBroker(storage, thread, shard, broker);
        } catch (RuntimeException failed) {
            var _ = thread.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            storage.close();
            throw failed;
        }
    }

    /** Makes a durable queue with default settings, or finds it there. */
    public void declareQueue(String name) {
        declareQueue(new QueueSpec(name, true, false, false, QueueSettings.DEFAULT));
    }

    /**
     * Makes the queue, or finds it there.
     *
     * @throws BrokerException if there is another queue of that name
     */
    public QueueStatus declareQueue(QueueSpec spec) {
        return ask((on, reply) -> on.declareQueue(spec, NO_CONNECTION, reply));
    }

    /**
     * Makes a durable topic, or finds it there: records stay in it, each stored once, for all subscriptions that read it. Published to as a queue of that name; bound to exchanges as one.
     *
     * @param partitions records with the same key are in the same one, in order; at least 1
     * @throws BrokerException if there is another queue or topic of that name
     */
    public void declareTopic(String name, int partitions) {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.QUEUE_TYPE, QueueSpec.TOPIC)
                .with(QueueProperty.PARTITIONS, partitions);
        declareQueue(new QueueSpec(name, true, false, false, settings));
    }

    /**
     * Makes a durable subscription of a topic, or finds it there: a queue of that name, from which each record of the topic goes to one of its consumers.
     *
     * @param start where it begins, if it is new
     * @throws BrokerException if there is no such topic, or another queue of that name
     */
    public void declareSubscription(String topic, String name, StartPosition start) {
        QueueSettings settings =
                QueueSettings.DEFAULT.with(QueueProperty.TOPIC, topic).with(QueueProperty.START, start.text());
        declareQueue(new QueueSpec(name, true, false, false, settings));
    }

    /**
     * Lets a subscription begin anew at this place of its topic, whatever it has settled.
     *
     * @throws BrokerException if it has consumers, or there is none of that name
     */
    public void seek(String subscription, StartPosition start) {
        boolean _ = this.<Boolean>ask((on, reply) -> on.seek(subscription, start, NO_CONNECTION, reply));
    }

    /**
     * Gives a queue or topic other settings, at once and for good.
     *
     * @param change from the present settings to others, of which only those with {@link QueueProperty.Change#AT_ANY_TIME} may differ
     * @return what they are then
     * @throws BrokerException if they cannot be
     */
    public QueueSettings changeSettings(String queue, UnaryOperator<QueueSettings> change) {
        return ask((on, reply) -> on.changeSettings(queue, change, NO_CONNECTION, reply));
    }

    /** Gives a topic more partitions, so that there are {@code count}. Whoever reads it reads them from their beginning; the records of a key go on in another partition, perhaps. */
    public void addPartitions(String topic, int count) {
        int _ = this.<Integer>ask(
                (on, reply) -> on.addPartitions(topic, count, UnaryOperator.identity(), NO_CONNECTION, reply));
    }

    /**
     * Gives up the records of a topic's partition below an offset, for all who read it.
     *
     * @param below at most where what is durable ends; {@link BrokerShard#ALL_RECORDS} for just that
     * @return where the partition begins then
     */
    public long deleteRecords(String topic, int partition, long below) {
        return this.<Long>ask((on, reply) -> on.deleteRecords(topic, partition, below, NO_CONNECTION, reply));
    }

    /** Makes a durable exchange, or finds it there. */
    public void declareExchange(String name, ExchangeType type) {
        ExchangeSpec spec = new ExchangeSpec(name, type, true, false, false, null);
        ExchangeSpec _ = ask((on, reply) -> on.declareExchange(spec, reply));
    }

    /** Lets what is published to the exchange, and matches the key, reach the queue. */
    public void bind(String exchange, String queue, String key) {
        var binding = new Binding(exchange, new Binding.Destination.ToQueue(queue), key, Map.of());
        boolean _ = this.<Boolean>ask((on, reply) -> on.bind(binding, NO_CONNECTION, reply));
    }

    /** Returns how many ready records went with the queue. */
    public long deleteQueue(String name) {
        return this.<Long>ask((on, reply) -> on.deleteQueue(name, false, false, NO_CONNECTION, reply));
    }

    /** Drops all that is ready and returns how many records that was. */
    public long purgeQueue(String name) {
        return this.<Long>ask((on, reply) -> on.purgeQueue(name, NO_CONNECTION, reply));
    }

    /** How short the process is of memory and disk, as of the last second. */
    public NodeStatus status() {
        return broker.status();
    }

    /** What is in the queue and what happened to its records since the broker was opened. */
    public QueueStatistics statistics(String queue) {
        return ask((on, reply) -> on.queueStatistics(queue, NO_CONNECTION, reply));
    }

    /** What operators do with queues. */
    public QueueTools tools() {
        return broker.tools();
    }

    /** Publishes to the queue itself. */
    public CompletableFuture<Integer> publish(String queue, Message message) {
        return publish("", queue, message);
    }

    /**
     * Publishes to an exchange. The future completes with the number of queues that have the message, once it is as safe in each as the queue is durable; 0 means that no binding matched. It fails with {@link BrokerException} if a
     * queue did not take it, or if memory or disk are too short for publishers ({@link Refusal.Reason#OVERLOADED}, with the time after which to try again, if that is known); consumers go on then.
     */
    public CompletableFuture<Integer> publish(String exchange, String routingKey, Message message) {
        Refusal overloaded = pace.await(message.body().length);
        if (overloaded != null) {
            return CompletableFuture.failedFuture(new BrokerException(overloaded));
        }
        var to = new EmbeddedLines.Destination(exchange, routingKey);
        lines.await(to);
        int bytes = inFlightBytes(message);
        inFlight.acquireUninterruptibly(bytes);
        var published = new Publication(() -> inFlight.release(bytes));
        shard.execute(() -> publishHere(new EmbeddedLines.Waiting(to, message, published), null));
        return published.future();
    }

    /** What the message takes of {@link #IN_FLIGHT_BYTES}. */
    static int inFlightBytes(Message message) {
        return Math.min(IN_FLIGHT_BYTES, MESSAGE_BYTES + message.body().length);
    }

    /** {@code from}: the line in which the message has waited. */
    private void publishHere(EmbeddedLines.Waiting waiting, EmbeddedLines.@Nullable Line from) {
        String exchange = waiting.to().exchange();
        String routingKey = waiting.to().routingKey();
        Message message = waiting.message();
        Publication published = waiting.publication();
        try {
            BrokerShard on = broker.on(shard);
            Route route = on.route(exchange, routingKey, () -> Map.copyOf(message.headers()));
            Refusal refusal = route.refusal();
            if (refusal != null) {
                published.refused(0, 0, refusal);
                return;
            }
            EmbeddedLines.Line line = route.hasGates() ? lines.lineFor(route, from) : null;
            if (line != null) {
                line.add(waiting);
                return;
            }
            published.expect(route.queueCount());
            byte[] key = message.key();
            ByteBuf headers = RecordCodec.headers(exchange, routingKey, message);
            ByteBuf body = Unpooled.wrappedBuffer(message.body());
            on.publish(
                    route,
                    message.attributes(),
                    key == null ? null : Unpooled.wrappedBuffer(key),
                    body,
                    headers,
                    ConfirmWhen.STORED,
                    published,
                    0);
        } catch (RuntimeException failed) {
            published.failed(failed);
        }
    }

    /** What its shard sees. */
    BrokerShard view() {
        return broker.on(shard);
    }

    /** Begins to gather what is to happen together or not at all. */
    public Transaction beginTransaction() {
        return new Transaction(view(), pace, inFlight);
    }

    /**
     * Begins to consume.
     *
     * @param prefetch how many deliveries may be unsettled, at least 1
     */
    public Subscription consume(String queue, int prefetch, java.util.function.Consumer<Delivery> handler) {
        return consume(queue, prefetch, 0, handler);
    }

    /**
     * Begins to consume.
     *
     * @param prefetch how many deliveries may be unsettled, at least 1
     * @param priority any number; consumers with a higher one are served first as long as they can take a delivery
     */
    public Subscription consume(
            String queue, int prefetch, int priority, java.util.function.Consumer<Delivery> handler) {
        return consume(queue, new ConsumerSpec(false, false, prefetch, null).withPriority(priority), handler);
    }

    /**
     * Begins to read a topic, for this subscription alone: what it settles makes no difference to others, and it is forgotten when it is closed. For one that is remembered see {@link #declareSubscription}.
     *
     * @param prefetch how many deliveries may be unsettled, at least 1
     */
    public Subscription read(
            String topic, StartPosition start, int prefetch, java.util.function.Consumer<Delivery> handler) {
        return consume(topic, new ConsumerSpec(false, false, prefetch, null).withStart(start), handler);
    }

    private Subscription consume(String queue, ConsumerSpec spec, java.util.function.Consumer<Delivery> handler) {
        if (spec.prefetch() < 1) {
            throw new IllegalArgumentException("prefetch is " + spec.prefetch() + ", at least 1 is needed");
        }
        var subscription = new Subscription(shard, handler);
        Consumer consumer = ask((on, reply) -> on.subscribe(queue, spec, subscription, NO_CONNECTION, reply));
        subscription.begin(consumer);
        return subscription;
    }

    /** Writes everything down and lets the folder go. Subscriptions are to be closed before. */
    @Override
    public void close() {
        shard.execute(lines::close);
        join(broker.stop());
        thread.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        storage.close();
    }

    private interface Question<T> {
        void ask(BrokerShard on, Outcome.Reply<T> reply);
    }

    private <T> T ask(Question<T> question) {
        var answer = new CompletableFuture<T>();
        shard.execute(() -> question.ask(broker.on(shard), outcome -> {
            switch (outcome) {
                case Outcome.Done<T>(T value) -> answer.complete(value);
                case Outcome.Refused<T>(Refusal refusal) -> answer.completeExceptionally(new BrokerException(refusal));
            }
        }));
        return join(answer);
    }

    private static <T> T join(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
        }
    }
}
