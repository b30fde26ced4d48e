package dev.sluice.server;

import dev.sluice.amqp.AmqpGateway;
import dev.sluice.broker.Broker;
import dev.sluice.kafka.KafkaGateway;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import dev.sluice.log.StorageException;
import dev.sluice.net.Connections;
import dev.sluice.net.EventLoops;
import dev.sluice.net.Gateway;
import dev.sluice.net.ListenException;
import dev.sluice.net.Listener;
import dev.sluice.net.NetSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owned by the thread that starts it until {@link #start} returns; afterwards only {@link #close} is called, once, by the
 * thread that stops the process. The one place where the parts of the broker are put together.
 */
final class Node implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    /** How long clients may take to answer our goodbye. */
    private static final int GOODBYE_TIMEOUT_MS = 2_000;
    /** Writing what is left; a disk that takes longer is broken. */
    private static final int STOP_TIMEOUT_S = 60;

    /** What has to be closed, the last opened first. */
    private final Deque<Closing> opened = new ArrayDeque<>();

    /** By protocol. */
    private final Map<String, InetSocketAddress> listening = new LinkedHashMap<>();

    /** Ends one part; blocks. */
    private interface Closing {
        void close() throws InterruptedException;
    }

    private Node() {}

    /**
     * Opens what the configuration asks for: the data folder, the broker over it, then the gateways, so that nothing
     * listens before it can answer.
     *
     * @throws StartRefused when the data folder or a port cannot be had
     */
    static Node start(Configuration configuration) {
        LOG.info("starting with data in {}", configuration.data());
        var node = new Node();
        try {
            node.open(configuration);
            return node;
        } catch (StartRefused refused) {
            node.close();
            throw refused;
        } catch (StorageException | ListenException refused) {
            LOG.debug("cannot start", refused);
            node.close();
            throw StartRefused.notPossibleHere(String.valueOf(refused.getMessage()));
        } catch (RuntimeException bug) {
            node.close();
            throw bug;
        }
    }

    private void open(Configuration configuration) throws ListenException {
        StorageConfig sizes = configuration.messageMemory().storage();
        Storage storage = Storage.open(configuration.data(), sizes);
        opened.push(storage::close);

        NetSettings net = configuration.net();
        EventLoops loops = EventLoops.open(net.shards());
        opened.push(loops::close);

        Broker broker = await(
                Broker.start(storage, loops.shards(), configuration.limits().of(sizes)));
        opened.push(() -> await(broker.stop()));

        openControl(configuration.data(), storage, broker);

        var connections = new Connections(net.maxConnections());
        opened.push(() -> connections.close(GOODBYE_TIMEOUT_MS));

        var listeners = new Listeners(loops, connections, net, configuration.host());
        open(listeners, configuration.amqpPort(), () -> new AmqpGateway(broker, configuration.amqp()));
        open(listeners, configuration.kafkaPort(), () -> new KafkaGateway(broker, configuration.kafka()));
    }

    /** Without it a broker is a broker all the same. */
    private void openControl(Path data, Storage storage, Broker broker) {
        try {
            var commands = new HashMap<>(QueueCommands.of(broker.tools()));
            commands.put(BackupCommand.NAME, folder -> BackupCommand.run(storage, folder));
            commands.put(StatusCommand.NAME, nothing -> StatusCommand.run(broker));
            ControlSocket control = ControlSocket.open(data, commands);
            opened.push(control::close);
        } catch (IOException | RuntimeException failure) {
            LOG.warn(
                    "'sluice backup', 'queue' and 'status' will not reach this broker, since no socket can be made in {}: {}",
                    data,
                    failure.toString());
        }
    }

    /** What all listeners have in common. */
    private record Listeners(EventLoops loops, Connections connections, NetSettings net, String host) {
        Listener open(int port, Gateway gateway) throws ListenException {
            return Listener.open(loops, connections, net, host, port, gateway);
        }
    }

    private void open(Listeners listeners, Port port, Supplier<Gateway> protocol) throws ListenException {
        switch (port) {
            case Port.Off off -> {}
            case Port.On(int number) -> {
                Gateway gateway = protocol.get();
                opened.push(gateway::close);
                Listener listener = listeners.open(number, gateway);
                opened.push(listener::close);
                listening.put(gateway.name(), listener.address());
            }
        }
    }

    /** Where it can be reached, by protocol. */
    Map<String, InetSocketAddress> listening() {
        return Collections.unmodifiableMap(listening);
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.get(STOP_TIMEOUT_S, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof StorageException cause) {
                throw cause;
            }
            throw new IllegalStateException(failure.getCause());
        } catch (TimeoutException timeout) {
            throw new IllegalStateException("the broker does not answer for " + STOP_TIMEOUT_S + " s", timeout);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        }
    }

    /** Closes what {@link #start} opened, in the opposite order. Blocks until everything confirmed is on disk. */
    @Override
    public void close() {
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        LOG.info("stopped");
    }
}
