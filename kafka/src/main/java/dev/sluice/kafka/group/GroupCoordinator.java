package dev.sluice.kafka.group;

import dev.sluice.broker.Broker;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatus;
import dev.sluice.broker.Shard;
import dev.sluice.broker.TopicHandle;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka's group coordinator for this node, from the first request for a group on; where there are groups already, from the start on. Its state is in the topic {@code __consumer_offsets}. Thread-safe.
 */
public final class GroupCoordinator implements AutoCloseable {
    /** The topic that holds what is known of groups. */
    public static final String TOPIC = OffsetsTopic.PARTITION.topic();

    private static final Logger LOG = LoggerFactory.getLogger(GroupCoordinator.class);
    private static final long NO_CONNECTION = 0;

    private final Broker broker;
    private final Function<TopicHandle, Optional<Uuid>> ids;
    private final GroupSettings settings;
    private final AtomicReference<@Nullable CompletableFuture<Groups>> running = new AtomicReference<>();

    private GroupCoordinator(Broker broker, Function<TopicHandle, Optional<Uuid>> ids, GroupSettings settings) {
        this.broker = broker;
        this.ids = ids;
        this.settings = settings;
    }

    /** {@code ids}: by which clients know topics; empty for what they do not see. */
    public static GroupCoordinator open(
            Broker broker, Function<TopicHandle, Optional<Uuid>> ids, GroupSettings settings) {
        var coordinator = new GroupCoordinator(broker, ids, settings);
        Shard first = broker.shards().at(0);
        first.execute(() -> {
            if (broker.on(first).topic(TOPIC) != null) {
                var _ = coordinator.ready();
            }
        });
        return coordinator;
    }

    /** What clients may ask. */
    public GroupRequests requests() {
        return new GroupRequests(this);
    }

    /** Completes when requests for groups can be served or are refused in a way that lets clients try again soon. */
    CompletableFuture<Groups> ready() {
        CompletableFuture<Groups> now = running.get();
        if (now != null) {
            return now;
        }
        var starting = new CompletableFuture<Groups>();
        if (!running.compareAndSet(null, starting)) {
            return ready();
        }
        Thread.ofVirtual().name("sluice-groups-start").start(() -> start(starting));
        return starting;
    }

    private void start(CompletableFuture<Groups> starting) {
        try {
            CoordinatorParts parts = CoordinatorParts.of(settings);
            Shard first = broker.shards().at(0);
            first.execute(() -> declareTopic(starting, parts, broker.on(first)));
        } catch (RuntimeException bug) {
            fail(starting, bug.toString());
        }
    }

    private void declareTopic(CompletableFuture<Groups> starting, CoordinatorParts parts, BrokerShard on) {
        TopicHandle present = on.topic(TOPIC);
        if (present != null) {
            begin(starting, parts, present);
            return;
        }
        QueueSettings kept = QueueSettings.DEFAULT
                .with(QueueProperty.QUEUE_TYPE, "topic")
                .with(QueueProperty.PARTITIONS, 1)
                .with(QueueProperty.KEEP, "last-per-key");
        on.declareQueue(new QueueSpec(TOPIC, true, false, false, kept), NO_CONNECTION, outcome -> {
            TopicHandle made = on.topic(TOPIC);
            switch (outcome) {
                case Outcome.Done<QueueStatus> done when made != null -> begin(starting, parts, made);
                case Outcome.Done<QueueStatus> done -> fail(starting, "topic " + TOPIC + " was deleted");
                case Outcome.Refused<QueueStatus> refused ->
                    fail(
                            starting,
                            refused.refusal().reason() + " " + refused.refusal().detail());
            }
        });
    }

    private void begin(CompletableFuture<Groups> starting, CoordinatorParts parts, TopicHandle topic) {
        Shard owner = topic.owner();
        owner.execute(() -> {
            BrokerShard on = broker.on(owner);
            TopicHandle its = on.topic(TOPIC);
            if (its == null || its.unavailable() != null) {
                fail(starting, "topic " + TOPIC + " is not available");
                return;
            }
            try {
                var groups = new Groups(on, its, ids, parts, () -> running.compareAndSet(starting, null));
                var _ = groups.load().thenAccept(starting::complete);
            } catch (RuntimeException bug) {
                fail(starting, bug.toString());
            }
        });
    }

    /** The next request tries again. */
    private void fail(CompletableFuture<Groups> starting, String why) {
        LOG.error("groups are not available: {}", why);
        running.compareAndSet(starting, null);
        starting.completeExceptionally(new CoordinatorNotAvailableException(why));
    }

    /** Whoever waits for an answer is refused. Returns before that. */
    @Override
    public void close() {
        CompletableFuture<Groups> now = running.get();
        if (now != null) {
            var _ = now.thenAccept(Groups::closeLater);
        }
    }
}
