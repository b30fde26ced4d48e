package dev.sluice.acceptance;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/**
 * What one test needs of Kafka: topics, groups, and the clients as the library makes them, all given back when the test
 * ends. Confined to the test's thread; the clients have their own rules.
 */
final class Kafka implements AutoCloseable {
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);

    private final int port;
    private final String servers;
    private final Deque<Runnable> closings = new ArrayDeque<>();
    private final List<String> topics = new ArrayList<>();
    private final List<String> groups = new ArrayList<>();
    private @Nullable Admin admin;
    private @Nullable Producer<String, String> sender;

    Kafka(int port) {
        this.port = port;
        this.servers = Broker.HOST + ":" + port;
    }

    int port() {
        return port;
    }

    /** What the clients of Kafka call the bootstrap servers. */
    String servers() {
        return servers;
    }

    /** A name that no other test uses; if it is a topic's when the test ends, that is deleted. */
    String name(String purpose) {
        String name = purpose + "-" + UUID.randomUUID();
        topics.add(name);
        return name;
    }

    /** A name for a group that no other test uses; if there is one when the test ends, it is deleted. */
    String group(String purpose) {
        String group = purpose + "-" + UUID.randomUUID();
        groups.add(group);
        return group;
    }

    /** A new topic with this purpose in its name. */
    String topic(String purpose, int partitions) {
        return topic(purpose, partitions, Map.of());
    }

    String topic(String purpose, int partitions, Map<String, String> configs) {
        return create(name(purpose), partitions, configs);
    }

    /** A new topic with this name, which is deleted when the test ends. */
    String topicNamed(String name, int partitions) {
        topics.add(name);
        return create(name, partitions, Map.of());
    }

    private String create(String name, int partitions, Map<String, String> configs) {
        Answer.of(admin().createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs)))
                .all());
        awaitKnown(name, partitions);
        return name;
    }

    /** Waits until the partitions answer: Kafka's own brokers learn of a topic some time after they confirmed it. */
    private void awaitKnown(String topic, int partitions) {
        Map<TopicPartition, OffsetSpec> ends = IntStream.range(0, partitions)
                .boxed()
                .collect(Collectors.toMap(
                        partition -> new TopicPartition(topic, partition), partition -> OffsetSpec.latest()));
        Polled.until(() -> Answer.await(admin().listOffsets(ends).all()).isEmpty());
    }

    Admin admin() {
        Admin shared = admin;
        if (shared == null) {
            Admin opened = Admin.create(new HashMap<>(Map.of("bootstrap.servers", servers)));
            closings.push(() -> opened.close(CLOSE_LIMIT));
            admin = opened;
            shared = opened;
        }
        return shared;
    }

    Producer<String, String> producer(Map<String, Object> settings) {
        return producer(settings, StringSerializer::new);
    }

    Producer<byte[], byte[]> bytesProducer(Map<String, Object> settings) {
        return producer(settings, ByteArraySerializer::new);
    }

    private <T> Producer<T, T> producer(Map<String, Object> settings, Supplier<Serializer<T>> serializer) {
        Map<String, Object> all = new HashMap<>(settings);
        all.putIfAbsent("bootstrap.servers", servers);
        Producer<T, T> producer = new KafkaProducer<>(all, serializer.get(), serializer.get());
        closings.push(() -> producer.close(CLOSE_LIMIT));
        return producer;
    }

    Consumer<String, String> consumer(Map<String, Object> settings) {
        return consumer(settings, StringDeserializer::new);
    }

    Consumer<byte[], byte[]> bytesConsumer(Map<String, Object> settings) {
        return consumer(settings, ByteArrayDeserializer::new);
    }

    private <T> Consumer<T, T> consumer(Map<String, Object> settings, Supplier<Deserializer<T>> deserializer) {
        Map<String, Object> all = new HashMap<>(settings);
        all.putIfAbsent("bootstrap.servers", servers);
        all.putIfAbsent("auto.offset.reset", "earliest");
        Consumer<T, T> consumer = new KafkaConsumer<>(all, deserializer.get(), deserializer.get());
        closings.push(() -> consumer.close(CloseOptions.timeout(CLOSE_LIMIT)));
        return consumer;
    }

    /** A consumer in a group that commits when it is told to. */
    Consumer<String, String> member(String group, Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("group.id", group);
        all.putIfAbsent("enable.auto.commit", false);
        return consumer(all);
    }

    /** A consumer without a group that reads all of the topic from its beginning. */
    Consumer<String, String> reader(String topic) {
        Consumer<String, String> consumer = consumer(Map.of());
        consumer.assign(partitions(consumer, topic));
        return consumer;
    }

    /** Everything that the topic holds, as it was stored, partition by partition. */
    List<ConsumerRecord<String, String>> read(String topic) {
        return readAll(reader(topic));
    }

    List<ConsumerRecord<byte[], byte[]>> readBytes(String topic) {
        Consumer<byte[], byte[]> consumer = bytesConsumer(Map.of());
        consumer.assign(partitions(consumer, topic));
        return readAll(consumer);
    }

    /** Sends values without keys to one partition and waits until they are confirmed. */
    List<RecordMetadata> send(String topic, int partition, String... values) {
        Producer<String, String> shared = sender;
        if (shared == null) {
            shared = producer(Map.of());
            sender = shared;
        }
        return send(shared, Arrays.stream(values).map(value -> new ProducerRecord<>(topic, partition, null, value)));
    }

    /** Sends all of them and waits until they are confirmed. */
    static <T> List<RecordMetadata> send(Producer<T, T> producer, Stream<ProducerRecord<T, T>> records) {
        List<Future<RecordMetadata>> sent = records.map(producer::send).toList();
        producer.flush();
        return sent.stream().map(Answer::of).toList();
    }

    static List<TopicPartition> partitions(Consumer<?, ?> consumer, String topic) {
        return consumer.partitionsFor(topic).stream()
                .map(partition -> new TopicPartition(topic, partition.partition()))
                .toList();
    }

    private static <T> List<ConsumerRecord<T, T>> readAll(Consumer<T, T> consumer) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        List<ConsumerRecord<T, T>> records = Polled.until(
                consumer,
                polled -> ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue()));
        return records.stream()
                .sorted(Comparator.comparingInt(ConsumerRecord::partition))
                .toList();
    }

    @Override
    public void close() {
        closings.removeIf(closing -> {
            closing.run();
            return true;
        });
        if (!topics.isEmpty() || !groups.isEmpty()) {
            try (Admin cleaner = Admin.create(new HashMap<>(Map.of("bootstrap.servers", servers)))) {
                cleaner.deleteConsumerGroups(groups).deletedGroups().values().forEach(Answer::await);
                cleaner.deleteTopics(topics).topicNameValues().values().forEach(Answer::await);
            }
        }
    }
}
