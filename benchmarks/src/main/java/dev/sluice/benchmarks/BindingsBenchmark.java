package dev.sluice.benchmarks;

import dev.sluice.broker.EmbeddedBroker;
import dev.sluice.broker.ExchangeType;
import dev.sluice.broker.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.Stream;

/**
 * What changes of the topology cost among many durable bindings, and what publishers notice; {@code docs/performance.md} has results. {@code benchmarks/bindings DIR} runs it on a new folder in DIR, which is removed
 * afterwards. Stateless.
 */
public final class BindingsBenchmark {
    private static final int BINDINGS = 100_000;
    private static final int OF_ONE_QUEUE = 3_000;
    private static final int ONE_BY_ONE = 2_000;
    private static final int QUEUES = 1_000;
    private static final int CLIENTS = 64;
    private static final int ROUNDS = 3;

    private BindingsBenchmark() {}

    /** The first argument is a folder on the disk to measure. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: bindings DIR");
            System.exit(2);
        }
        Path folder = Files.createTempDirectory(Path.of(arguments[0]), "sluice-benchmark");
        try (var broker = EmbeddedBroker.open(folder)) {
            run(broker);
        } finally {
            delete(folder);
        }
    }

    private static void run(EmbeddedBroker broker) throws Exception {
        broker.declareExchange("events", ExchangeType.TOPIC);
        broker.declareQueue("steady");
        for (int i = 0; i < QUEUES; i++) {
            broker.declareQueue("q" + i);
        }
        measure(broker, "bind, one client, " + ONE_BY_ONE, 1, ONE_BY_ONE, i -> bindToSome(broker, i));
        measure(
                broker,
                "bind, " + CLIENTS + " clients, " + (BINDINGS - ONE_BY_ONE),
                CLIENTS,
                BINDINGS - ONE_BY_ONE,
                i -> bindToSome(broker, ONE_BY_ONE + i));
        for (int round = 0; round < ROUNDS; round++) {
            measure(broker, "nothing, for a second", 1, 1, i -> sleepASecond());
            measure(
                    broker,
                    "declare a queue and bind it " + OF_ONE_QUEUE + " times, one client",
                    1,
                    OF_ONE_QUEUE + 1,
                    i -> {
                        if (i == 0) {
                            broker.declareQueue("large");
                        } else {
                            broker.bind("events", "large", "large." + i + ".*");
                        }
                    });
            measure(broker, "delete that queue", 1, 1, i -> broker.deleteQueue("large"));
        }
    }

    private static void bindToSome(EmbeddedBroker broker, int i) {
        broker.bind("events", "q" + i % QUEUES, "site" + i / QUEUES + ".*.event" + i);
    }

    private static void sleepASecond() {
        try {
            Thread.sleep(1_000);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /** Has the clients do {@code count} things, while one publisher sends a durable message as soon as the one before is confirmed. */
    private static void measure(EmbeddedBroker broker, String what, int clients, int count, IntConsumer thing)
            throws Exception {
        var ended = new AtomicBoolean();
        var latencies = new Latencies();
        CompletableFuture<Void> publisher =
                CompletableFuture.runAsync(() -> publish(broker, ended, latencies), Thread::startVirtualThread);
        var nextThing = new AtomicInteger();
        long start = System.nanoTime();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Runnable client = () -> {
                for (int i = nextThing.getAndIncrement(); i < count; i = nextThing.getAndIncrement()) {
                    thing.accept(i);
                }
            };
            List<? extends Future<?>> running =
                    Stream.generate(() -> threads.submit(client)).limit(clients).toList();
            for (Future<?> one : running) {
                one.get();
            }
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        ended.set(true);
        publisher.join();
        broker.purgeQueue("steady");
        System.out.printf(
                Locale.ROOT,
                "%-60s %8.3f s, %8.0f a second; confirms meanwhile: %s, longest %7.3f ms of %d%n",
                what,
                seconds,
                count / seconds,
                latencies,
                latencies.quantileMs(1),
                latencies.count());
    }

    private static void publish(EmbeddedBroker broker, AtomicBoolean ended, Latencies latencies) {
        do {
            long start = System.nanoTime();
            broker.publish("", "steady", Message.of("tick")).join();
            latencies.add(System.nanoTime() - start);
        } while (!ended.get());
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
