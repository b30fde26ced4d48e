package dev.sluice.kafka.group;

import dev.sluice.broker.Broker;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.EventExecutorShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatus;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Shard;
import dev.sluice.broker.Shards;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocolCollection;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** A broker on two shards with a group coordinator. Owned by the test that opened it. */
final class GroupNode implements AutoCloseable {
    private static final long NO_CONNECTION = 0;
    private static final GroupSettings AT_ONCE = new GroupSettings(GroupSettings.DEFAULT.offsetsRetentionMinutes(), 0);

    private final Path folder;
    private final Storage storage;
    private final List<EventExecutor> threads = new ArrayList<>();
    private final Broker broker;
    private final GroupCoordinator coordinator;

    private GroupNode(Path folder) {
        this.folder = folder;
        storage = Storage.open(folder, StorageConfig.defaults());
        List<Shard> shards = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            var thread = new DefaultEventExecutor();
            threads.add(thread);
            shards.add(new EventExecutorShard(i, thread));
        }
        broker = Broker.start(storage, new Shards(shards)).join();
        coordinator = GroupCoordinator.open(broker, topic -> Optional.of(new Uuid(1, topic.id())), AT_ONCE);
    }

    static GroupNode open(Path folder) {
        return new GroupNode(folder);
    }

    /** Another one, which begins with what is on the disk now, as after a power cut. */
    GroupNode crashed(Path target) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Path copy = target.resolve(folder.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else if (Files.isRegularFile(file) && !file.endsWith("lock")) {
                    Files.copy(file, copy);
                }
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return new GroupNode(target);
    }

    Broker broker() {
        return broker;
    }

    GroupRequests groups() {
        return coordinator.requests();
    }

    void declareTopic(String name, int partitions) {
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.QUEUE_TYPE, "topic")
                .with(QueueProperty.PARTITIONS, partitions);
        this.<QueueStatus>ask((on, reply) ->
                on.declareQueue(new QueueSpec(name, true, false, false, settings), NO_CONNECTION, reply));
    }

    void deleteTopic(String name) {
        this.<Long>ask((on, reply) -> on.deleteQueue(name, false, false, NO_CONNECTION, reply));
    }

    /** Waits until it is stored. */
    void publish(String topic, String text) {
        RecordBatchBuilder batch = new RecordBatchBuilder(UnpooledByteBufAllocator.DEFAULT);
        batch.append(1, null, Unpooled.copiedBuffer(text, StandardCharsets.UTF_8), RecordHeaders.EMPTY);
        this.<Long>ask((on, reply) -> Objects.requireNonNull(on.topic(topic))
                .partition(0)
                .append(batch.build(), 1, new PartitionStream.AppendReply() {
                    @Override
                    public void appended(long baseOffset, long startOffset) {
                        reply.on(Outcome.done(baseOffset));
                    }

                    @Override
                    public void refused(Refusal refusal) {
                        reply.on(new Outcome.Refused<>(refusal));
                    }
                }));
    }

    <T> T ask(BiConsumer<BrokerShard, Outcome.Reply<T>> question) {
        var answer = new CompletableFuture<T>();
        Shard shard = broker.shards().at(1);
        shard.execute(() -> question.accept(broker.on(shard), outcome -> {
            switch (outcome) {
                case Outcome.Done<T>(T value) -> answer.complete(value);
                case Outcome.Refused<T> refused ->
                    answer.completeExceptionally(
                            new AssertionError(refused.refusal().toString()));
            }
        }));
        return answer.join();
    }

    // What clients ask.

    static Caller caller(ApiKeys key) {
        return new Caller(key.id, key.latestVersion(), "client", InetAddress.getLoopbackAddress());
    }

    static JoinGroupRequestData join(String group, String member) {
        var protocols = new JoinGroupRequestProtocolCollection();
        protocols.add(
                new JoinGroupRequestProtocol().setName("range").setMetadata(new byte[] {0, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
        return new JoinGroupRequestData()
                .setGroupId(group)
                .setMemberId(member)
                .setProtocolType("consumer")
                .setSessionTimeoutMs(10_000)
                .setRebalanceTimeoutMs(10_000)
                .setProtocols(protocols);
    }

    /** Of somebody who is in no group, as the administration does. */
    Errors commit(String group, String topic, long offset) {
        return commit(group, topic, offset, "", -1);
    }

    Errors commit(String group, String topic, long offset, String member, int generation) {
        var partition = new OffsetCommitRequestPartition().setPartitionIndex(0).setCommittedOffset(offset);
        var request = new OffsetCommitRequestData()
                .setGroupId(group)
                .setMemberId(member)
                .setGenerationIdOrMemberEpoch(generation)
                .setTopics(List.of(new OffsetCommitRequestTopic().setName(topic).setPartitions(List.of(partition))));
        var answer = groups().commit(caller(ApiKeys.OFFSET_COMMIT), request).join();
        return Errors.forCode(answer.topics().getFirst().partitions().getFirst().errorCode());
    }

    /** -1 if there is none. */
    long committed(String group, String topic) {
        var request = new OffsetFetchRequestGroup()
                .setGroupId(group)
                .setTopics(List.of(new OffsetFetchRequestTopics().setName(topic).setPartitionIndexes(List.of(0))));
        var answer = groups().fetch(caller(ApiKeys.OFFSET_FETCH), request, true).join();
        Errors error = Errors.forCode(answer.errorCode());
        if (error != Errors.NONE) {
            throw error.exception();
        }
        return answer.topics().getFirst().partitions().getFirst().committedOffset();
    }

    @Override
    public void close() {
        coordinator.close();
        broker.stop().join();
        threads.forEach(
                thread -> thread.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly());
        storage.close();
    }
}
