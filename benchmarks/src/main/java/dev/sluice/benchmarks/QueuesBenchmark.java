package dev.sluice.benchmarks;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.MessageProperties;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a durable message costs a broker that is a process of its own, with RabbitMQ's client: published, confirmed, delivered and acknowledged, spread over 1, 1,000 and 10,000 queues with a consumer each. {@code benchmarks/queues DIR} runs
 * it on new folders in DIR, which are removed afterwards. Stateless.
 */
public final class QueuesBenchmark {
    private static final int[] QUEUES = {1, 1_000, 10_000};
    private static final int ROUNDS = 3;
    private static final int WARM_UP = 100_000;
    private static final int MESSAGES = 200_000;
    private static final int BODY_BYTES = 100;
    private static final int MOST_IN_FLIGHT = 2_000;
    private static final int PREFETCH = 200;
    private static final int CONSUMERS_OF_A_CHANNEL = 500;
    private static final Pattern READY = Pattern.compile(".*ready in \\d+ ms: amqp \\S+:(\\d+).*");

    private QueuesBenchmark() {}

    /** The launcher of the broker, and the folder for its data. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: queues LAUNCHER DIR");
            System.exit(2);
        }
        double[][] micros = new double[QUEUES.length][ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < QUEUES.length; i++) {
                Path folder = Files.createTempDirectory(Path.of(arguments[1]), "sluice-queues");
                try {
                    micros[i][round] = measure(arguments[0], folder, QUEUES[i]);
                } finally {
                    Folders.delete(folder);
                }
                System.out.printf(
                        Locale.ROOT, "round %d: %,d queues: %.1f us%n", round + 1, QUEUES[i], micros[i][round]);
            }
        }
        double base = Medians.of(micros[0]);
        for (int i = 0; i < QUEUES.length; i++) {
            double median = Medians.of(micros[i]);
            System.out.printf(Locale.ROOT, "| %,d | %.1f us | %.2f |%n", QUEUES[i], median, median / base);
        }
    }

    /** The broker's CPU in microseconds per message. */
    private static double measure(String launcher, Path folder, int queues) throws Exception {
        Process broker = new ProcessBuilder(
                        launcher,
                        "start",
                        "--data",
                        folder.resolve("data").toString(),
                        "--amqp-port",
                        "0",
                        "--kafka-port",
                        "off")
                .redirectErrorStream(true)
                .start();
        try {
            BufferedReader output = broker.inputReader();
            var factory = new ConnectionFactory();
            factory.setPort(port(output));
            Thread.ofVirtual().start(() -> readToItsEnd(output));
            try (Connection publishing = factory.newConnection();
                    Connection consuming = factory.newConnection()) {
                var load = new Load(publishing.createChannel(), queues);
                load.consume(consuming);
                load.run(WARM_UP);
                Cpu before = Cpu.of(broker.pid());
                load.run(MESSAGES);
                Cpu used = Cpu.of(broker.pid()).since(before);
                return (used.userSeconds() + used.kernelSeconds()) * TimeUnit.SECONDS.toMicros(1) / MESSAGES;
            }
        } finally {
            broker.destroy();
            broker.waitFor();
        }
    }

    /** So that the broker is not held up by what it prints. */
    private static void readToItsEnd(BufferedReader output) {
        try {
            output.transferTo(Writer.nullWriter());
        } catch (IOException closed) {
            // the broker was stopped
        }
    }

    private static int port(BufferedReader output) throws IOException {
        var read = new ArrayList<String>();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher ready = READY.matcher(line);
            if (ready.matches()) {
                return Integer.parseInt(ready.group(1));
            }
            read.add(line);
        }
        throw new IOException("the broker did not start: " + read);
    }

    /** One publisher and a consumer of each queue. Thread-safe where the client's threads come: they touch what is made for several threads only. */
    private static final class Load {
        private final Channel publisher;
        private final List<String> queues = new ArrayList<>();
        private final byte[] body = new byte[BODY_BYTES];
        private final Semaphore toConfirm = new Semaphore(MOST_IN_FLIGHT);
        private final Semaphore acknowledged = new Semaphore(0);
        /** By the tags of their messages. */
        private final NavigableSet<Long> unconfirmed = new ConcurrentSkipListSet<>();

        private int next;

        Load(Channel publisher, int count) throws IOException {
            this.publisher = publisher;
            for (int i = 0; i < count; i++) {
                queues.add("queue" + i);
                publisher.queueDeclare(queues.getLast(), true, false, false, null);
            }
            publisher.confirmSelect();
            publisher.addConfirmListener(this::confirmed, (tag, multiple) -> {
                throw new IllegalStateException("message " + tag + " was refused");
            });
        }

        /** Runs on the connection's thread. */
        private void confirmed(long tag, boolean multiple) {
            if (multiple) {
                while (!unconfirmed.isEmpty() && unconfirmed.first() <= tag) {
                    unconfirmed.pollFirst();
                    toConfirm.release();
                }
            } else if (unconfirmed.remove(tag)) {
                toConfirm.release();
            }
        }

        void consume(Connection connection) throws IOException {
            Channel channel = null;
            for (int i = 0; i < queues.size(); i++) {
                if (channel == null || i % CONSUMERS_OF_A_CHANNEL == 0) {
                    channel = connection.createChannel();
                    channel.basicQos(PREFETCH);
                }
                Channel its = channel;
                its.basicConsume(
                        queues.get(i),
                        false,
                        (tag, delivery) -> {
                            its.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
                            acknowledged.release();
                        },
                        tag -> {});
            }
        }

        /** Publishes so many and waits until all were confirmed and acknowledged. */
        void run(int messages) throws IOException, InterruptedException {
            for (int i = 0; i < messages; i++) {
                toConfirm.acquire();
                unconfirmed.add(publisher.getNextPublishSeqNo());
                publisher.basicPublish("", queues.get(next), MessageProperties.PERSISTENT_BASIC, body);
                next = (next + 1) % queues.size();
            }
            acknowledged.acquire(messages);
            toConfirm.acquire(MOST_IN_FLIGHT);
            toConfirm.release(MOST_IN_FLIGHT);
        }
    }
}
