package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.LongString;
import com.rabbitmq.client.MessageProperties;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One topic, written and read by clients of Kafka and of RabbitMQ. */
@ExtendWith({AmqpExtension.class, KafkaExtension.class})
@Timeout(120)
final class CrossProtocolIT {
    private static final Map<String, Object> TOPIC =
            Map.of("x-queue-type", "stream", "x-partitions", 3, "x-readers", "compete");

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void workersOnAQueueShareWhatAKafkaProducerSends(String compression, Amqp amqp, Kafka kafka) throws Exception {
        Channel channel = amqp.channel();
        String topic = amqp.name("orders");
        channel.queueDeclare(topic, true, false, false, TOPIC);
        Producer<String, String> producer = kafka.producer(Map.of("compression.type", compression, "linger.ms", 20));
        Kafka.send(
                producer,
                IntStream.range(0, 300).mapToObj(i -> new ProducerRecord<>(topic, "key" + i % 10, String.valueOf(i))));

        assertThat(channel.queueDeclare(topic, true, false, false, null).getMessageCount())
                .isEqualTo(300);
        Inbox one = worker(amqp, topic);
        Inbox other = worker(amqp, topic);
        List<String> done = Inbox.shared(List.of(one, other), 300);
        assertThat(done).containsExactlyInAnyOrder(texts(0, 300));
        while (channel.messageCount(topic) > 0) {
            Thread.onSpinWait();
        }
        assertThat(kafka.read(topic)).extracting(ConsumerRecord::value).containsExactlyInAnyOrder(texts(0, 300));
    }

    @Test
    void aTopicThatAProducerMadeIsAQueue(Amqp amqp, Kafka kafka) throws Exception {
        String topic = amqp.name("made-by-kafka");
        long timestampMs = System.currentTimeMillis() - 60_000; // younger than what the topic gives up
        var record = new ProducerRecord<>(topic, 0, timestampMs, "customer-7", "hello");
        record.headers().add("trace", "42".getBytes(StandardCharsets.UTF_8));
        Answer.of(kafka.producer(Map.of()).send(record));

        Channel channel = amqp.channel();
        assertThat(channel.queueDeclarePassive(topic).getMessageCount()).isEqualTo(1);
        channel.queueDeclare(topic, true, false, false, null);
        Delivery delivery = Inbox.manual(channel, topic).next();
        assertThat(Inbox.text(delivery)).isEqualTo("hello");
        assertThat(delivery.getEnvelope().getExchange()).isEmpty();
        assertThat(delivery.getEnvelope().getRoutingKey()).isEqualTo(topic);
        AMQP.BasicProperties properties = Inbox.properties(delivery);
        assertThat(properties.getTimestamp()).isEqualTo(Instant.ofEpochSecond(timestampMs / 1_000));
        assertThat(text(properties.getHeaders().get("x-key"))).isEqualTo("customer-7");
        assertThat(text(properties.getHeaders().get("trace"))).isEqualTo("42");
        assertThat(properties.getHeaders()).containsEntry("x-stream-offset", 0L).hasSize(3);
    }

    @Test
    void aKafkaConsumerReadsWhatAmqpPublishes(Amqp amqp, Kafka kafka) throws Exception {
        Channel channel = amqp.channel();
        String topic = amqp.name("orders");
        channel.queueDeclare(topic, true, false, false, TOPIC);
        String exchange = amqp.name("shop");
        channel.exchangeDeclare(exchange, "topic");
        channel.queueBind(topic, exchange, "#");
        channel.confirmSelect();
        var headers = MessageProperties.PERSISTENT_BASIC
                .builder()
                .headers(Map.of("trace", "Grüße", "count", 7, "x-key", "customer-7"))
                .build();
        channel.basicPublish("", topic, headers, Publish.bytes("keyed"));
        channel.basicPublish("", topic, MessageProperties.PERSISTENT_BASIC, Publish.bytes("without a key"));
        channel.basicPublish(exchange, "eu.fr", MessageProperties.PERSISTENT_BASIC, Publish.bytes("by routing key"));
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);

        List<ConsumerRecord<String, String>> read = kafka.read(topic);
        assertThat(read)
                .extracting(ConsumerRecord::value)
                .containsExactlyInAnyOrder("keyed", "without a key", "by routing key");
        for (ConsumerRecord<String, String> record : read) {
            switch (record.value()) {
                case "keyed" -> {
                    assertThat(record.key()).isEqualTo("customer-7");
                    assertThat(header(record, "trace")).isEqualTo("Grüße");
                    assertThat(header(record, "count")).isEqualTo("7");
                }
                case "by routing key" -> assertThat(record.key()).isEqualTo("eu.fr");
                default -> assertThat(record.key()).isNull();
            }
        }
    }

    @Test
    void aKeyIsInOnePartitionWhoeverPublishes(Amqp amqp, Kafka kafka) throws Exception {
        Channel channel = amqp.channel();
        String topic = amqp.name("orders");
        channel.queueDeclare(topic, true, false, false, TOPIC);
        channel.confirmSelect();
        for (int i = 0; i < 20; i++) {
            var properties = new AMQP.BasicProperties.Builder()
                    .headers(Map.of("x-key", "key" + i))
                    .build();
            channel.basicPublish("", topic, properties, Publish.bytes("amqp"));
        }
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        Kafka.send(
                kafka.producer(Map.of()),
                IntStream.range(0, 20).mapToObj(i -> new ProducerRecord<>(topic, "key" + i, "kafka")));
        Map<String, List<Integer>> partitions = kafka.read(topic).stream()
                .collect(Collectors.groupingBy(
                        ConsumerRecord::key, Collectors.mapping(ConsumerRecord::partition, Collectors.toList())));
        assertThat(partitions).hasSize(20);
        assertThat(partitions.values())
                .allSatisfy(of -> assertThat(of).hasSize(2).containsOnly(of.getFirst()));
    }

    private static String header(ConsumerRecord<?, ?> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }

    /** Clients of RabbitMQ give long strings as they are. */
    private static String text(@Nullable Object value) {
        return value instanceof LongString bytes
                ? new String(bytes.getBytes(), StandardCharsets.UTF_8)
                : String.valueOf(value);
    }

    private static Inbox worker(Amqp amqp, String topic) throws Exception {
        Channel channel = amqp.channel();
        channel.basicQos(1);
        return Inbox.manual(channel, topic);
    }

    private static String[] texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }
}
