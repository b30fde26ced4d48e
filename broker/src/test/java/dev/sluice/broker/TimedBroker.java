package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** An embedded broker with the queue "jobs", a clock that only the test moves, and what its subscriptions received. Owned by the test that opened it. */
final class TimedBroker implements AutoCloseable {
    static final String QUEUE = "jobs";
    static final long START_MS = 1_700_000_000_000L;

    final BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    final EmbeddedBroker broker;
    private final List<Subscription> subscriptions = new ArrayList<>();
    private final ClockedShard shard;
    private long taken;

    private TimedBroker(Path folder, long nowMs) {
        var made = new CompletableFuture<ClockedShard>();
        broker = EmbeddedBroker.open(folder, BrokerLimits.defaults(), executor -> {
            var itsShard = new ClockedShard(executor, nowMs);
            made.complete(itsShard);
            return itsShard;
        });
        shard = made.join();
    }

    static TimedBroker open(Path folder, QueueSettings settings) {
        return open(folder, settings, START_MS);
    }

    static TimedBroker open(Path folder, QueueSettings settings, long nowMs) {
        var timed = new TimedBroker(folder, nowMs);
        timed.broker.declareQueue(new QueueSpec(QUEUE, true, false, false, settings));
        return timed;
    }

    void publish(String text, RecordAttributes attributes) {
        broker.publish(QUEUE, Message.of(text).withAttributes(attributes)).join();
    }

    void publish(String text) {
        publish(text, RecordAttributes.NONE);
    }

    /** What is before the first hyphen of the text is the message's key. */
    void publishKeyed(String text, RecordAttributes attributes) {
        byte[] key = text.substring(0, text.indexOf('-')).getBytes(StandardCharsets.UTF_8);
        var message = new Message(text.getBytes(StandardCharsets.UTF_8), Map.of(), key).withAttributes(attributes);
        broker.publish(QUEUE, message).join();
    }

    void publishKeyed(String... texts) {
        for (String text : texts) {
            publishKeyed(text, RecordAttributes.NONE);
        }
    }

    Subscription subscribe(int prefetch) {
        return subscribe(QUEUE, prefetch);
    }

    Subscription subscribe(String queue, int prefetch) {
        Subscription subscription = broker.consume(queue, prefetch, deliveries::add);
        subscriptions.add(subscription);
        return subscription;
    }

    void pass(long ms) {
        shard.pass(ms);
    }

    /** After the turn in which what was done before takes effect. */
    QueueStatistics statistics() {
        shard.pass(0);
        return broker.statistics(QUEUE);
    }

    Delivery next() throws InterruptedException {
        Delivery delivery = deliveries.poll(10, TimeUnit.SECONDS);
        assertThat(delivery).as("a delivery within 10 s").isNotNull();
        taken++;
        return delivery;
    }

    /** All that was delivered came out of {@link #next}, also after the turn in which what was done before takes effect. */
    void expectNothing() {
        assertThat(statistics().delivered()).as("delivered").isEqualTo(taken);
    }

    Delivery next(String text) throws InterruptedException {
        Delivery delivery = next();
        assertThat(delivery.message().text()).isEqualTo(text);
        return delivery;
    }

    @Override
    public void close() {
        subscriptions.forEach(Subscription::close);
        broker.close();
    }
}
