package dev.sluice.server;

import dev.sluice.amqp.AmqpRehearsal;
import dev.sluice.kafka.KafkaRehearsal;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Clients that do what clients do most, in a process of their own: for a run of the broker in which the JVM records what a broker needs, and nothing
 * of clients. Stateless.
 */
final class Rehearsal {
    private static final long PATIENCE_S = 60;

    private static final int WORDS_PER_LISTENER = 3;
    private static final Map<String, Act> ACTS = Map.of("amqp", AmqpRehearsal::run, "kafka", KafkaRehearsal::run);

    /** What a client does; blocks. */
    private interface Act {
        void play(InetSocketAddress broker) throws IOException, InterruptedException;
    }

    private Rehearsal() {}

    /**
     * Runs the clients against a broker; blocks until they are done.
     *
     * @param listening addresses by protocol
     */
    static void run(Map<String, InetSocketAddress> listening) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Rehearsal.class.getName()));
        listening.forEach((protocol, address) -> {
            command.add(protocol);
            command.add(address.getAddress().getHostAddress());
            command.add(Integer.toString(address.getPort()));
        });
        Process clients = new ProcessBuilder(command).inheritIO().start();
        try {
            if (!clients.waitFor(PATIENCE_S, TimeUnit.SECONDS) || clients.exitValue() != 0) {
                throw new IOException("the clients of the rehearsal failed, or took more than " + PATIENCE_S + " s");
            }
        } finally {
            clients.destroyForcibly();
        }
    }

    /**
     * The process of the clients.
     *
     * @param arguments protocol, host and port of each listener
     */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        for (int i = 0; i < arguments.length; i += WORDS_PER_LISTENER) {
            Act act = ACTS.get(arguments[i]);
            if (act != null) {
                act.play(new InetSocketAddress(arguments[i + 1], Integer.parseInt(arguments[i + 2])));
            }
        }
    }
}
