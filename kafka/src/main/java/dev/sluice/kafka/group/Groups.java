package dev.sluice.kafka.group;

import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Shard;
import dev.sluice.broker.TopicHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.common.utils.internals.LogContext;
import org.apache.kafka.coordinator.common.runtime.CoordinatorLoader.LoadSummary;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRecord;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime.CoordinatorReadOperation;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime.CoordinatorWriteOperation;
import org.apache.kafka.coordinator.group.GroupCoordinatorRecordSerde;
import org.apache.kafka.coordinator.group.GroupCoordinatorShard;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka's coordinator over the topic that holds its state: begins with what is stored, hears of topics that come and go, and begins anew when something could not be stored after it had counted on it. Confined to the topic's owner, but for
 * {@link #write} and {@link #read}.
 */
final class Groups {
    /** Topics are looked through no more often than this. */
    static final int LOOK_MS = 100;

    /** Until the next try, when the topic could not be read. */
    static final int RELOAD_MS = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(Groups.class);

    private final BrokerShard broker;
    private final Shard shard;
    private final TopicHandle topic;
    private final Function<TopicHandle, Optional<Uuid>> ids;
    private final Runnable whenGone;
    private final OffsetsTopic offsets;
    private final ShardEvents events;
    private final ShardTimer timer;
    private final CoordinatorRuntime<GroupCoordinatorShard, CoordinatorRecord> runtime;
    private TopicsImage topics = new TopicsImage(0, List.of());
    private long topicsVersion = -1;
    private long lookedMs = Long.MIN_VALUE / 2;
    private Shard.@Nullable Timer look;
    private Shard.@Nullable Timer reload;
    private final CompletableFuture<Groups> loadedOnce = new CompletableFuture<>();
    private int epoch;
    private boolean closed;

    /** {@code whenGone}: runs once, when the topic was deleted. */
    Groups(
            BrokerShard broker,
            TopicHandle topic,
            Function<TopicHandle, Optional<Uuid>> ids,
            CoordinatorParts parts,
            Runnable whenGone) {
        this.broker = broker;
        this.shard = broker.shard();
        this.topic = topic;
        this.ids = ids;
        this.whenGone = whenGone;
        this.offsets = new OffsetsTopic(topic.partition(0), parts.log(), () -> shard.execute(this::reload));
        this.events = new ShardEvents(shard, this::lookAtTopics);
        this.timer = new ShardTimer(shard);
        this.runtime = runtime(parts);
    }

    private CoordinatorRuntime<GroupCoordinatorShard, CoordinatorRecord> runtime(CoordinatorParts parts) {
        return new CoordinatorRuntime.Builder<GroupCoordinatorShard, CoordinatorRecord>()
                .withLogPrefix("groups")
                .withLogContext(new LogContext("groups "))
                .withTime(new ShardTime(shard))
                .withTimer(timer)
                .withEventProcessor(events)
                .withPartitionWriter(offsets)
                .withLoader(new OffsetsLoad(shard, offsets, this::loaded))
                .withCoordinatorShardBuilderSupplier(
                        () -> new GroupCoordinatorShard.Builder(parts.config(), parts.groupConfigs())
                                .withAuthorizerPlugin(Optional.empty()))
                .withSerializer(new GroupCoordinatorRecordSerde())
                .withCompression(Compression.NONE)
                .withWriteTimeout(Duration.ofMillis(parts.config().offsetCommitTimeoutMs()))
                .withAppendLingerMs(parts.config().appendLingerMs())
                .withCachedBufferMaxBytesSupplier(parts.config()::cachedBufferMaxBytes)
                .withCoordinatorRuntimeMetrics(new NoMetrics())
                .withCoordinatorMetrics(parts.metrics())
                .withExecutorService(Executors.newVirtualThreadPerTaskExecutor())
                .build();
    }

    /** Changes something, and answers when that is durable. Any thread. */
    <T> CompletableFuture<T> write(
            String what, CoordinatorWriteOperation<GroupCoordinatorShard, T, CoordinatorRecord> operation) {
        return runtime.scheduleWriteOperation(what, OffsetsTopic.PARTITION, operation);
    }

    /** Asks for what is durable. Any thread. */
    <T> CompletableFuture<T> read(String what, CoordinatorReadOperation<GroupCoordinatorShard, T> operation) {
        return runtime.scheduleReadOperation(what, OffsetsTopic.PARTITION, operation);
    }

    // The state.

    /** Begins with what is stored. Completes when that was read once, or could not be: then requests are refused in a way that lets clients try again. */
    CompletableFuture<Groups> load() {
        lookAtTopics();
        epoch++;
        runtime.scheduleLoadOperation(OffsetsTopic.PARTITION, epoch);
        return loadedOnce;
    }

    private void loaded(@Nullable LoadSummary summary, @Nullable Throwable failure) {
        if (summary != null) {
            LOG.info(
                    "{} records of groups read in {} ms",
                    summary.numRecords(),
                    summary.endTimeMs() - summary.startTimeMs());
        } else if (!closed && reload == null) {
            LOG.warn("groups cannot be read, next try in {} ms: {}", RELOAD_MS, String.valueOf(failure));
            reload = shard.schedule(this::reload, RELOAD_MS);
        }
        shard.execute(() -> loadedOnce.complete(this)); // once the coordinator knows, too
    }

    /** Whoever waits for an answer gets one that lets it try again. */
    private void reload() {
        reload = null;
        if (closed) {
            return;
        }
        TopicHandle now = broker.topic(topic.name());
        if (now == null || now.id() != topic.id()) {
            LOG.warn("topic {} was deleted, and with it all groups", topic.name());
            close();
            whenGone.run();
            return;
        }
        runtime.scheduleUnloadOperation(OffsetsTopic.PARTITION, OptionalInt.empty());
        var _ = load();
    }

    // Topics.

    /** Before each thing that the coordinator does. */
    private void lookAtTopics() {
        if (broker.topologyVersion() == topicsVersion || look != null || closed) {
            return;
        }
        long waitMs = lookedMs + LOOK_MS - shard.nowMs();
        if (waitMs > 0) {
            look = shard.schedule(this::lookNow, waitMs);
        } else {
            lookNow();
        }
    }

    private void lookNow() {
        look = null;
        if (closed) {
            return;
        }
        topicsVersion = broker.topologyVersion();
        lookedMs = shard.nowMs();
        TopicsImage before = topics;
        topics = new TopicsImage(before.version() + 1, seenTopics());
        TopicsImage.Delta delta = topics.since(before);
        if (delta.changedTopicIds().isEmpty() && delta.deletedTopicIds().isEmpty()) {
            return;
        }
        runtime.onMetadataUpdate(delta, topics);
        List<GroupCoordinatorShard.DeletedTopic> deleted = delta.deletedTopicIds().stream()
                .map(id -> new GroupCoordinatorShard.DeletedTopic(
                        id, before.topicMetadata(id).orElseThrow().name()))
                .toList();
        if (!deleted.isEmpty()) {
            forget(deleted);
        }
    }

    private List<TopicsImage.Topic> seenTopics() {
        var seen = new ArrayList<TopicsImage.Topic>();
        for (TopicHandle handle : broker.topics()) {
            ids.apply(handle)
                    .ifPresent(id -> seen.add(new TopicsImage.Topic(handle.name(), id, handle.partitionCount())));
        }
        return seen;
    }

    /** Nobody goes on at an offset of a topic in another of the same name. */
    private void forget(List<GroupCoordinatorShard.DeletedTopic> deleted) {
        var _ = this.<Void>write("topics-deleted", coordinator -> coordinator.onTopicsDeleted(deleted))
                .exceptionally(failure -> {
                    LOG.warn("offsets of deleted topics are kept until they are too old: {}", failure.getMessage());
                    return null;
                });
    }

    /** As {@link #close}, from any thread. */
    void closeLater() {
        shard.execute(this::close);
    }

    /** Whoever waits is refused. */
    private void close() {
        if (closed) {
            return;
        }
        closed = true;
        events.runAll();
        if (look != null) {
            look.cancel();
        }
        if (reload != null) {
            reload.cancel();
        }
        Utils.closeQuietly(runtime, "group coordinator");
    }
}
