package dev.sluice.broker;

import dev.sluice.broker.Outcome.Reply;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** A broker on several shards, each with a thread of its own. Owned by the test that opened it. */
final class ShardedBroker implements AutoCloseable {
    /** Topology operations come from nobody's connection. */
    static final long NO_CONNECTION = 0;

    private final Storage storage;
    private final List<EventExecutor> threads = new ArrayList<>();
    private final Broker broker;

    private ShardedBroker(Path folder, int shardCount) {
        storage = Storage.open(folder, StorageConfig.defaults());
        List<Shard> shards = new ArrayList<>();
        for (int i = 0; i < shardCount; i++) {
            var thread = new DefaultEventExecutor();
            threads.add(thread);
            shards.add(new EventExecutorShard(i, thread));
        }
        broker = Broker.start(storage, new Shards(shards)).join();
    }

    static ShardedBroker open(Path folder, int shardCount) {
        return new ShardedBroker(folder, shardCount);
    }

    /** Asks on that shard, and waits for the answer. */
    <T> T ask(int shard, BiConsumer<BrokerShard, Reply<T>> question) {
        var answer = new CompletableFuture<T>();
        Shard its = broker.shards().at(shard);
        its.execute(() -> {
            try {
                question.accept(broker.on(its), outcome -> complete(answer, outcome));
            } catch (RuntimeException failed) {
                answer.completeExceptionally(failed);
            }
        });
        return answer.join();
    }

    private static <T> void complete(CompletableFuture<T> answer, Outcome<T> outcome) {
        switch (outcome) {
            case Outcome.Done<T>(T value) -> answer.complete(value);
            case Outcome.Refused<T>(Refusal refusal) -> answer.completeExceptionally(new BrokerException(refusal));
        }
    }

    /** Waits until it is stored. */
    void publish(int shard, String queue, String text) {
        var stored = new Publication(() -> {});
        Shard its = broker.shards().at(shard);
        its.execute(() -> publish(broker.on(its), queue, text, ConfirmWhen.STORED, stored));
        stored.future().join();
    }

    /** On the shard's thread. */
    static void publish(BrokerShard on, String queue, String text, ConfirmWhen when, Publication publication) {
        Route route = on.route("", queue, null);
        publication.expect(route.queueCount());
        on.publish(
                route,
                RecordAttributes.NONE,
                null,
                Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8)),
                RecordHeaders.EMPTY,
                when,
                publication,
                0);
    }

    QueueStatistics statistics(String queue) {
        return this.<QueueStatistics>ask(0, (on, reply) -> on.queueStatistics(queue, NO_CONNECTION, reply));
    }

    @Override
    public void close() {
        broker.stop().join();
        threads.forEach(
                thread -> thread.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly());
        storage.close();
    }
}
