package dev.sluice.broker;

import static dev.sluice.broker.Await.await;

import io.netty.buffer.ByteBuf;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * An embedded broker that begins again with what it has stored, and how tests use its queues and topics: what is published are the numbers from one to before another, as text. Owned by the test that opened it.
 */
final class RestartableBroker implements AutoCloseable {
    private final Path folder;
    private EmbeddedBroker broker;

    RestartableBroker(Path folder) {
        this.folder = folder;
        this.broker = EmbeddedBroker.open(folder);
    }

    /** The one that runs since the last restart. */
    EmbeddedBroker embedded() {
        return broker;
    }

    void restart() {
        broker.close();
        broker = EmbeddedBroker.open(folder);
    }

    @Override
    public void close() {
        broker.close();
    }

    /** A durable queue or topic. */
    void declare(String name, QueueSettings settings) {
        broker.declareQueue(new QueueSpec(name, true, false, false, settings));
    }

    void declareTopic(String name, int partitions) {
        broker.declareTopic(name, partitions);
    }

    void declareSubscription(String topic, String name, StartPosition start) {
        broker.declareSubscription(topic, name, start);
    }

    Subscription consume(String queue, int prefetch, java.util.function.Consumer<Delivery> handler) {
        return broker.consume(queue, prefetch, handler);
    }

    QueueStatistics statistics(String queue) {
        return broker.statistics(queue);
    }

    /** Each in a batch of its own, so that they are spread over all partitions. */
    void publish(String queue, int from, int to) {
        for (int i = from; i < to; i++) {
            broker.publish(queue, Message.of(String.valueOf(i))).join();
        }
    }

    /** So many keys in turn. */
    void publishKeyed(String queue, int keys, int from, int to) {
        for (int i = from; i < to; i++) {
            broker.publish(queue, Message.of(String.valueOf(i)).withKey("key" + i % keys))
                    .join();
        }
    }

    /** Takes over {@code batch}, as a producer of Kafka would have sent it. */
    void append(String topic, int partition, ByteBuf batch) {
        KafkaBatches.append(broker.view(), topic, partition, batch);
    }

    static List<String> texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(String::valueOf).toList();
    }

    /** Consumes and acknowledges so many, one at a time. */
    List<String> take(String queue, int count) throws InterruptedException {
        long before = statistics(queue).acknowledged();
        var deliveries = new Deliveries();
        List<String> texts = new ArrayList<>();
        try (var _ = broker.consume(queue, 1, deliveries::take)) {
            for (int i = 0; i < count; i++) {
                Delivery delivery = deliveries.next();
                texts.add(delivery.message().text());
                delivery.ack();
            }
        }
        awaitAcknowledged(queue, before + count);
        return texts;
    }

    /** Reads so many of a topic, for nobody else to notice. */
    List<String> read(String topic, StartPosition start, int count) throws InterruptedException {
        var deliveries = new Deliveries();
        try (var _ = broker.read(topic, start, 100, deliveries::takeAndAck)) {
            return deliveries.texts(count);
        }
    }

    void awaitAcknowledged(String queue, long records) {
        await(() -> statistics(queue).acknowledged() >= records);
    }

    void awaitReady(String queue, long records) {
        await(() -> statistics(queue).ready() == records);
    }
}
