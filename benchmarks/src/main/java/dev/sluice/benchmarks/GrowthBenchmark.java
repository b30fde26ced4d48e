package dev.sluice.benchmarks;

import dev.sluice.broker.Broker;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.ConfirmSink;
import dev.sluice.broker.ConfirmWhen;
import dev.sluice.broker.Consumer;
import dev.sluice.broker.ConsumerSpec;
import dev.sluice.broker.DeliverySink;
import dev.sluice.broker.EventExecutorShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatus;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Settlement;
import dev.sluice.broker.Shard;
import dev.sluice.broker.Shards;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.DefaultEventExecutor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a message costs as the broker holds more: queues, consumers of a queue, records in a queue. A message is published to a durable queue, confirmed, delivered and acknowledged; its cost is the CPU of the whole process, without any
 * network. {@code benchmarks/growth DIR} runs it on new folders in DIR, which are removed afterwards. Stateless.
 */
public final class GrowthBenchmark {
    private static final int ROUNDS = 3;
    private static final int MESSAGES = 400_000;
    private static final int WARM_UP = 200_000;
    private static final int BODY_BYTES = 100;
    /** Published in one turn of the shard. */
    private static final int BURST = 200;

    private static final int MOST_IN_FLIGHT = 4_000;
    private static final int PREFETCH = 200;
    private static final long NO_CONNECTION = 0;

    private GrowthBenchmark() {}

    private record Scale(String name, int queues, int consumers, int backlog) {}

    private static final List<Scale> SCALES = List.of(
            new Scale("1 queue, 1 consumer, no backlog", 1, 1, 0),
            new Scale("1,000 queues with 1 consumer each", 1_000, 1, 0),
            new Scale("10,000 queues with 1 consumer each", 10_000, 1, 0),
            new Scale("1 queue, 100 consumers", 1, 100, 0),
            new Scale("1 queue, 1,000 consumers", 1, 1_000, 0),
            new Scale("1 queue, a backlog of 100", 1, 1, 100),
            new Scale("1 queue, a backlog of 10,000,000", 1, 1, 10_000_000));

    /** Runs all scales in turn, several times, and prints the medians. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: growth DIR");
            System.exit(2);
        }
        double[][] micros = new double[SCALES.size()][ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < SCALES.size(); i++) {
                Path folder = Files.createTempDirectory(Path.of(arguments[0]), "sluice-growth");
                try {
                    micros[i][round] = measure(folder, SCALES.get(i));
                } finally {
                    Folders.delete(folder);
                }
                System.out.printf(
                        Locale.ROOT, "round %d: %s: %.2f us%n", round + 1, SCALES.get(i).name, micros[i][round]);
            }
        }
        double base = Medians.of(micros[0]);
        for (int i = 0; i < SCALES.size(); i++) {
            double median = Medians.of(micros[i]);
            System.out.printf(Locale.ROOT, "| %s | %.2f us | %.2f |%n", SCALES.get(i).name, median, median / base);
        }
    }

    /** CPU microseconds per message. */
    private static double measure(Path folder, Scale scale) throws Exception {
        Storage storage = Storage.open(folder, StorageConfig.defaults());
        var executor = new DefaultEventExecutor();
        var shard = new EventExecutorShard(0, executor);
        Broker broker = Broker.start(storage, new Shards(List.of(shard))).join();
        try {
            var load = new Load(broker.on(shard), shard, scale.queues);
            load.declare();
            load.publish(scale.backlog);
            load.subscribe(scale.consumers, scale.backlog);
            load.run(WARM_UP);
            Cpu before = Cpu.now();
            load.run(MESSAGES);
            Cpu used = Cpu.now().since(before);
            return (used.userSeconds() + used.kernelSeconds()) * TimeUnit.SECONDS.toMicros(1) / MESSAGES;
        } finally {
            broker.stop().join();
            executor.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
            storage.close();
        }
    }

    /** Publishers and consumers of one shard. What changes is confined to it. */
    private static final class Load implements ConfirmSink {
        private final BrokerShard broker;
        private final Shard shard;
        private final int queues;
        private final ByteBuf body = Unpooled.wrappedBuffer(new byte[BODY_BYTES]);
        private int toPublish;
        private int unconfirmed;
        private int undelivered;
        private int next;
        private long sequence;
        private final List<Sink> sinks = new ArrayList<>();
        private CompletableFuture<Void> done = new CompletableFuture<>();

        Load(BrokerShard broker, Shard shard, int queues) {
            this.broker = broker;
            this.shard = shard;
            this.queues = queues;
        }

        void declare() {
            var declared = new ArrayList<CompletableFuture<Outcome<QueueStatus>>>();
            for (int i = 0; i < queues; i++) {
                var spec = new QueueSpec(name(i), true, false, false, QueueSettings.DEFAULT);
                var reply = new CompletableFuture<Outcome<QueueStatus>>();
                declared.add(reply);
                shard.execute(() -> broker.declareQueue(spec, NO_CONNECTION, reply::complete));
            }
            declared.forEach(reply -> check(reply.join()));
        }

        private static String name(int number) {
            return "queue" + number;
        }

        private static <T> void check(Outcome<T> outcome) {
            if (outcome instanceof Outcome.Refused<T>(Refusal refusal)) {
                throw new IllegalStateException(refusal.toString());
            }
        }

        /** Each queue gets so many consumers, which leave a backlog in it untouched: they take no more than is published. */
        void subscribe(int consumers, int backlog) {
            var subscribed = new ArrayList<CompletableFuture<Outcome<Consumer>>>();
            var spec = new ConsumerSpec(false, false, PREFETCH, null);
            for (int i = 0; i < queues * consumers; i++) {
                String queue = name(i % queues);
                var reply = new CompletableFuture<Outcome<Consumer>>();
                subscribed.add(reply);
                var sink = new Sink(backlog > 0);
                shard.execute(() -> broker.subscribe(queue, spec, sink, NO_CONNECTION, outcome -> {
                    if (outcome instanceof Outcome.Done<Consumer>(Consumer consumer)) {
                        sinks.add(sink);
                        sink.consumer = consumer;
                    }
                    reply.complete(outcome);
                }));
            }
            subscribed.forEach(reply -> check(reply.join()));
        }

        /** Publishes and waits for the confirms. */
        void publish(int messages) {
            start(messages, 0);
        }

        /** Publishes, and waits until as many were confirmed, delivered and acknowledged. */
        void run(int messages) {
            start(messages, messages);
        }

        private void start(int messages, int deliveries) {
            var ended = new CompletableFuture<Void>();
            shard.execute(() -> {
                done = ended;
                toPublish = messages;
                undelivered = deliveries;
                sinks.forEach(Sink::resume);
                goOn();
            });
            ended.join();
        }

        private void goOn() {
            for (int i = 0; i < BURST && toPublish > 0 && unconfirmed < MOST_IN_FLIGHT; i++) {
                toPublish--;
                unconfirmed++;
                broker.publish(
                        broker.route("", name(next), null),
                        RecordAttributes.NONE,
                        null,
                        body,
                        RecordHeaders.EMPTY,
                        ConfirmWhen.STORED,
                        this,
                        sequence++);
                next = (next + 1) % queues;
            }
            if (toPublish > 0 && unconfirmed < MOST_IN_FLIGHT) {
                shard.execute(this::goOn);
            }
            endIfDone();
        }

        private void endIfDone() {
            if (toPublish == 0 && unconfirmed == 0 && undelivered <= 0) {
                done.complete(null);
            }
        }

        @Override
        public void stored(long firstSequence, long lastSequence) {
            boolean waited = toPublish > 0 && unconfirmed >= MOST_IN_FLIGHT;
            unconfirmed -= (int) (lastSequence - firstSequence + 1);
            if (waited) {
                shard.execute(this::goOn);
            }
            endIfDone();
        }

        @Override
        public void refused(long firstSequence, long lastSequence, Refusal refusal) {
            done.completeExceptionally(new IllegalStateException(refusal.toString()));
        }

        /** Acknowledges at the end of each run of deliveries. */
        private final class Sink implements DeliverySink {
            private final boolean isPaced;
            private @Nullable Consumer consumer;
            private long[] deliveries = new long[PREFETCH];
            private int count;

            /** {@code isPaced}: it takes no more than was published in the run. */
            Sink(boolean isPaced) {
                this.isPaced = isPaced;
            }

            void resume() {
                if (consumer != null) {
                    consumer.resume();
                }
            }

            @Override
            public boolean ready() {
                return !isPaced || undelivered > 0;
            }

            @Override
            public void deliver(
                    Consumer from, long delivery, RecordCursor record, int deliveryCount, boolean redelivered) {
                deliveries[count++] = delivery;
                undelivered--;
                if (count == deliveries.length) {
                    deliveries = Arrays.copyOf(deliveries, 2 * count);
                }
            }

            @Override
            public void flush() {
                for (int i = 0; i < count; i++) {
                    Objects.requireNonNull(consumer).settle(deliveries[i], Settlement.ACK);
                }
                count = 0;
                endIfDone();
            }

            @Override
            public void cancelled(Consumer gone) {}
        }
    }
}
