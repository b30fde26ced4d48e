package dev.sluice.kafka;

import dev.sluice.broker.Broker;
import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatus;
import dev.sluice.broker.Shard;
import dev.sluice.kafka.group.GroupSettings;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import dev.sluice.net.Connections;
import dev.sluice.net.EventLoops;
import dev.sluice.net.Listener;
import dev.sluice.net.NetSettings;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** A broker with its Kafka gateway on a free port of this machine. Owned by the test that opened it. */
@SuppressWarnings("try") // closing blocks, and a test may be interrupted
final class RunningKafka implements AutoCloseable {
    private static final int SHARDS = 2;
    private static final int STOP_TIMEOUT_MS = 5_000;
    private static final int MAX_BATCH_BYTES = 100_000;
    private static final long NO_CONNECTION = 0;

    private final Storage storage;
    private final EventLoops loops;
    private final Broker broker;
    private final Connections connections;
    private final KafkaGateway gateway;
    private final Listener listener;

    RunningKafka(Path folder) throws Exception {
        this(folder, BrokerLimits.defaults());
    }

    RunningKafka(Path folder, BrokerLimits limits) throws Exception {
        this(Storage.open(folder, StorageConfig.small()), limits, KafkaSettings.DEFAULT);
    }

    /** Takes over the storage. */
    RunningKafka(Storage storage, BrokerLimits limits, KafkaSettings settings) throws Exception {
        var net =
                new NetSettings(SHARDS, NetSettings.DEFAULT_MAX_CONNECTIONS, NetSettings.DEFAULT_HANDSHAKE_TIMEOUT_MS);
        this.storage = storage;
        loops = EventLoops.open(SHARDS);
        broker = Broker.start(storage, loops.shards(), limits).get(10, TimeUnit.SECONDS);
        connections = new Connections(net.maxConnections());
        gateway = new KafkaGateway(
                broker,
                settings.withMaxBatchBytes(MAX_BATCH_BYTES)
                        .withGroups(new GroupSettings(GroupSettings.DEFAULT.offsetsRetentionMinutes(), 0)));
        listener = Listener.open(loops, connections, net, "127.0.0.1", 0, gateway);
    }

    int port() {
        return listener.address().getPort();
    }

    RequestTable requests() {
        return gateway.requests();
    }

    String clusterId() {
        return broker.clusterId();
    }

    RawClient connect() throws Exception {
        return new RawClient(port());
    }

    /** Declares it as another protocol would. */
    void declare(String name, QueueSettings settings) {
        declare(new QueueSpec(name, true, false, false, settings));
    }

    /** One whose records stay in memory. */
    void declareTransient(String name) {
        declare(new QueueSpec(name, false, false, false, QueueSettings.DEFAULT));
    }

    private void declare(QueueSpec spec) {
        this.<QueueStatus>ask((on, reply) -> on.declareQueue(spec, NO_CONNECTION, reply));
    }

    /** Asks the broker itself, and waits for the answer. */
    <T> T ask(BiConsumer<BrokerShard, Outcome.Reply<T>> question) {
        var answer = new CompletableFuture<T>();
        Shard first = broker.shards().at(0);
        first.execute(() -> question.accept(broker.on(first), outcome -> {
            switch (outcome) {
                case Outcome.Done<T>(T value) -> answer.complete(value);
                case Outcome.Refused<T> refused ->
                    answer.completeExceptionally(new IllegalStateException(refused.toString()));
            }
        }));
        return answer.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() throws Exception {
        listener.close();
        gateway.close();
        connections.close(STOP_TIMEOUT_MS);
        broker.stop().get(10, TimeUnit.SECONDS);
        loops.close();
        storage.close();
    }
}
