package dev.sluice.amqp;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import dev.sluice.broker.Broker;
import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.NodeStatus;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import dev.sluice.net.Connections;
import dev.sluice.net.EventLoops;
import dev.sluice.net.Listener;
import dev.sluice.net.NetSettings;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A broker with its AMQP gateway on a free port of this machine. Owned by the test that opened it. */
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
        this(folder, AmqpSettings.DEFAULT, NetSettings.DEFAULT_HANDSHAKE_TIMEOUT_MS);
    }

    RunningGateway(Path folder, BrokerLimits limits) throws Exception {
        this(folder, AmqpSettings.DEFAULT, NetSettings.DEFAULT_HANDSHAKE_TIMEOUT_MS, limits);
    }

    RunningGateway(Path folder, AmqpSettings settings, int handshakeTimeoutMs) throws Exception {
        this(folder, settings, handshakeTimeoutMs, BrokerLimits.defaults());
    }

    private RunningGateway(Path folder, AmqpSettings settings, int handshakeTimeoutMs, BrokerLimits limits)
            throws Exception {
        var net = new NetSettings(SHARDS, NetSettings.DEFAULT_MAX_CONNECTIONS, handshakeTimeoutMs);
        storage = Storage.open(folder, StorageConfig.small());
        loops = EventLoops.open(SHARDS);
        broker = Broker.start(storage, loops.shards(), limits).get(10, TimeUnit.SECONDS);
        connections = new Connections(net.maxConnections());
        listener = Listener.open(loops, connections, net, "127.0.0.1", 0, new AmqpGateway(broker, settings));
    }

    NodeStatus status() {
        return broker.status();
    }

    int port() {
        return listener.address().getPort();
    }

    Socket socket() throws Exception {
        return new Socket(InetAddress.getLoopbackAddress(), port());
    }

    ConnectionFactory factory() {
        var factory = new ConnectionFactory();
        factory.setHost("127.0.0.1");
        factory.setPort(port());
        factory.setAutomaticRecoveryEnabled(false);
        return factory;
    }

    Connection connect() throws Exception {
        return factory().newConnection();
    }

    void disconnectAll() throws Exception {
        connections.close(STOP_TIMEOUT_MS);
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
