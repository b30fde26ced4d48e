package dev.sluice.kafka;

import dev.sluice.broker.Broker;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import dev.sluice.net.Connections;
import dev.sluice.net.EventLoops;
import dev.sluice.net.Listener;
import dev.sluice.net.NetSettings;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;

/** A broker with its Kafka gateway on a free port of this machine. Owned by the test that opened it. */
@SuppressWarnings("try") // closing blocks, and a test may be interrupted
final class RunningGateway implements AutoCloseable {
    private static final int SHARDS = 2;
    private static final int STOP_TIMEOUT_MS = 5_000;

    private final Storage storage;
    private final EventLoops loops;
    private final Broker broker;
    private final Connections connections;
    private final Listener listener;

    RunningGateway(Path folder) throws Exception {
        this(folder, KafkaSettings.DEFAULT);
    }

    RunningGateway(Path folder, KafkaSettings settings) throws Exception {
        var net =
                new NetSettings(SHARDS, NetSettings.DEFAULT_MAX_CONNECTIONS, NetSettings.DEFAULT_HANDSHAKE_TIMEOUT_MS);
        storage = Storage.open(folder, StorageConfig.small());
        loops = EventLoops.open(SHARDS);
        broker = Broker.start(storage, loops.shards()).get(10, TimeUnit.SECONDS);
        connections = new Connections(net.maxConnections());
        listener = Listener.open(loops, connections, net, "127.0.0.1", 0, new KafkaGateway(broker, settings));
    }

    Broker broker() {
        return broker;
    }

    int port() {
        return listener.address().getPort();
    }

    /** What clients need to know. */
    Map<String, Object> address() {
        return Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, "127.0.0.1:" + port());
    }

    Admin admin() {
        return Admin.create(address());
    }

    @Override
    public void close() throws Exception {
        listener.close();
        connections.close(STOP_TIMEOUT_MS);
        broker.stop().get(10, TimeUnit.SECONDS);
        loops.close();
        storage.close();
    }
}
