package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A broker with one transient queue, "jobs", whose every step waits until all that follows from it has happened, so that the same steps have the same effects. The time is the test's. Owned by the test that made it; what is delivered is
 * shown to it while a step runs, on another thread.
 */
final class SteppedBroker implements AutoCloseable {
    private static final String QUEUE = "jobs";

    private final Storage storage;
    private final EventExecutor executor = new DefaultEventExecutor();
    private final ClockedShard shard = new ClockedShard(executor, TimedBroker.START_MS);
    private final Broker broker;
    private final Watcher watcher;

    /** Sees what is delivered. */
    interface Watcher {
        void delivered(Client client, long delivery, RecordCursor record, int deliveryCount);
    }

    /** A consumer, or somebody who got one record. */
    final class Client implements DeliverySink {
        final ConsumerSpec spec;
        private dev.sluice.broker.@Nullable Consumer consumer;
        private boolean answered;

        Client(ConsumerSpec spec) {
            this.spec = spec;
        }

        /** Whether who asked for one record got it, or heard that there is none. */
        boolean wasAnswered() {
            return answered;
        }

        /** False for who asked for one record. */
        boolean isSubscribed() {
            return consumer != null && consumer.subscribed;
        }

        void settle(long delivery, Settlement settlement) {
            use(open -> open.settle(delivery, settlement));
        }

        void release(long delivery, long delayMs) {
            use(open -> open.release(delivery, delayMs));
        }

        void close() {
            use(dev.sluice.broker.Consumer::close);
        }

        private void use(Consumer<dev.sluice.broker.Consumer> action) {
            run(() -> {
                if (consumer != null) {
                    action.accept(consumer);
                }
            });
        }

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(
                dev.sluice.broker.Consumer itsConsumer,
                long delivery,
                RecordCursor record,
                int deliveryCount,
                boolean redelivered) {
            watcher.delivered(this, delivery, record, deliveryCount);
        }

        @Override
        public void flush() {}

        @Override
        public void cancelled(dev.sluice.broker.Consumer itsConsumer) {}
    }

    SteppedBroker(Path folder, QueueSettings settings, Watcher watcher) {
        this.watcher = watcher;
        storage = Storage.open(folder, StorageConfig.defaults());
        broker = Broker.start(storage, new Shards(List.of(shard)), BrokerLimits.defaults())
                .join();
        this.<QueueStatus>ask(
                reply -> view().declareQueue(new QueueSpec(QUEUE, false, false, false, settings), 0, reply));
    }

    static String text(RecordCursor record) {
        return record.buffer().toString(record.valueIndex(), record.valueLength(), StandardCharsets.UTF_8);
    }

    long nowMs() {
        return shard.nowMs();
    }

    void publish(String key, String text, RecordAttributes attributes) {
        run(() -> view().publish(
                        view().route("", QUEUE, null),
                        attributes,
                        Unpooled.wrappedBuffer(key.getBytes(StandardCharsets.UTF_8)),
                        Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8)),
                        RecordCodec.headers("", QUEUE, Message.of(text).withAttributes(attributes)),
                        ConfirmWhen.TAKEN,
                        null,
                        0));
    }

    Client subscribe(ConsumerSpec spec) {
        var client = new Client(spec);
        client.consumer = ask(reply -> view().subscribe(QUEUE, spec, client, 0, reply));
        quiet();
        return client;
    }

    /** Asks for one record. */
    Client get(boolean noAck) {
        var client = new Client(new ConsumerSpec(noAck, false, 1, null));
        client.consumer = ask(reply -> view().openGetter(QUEUE, 0, reply));
        client.use(open -> open.get(noAck, new GetReply() {
            @Override
            public void got(
                    dev.sluice.broker.Consumer consumer,
                    long delivery,
                    RecordCursor record,
                    int deliveryCount,
                    boolean redelivered,
                    long remaining) {
                client.answered = true;
                watcher.delivered(client, delivery, record, deliveryCount);
            }

            @Override
            public void empty() {
                client.answered = true;
            }
        }));
        quiet();
        return client;
    }

    QueueStatistics statistics() {
        return ask(reply -> view().queueStatistics(QUEUE, 0, reply));
    }

    private <T> T ask(Consumer<Outcome.Reply<T>> question) {
        var answer = new CompletableFuture<T>();
        run(() -> question.accept(outcome -> {
            switch (outcome) {
                case Outcome.Done<T>(T value) -> answer.complete(value);
                case Outcome.Refused<T>(Refusal refusal) -> answer.completeExceptionally(new BrokerException(refusal));
            }
        }));
        return answer.join();
    }

    /** Lets time pass, and what is due happen. */
    void pass(long ms) {
        shard.pass(ms);
        quiet();
    }

    /** Until the turns that are needed are over, of which each may need another. */
    void quiet() {
        for (int turn = 0; turn < 4; turn++) {
            shard.pass(0);
        }
    }

    private BrokerShard view() {
        return broker.on(shard);
    }

    /** Does all of the step in one turn; what it calls here takes effect as it is called. */
    void run(Runnable step) {
        if (executor.inEventLoop()) {
            step.run();
        } else {
            executor.submit(step).syncUninterruptibly();
        }
    }

    @Override
    public void close() {
        broker.stop().join();
        executor.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        storage.close();
    }
}
