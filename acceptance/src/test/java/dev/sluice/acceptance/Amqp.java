package dev.sluice.acceptance;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * What one test needs of AMQP: connections, channels and names, all given back when the test ends. Confined to the
 * test's thread, but for connecting.
 */
final class Amqp implements AutoCloseable {
    private static final int CLOSE_LIMIT_MS = 5_000;

    private final Broker broker;
    private final List<Connection> connections = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    Amqp(Broker broker) {
        this.broker = broker;
    }

    int port() {
        return broker.amqpPort();
    }

    /** A name for a queue or an exchange that no other test uses; what has it is deleted when the test ends. */
    String name(String purpose) {
        String name = purpose + "-" + UUID.randomUUID();
        names.add(name);
        return name;
    }

    /** A factory for connections to the broker as the client library makes them, but for its automatic recovery. */
    ConnectionFactory factory() {
        return factory(broker.amqpPort());
    }

    static ConnectionFactory factory(int port) {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setHost(Broker.HOST);
        factory.setPort(port);
        factory.setAutomaticRecoveryEnabled(false);
        factory.setTopologyRecoveryEnabled(false);
        factory.setThreadFactory(Thread.ofVirtual().factory());
        return factory;
    }

    Connection connection() throws IOException, TimeoutException {
        return connection(factory -> {});
    }

    Connection connection(Consumer<ConnectionFactory> settings) throws IOException, TimeoutException {
        ConnectionFactory factory = factory();
        settings.accept(factory);
        Connection connection = factory.newConnection();
        connections.add(connection);
        return connection;
    }

    /** A channel on a connection of its own. */
    Channel channel() throws IOException, TimeoutException {
        return connection().createChannel();
    }

    /** A queue with this purpose in its name that belongs to the channel's connection. */
    String exclusiveQueue(Channel channel, String purpose) throws IOException {
        String queue = name(purpose);
        channel.queueDeclare(queue, false, true, false, null);
        return queue;
    }

    @Override
    public void close() throws IOException, TimeoutException {
        connections.forEach(connection -> connection.abort(CLOSE_LIMIT_MS));
        if (!names.isEmpty()) {
            try (Connection cleaner = factory().newConnection();
                    Channel channel = cleaner.createChannel()) {
                for (String name : names) {
                    channel.queueDelete(name);
                    channel.exchangeDelete(name);
                }
            }
        }
    }
}
