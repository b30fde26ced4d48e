package dev.sluice.kafka;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Kafka's own clients, which produce to a topic, and consume from it as a group. Stateless. */
public final class KafkaRehearsal {
    private static final String TOPIC = "rehearsal";
    private static final int PARTITIONS = 4;
    private static final int RECORDS = 80_000;
    private static final int RECORD_BYTES = 1000;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private KafkaRehearsal() {}

    /** Does it with a broker that is there for nothing else; blocks. */
    public static void run(InetSocketAddress listener) throws IOException, InterruptedException {
        String address = listener.getAddress().getHostAddress() + ":" + listener.getPort();
        Map<String, Object> common = Map.of(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, address);
        try (Admin admin = Admin.create(common)) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)))
                    .all()
                    .get();
            produce(address);
            consume(address);
        } catch (ExecutionException refused) {
            throw new IOException("the broker refused", refused);
        }
    }

    private static void produce(String address) throws ExecutionException, InterruptedException {
        Map<String, Object> settings =
                Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, address, ProducerConfig.LINGER_MS_CONFIG, 1);
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            byte[] value = new byte[RECORD_BYTES];
            List<Future<RecordMetadata>> confirms = new ArrayList<>();
            for (int i = 0; i < RECORDS; i++) {
                confirms.add(producer.send(new ProducerRecord<>(TOPIC, i % PARTITIONS, null, value)));
            }
            for (Future<RecordMetadata> confirm : confirms) {
                confirm.get();
            }
        }
    }

    private static void consume(String address) throws IOException {
        Map<String, Object> settings = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, address,
                ConsumerConfig.GROUP_ID_CONFIG, TOPIC,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            Instant end = Instant.now().plus(PATIENCE);
            for (int read = 0; read < RECORDS; ) {
                if (Instant.now().isAfter(end)) {
                    throw new IOException("only " + read + " of " + RECORDS + " records came");
                }
                read += consumer.poll(Duration.ofMillis(100)).count();
            }
            consumer.commitSync();
        }
    }
}
