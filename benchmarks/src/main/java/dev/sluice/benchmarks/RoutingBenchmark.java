package dev.sluice.benchmarks;

import dev.sluice.broker.Binding;
import dev.sluice.broker.Binding.Destination;
import dev.sluice.broker.Broker;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.ExchangeSpec;
import dev.sluice.broker.ExchangeType;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatus;
import dev.sluice.broker.Route;
import dev.sluice.broker.Shards;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What finding the queues of one message costs. Every message follows three bindings, however many there are. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init") // JMH fills the parameters, and calls what opens the broker first
public class RoutingBenchmark {
    private static final int MATCHES = 3;
    private static final int QUEUES = 300;
    /** Many times what a shard remembers of routes. */
    private static final int MESSAGES = 1 << 16;
    /** The smallest number of bindings has as many. */
    private static final int FEW_SITES = 33;
    /** Publishers that take turns among a few keys. */
    private static final int FEW_MESSAGES = 64;

    private static final long NO_CONNECTION = 0;

    private record Message(String key, @Nullable Map<String, Object> headers) {}

    /** Number of bindings of the exchange. */
    @Param({"100", "10000", "100000"})
    public int bindings;

    /** Type of the exchange. */
    @Param({"TOPIC", "HEADERS"})
    public ExchangeType type;

    private final ManualShard thread = new ManualShard();
    private final Message[] everywhere = new Message[MESSAGES];
    private final Message[] somewhere = new Message[MESSAGES];
    private Path folder;
    private Storage storage;
    private Broker broker;
    private BrokerShard shard;
    private int next;

    /** Binds transient queues, so that the disk has no part in it. */
    @Setup
    public void bind() throws IOException {
        folder = Files.createTempDirectory("sluice-benchmark");
        storage = Storage.open(folder, StorageConfig.defaults());
        broker = thread.await(Broker.start(storage, new Shards(List.of(thread))));
        shard = broker.on(thread);
        var exchange = new ExchangeSpec("e", type, false, false, false, null);
        thread.await(this.<ExchangeSpec>asked(reply -> shard.declareExchange(exchange, reply)));
        for (int i = 0; i < QUEUES; i++) {
            var queue = new QueueSpec("q" + i, false, false, false, QueueSettings.DEFAULT);
            thread.await(this.<QueueStatus>asked(reply -> shard.declareQueue(queue, NO_CONNECTION, reply)));
        }
        for (int i = 0; i < bindings; i++) {
            Binding binding = binding(i);
            thread.await(this.<Boolean>asked(reply -> shard.bind(binding, NO_CONNECTION, reply)));
        }
        var random = new Random(1);
        for (int i = 0; i < MESSAGES; i++) {
            everywhere[i] = message(random.nextInt(bindings / MATCHES), i);
            somewhere[i] = message(random.nextInt(FEW_SITES), i);
        }
    }

    private <T> CompletableFuture<T> asked(Consumer<Outcome.Reply<T>> question) {
        var answer = new CompletableFuture<T>();
        question.accept(outcome -> {
            switch (outcome) {
                case Outcome.Done<T>(T value) -> answer.complete(value);
                case Outcome.Refused<T> refused ->
                    answer.completeExceptionally(new IllegalStateException(refused.toString()));
            }
        });
        return answer;
    }

    private Binding binding(int i) {
        int site = i / MATCHES;
        int kind = i % MATCHES;
        var queue = new Destination.ToQueue("q" + i % QUEUES);
        if (type == ExchangeType.HEADERS) {
            return new Binding(
                    "e",
                    queue,
                    "",
                    switch (kind) {
                        case 0 -> Map.of("kind", "reading", "site", "s" + site);
                        case 1 -> Map.of("x-match", "any", "site", "s" + site, "alarm", "a" + site);
                        default -> Map.of("kind", "reading", "region", "r" + site % 50, "site", "s" + site);
                    });
        }
        String pattern = switch (kind) {
            case 0 -> "s" + site + ".*.*.reading";
            case 1 -> "s" + site + ".#";
            default -> "#.d" + site + ".reading";
        };
        return new Binding("e", queue, pattern, Map.of());
    }

    private Message message(int site, int number) {
        return type == ExchangeType.HEADERS
                ? new Message("", Map.of("kind", "reading", "region", "r" + site % 50, "site", "s" + site))
                : new Message("s" + site + ".m" + number + ".d" + site + ".reading", null);
    }

    /** Takes the folder away. */
    @TearDown
    public void close() throws IOException {
        thread.await(broker.stop());
        // It ends what runs on the shard, and so needs it.
        thread.await(CompletableFuture.runAsync(storage::close, Thread::startVirtualThread));
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Routing keys that hardly ever come again, of all sites: most of what they are compared with has left the processor's caches. */
    @Benchmark
    public int distinct() {
        return route(everywhere, MESSAGES);
    }

    /** Routing keys that hardly ever come again, of a few sites: what is left is the work itself. */
    @Benchmark
    public int distinctOfFewSites() {
        return route(somewhere, MESSAGES);
    }

    /** A few routing keys in turn. */
    @Benchmark
    public int repeated() {
        return route(everywhere, FEW_MESSAGES);
    }

    private int route(Message[] messages, int among) {
        next = (next + 1) & (among - 1);
        Message message = messages[next];
        Map<String, Object> headers = message.headers;
        Route route = shard.route("e", message.key, headers == null ? null : () -> headers);
        if (route.queueCount() != MATCHES) {
            throw new IllegalStateException("a message goes to " + route.queueCount() + " queues");
        }
        return route.queueCount();
    }
}
