package dev.sluice.acceptance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What producers of Kafka send, read again as it was sent. */
@ExtendWith(KafkaExtension.class)
@Timeout(60)
final class KafkaProduceIT {
    private static final int MIB = 1 << 20;

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "all"})
    void storesWithEachKindOfAcknowledgement(String acks, Kafka kafka) {
        String topic = kafka.topic("acks", 1);
        Producer<String, String> producer = kafka.producer(Map.of("acks", acks, "enable.idempotence", false));
        Consumer<String, String> reader = kafka.reader(topic);
        for (int i = 0; i < 3; i++) {
            RecordMetadata sent = Answer.of(producer.send(new ProducerRecord<>(topic, "value " + i)));
            assertThat(sent.hasOffset()).isEqualTo(!acks.equals("0"));
            assertThat(sent.offset()).isEqualTo(acks.equals("0") ? -1 : i);
            assertThat(Polled.values(reader, 1)).containsExactly("value " + i);
        }
    }

    @Test
    void keepsKeysHeadersAndTimestamps(Kafka kafka) {
        String topic = kafka.topic("whole", 1);
        long timestampMs = System.currentTimeMillis() - 60_000;
        var record = new ProducerRecord<>(topic, 0, timestampMs, bytes("key"), bytes("value"));
        record.headers()
                .add("text", bytes("Grüße"))
                .add("binary", new byte[] {0, -1, (byte) 0xc3, 0x28})
                .add("twice", bytes("first"))
                .add("twice", bytes("second"))
                .add("empty", new byte[0])
                .add("none", null);
        RecordMetadata sent = Answer.of(kafka.bytesProducer(Map.of()).send(record));
        assertThat(sent.timestamp()).isEqualTo(timestampMs);

        ConsumerRecord<byte[], byte[]> read = kafka.readBytes(topic).getFirst();
        assertThat(read.key()).isEqualTo(bytes("key"));
        assertThat(read.value()).isEqualTo(bytes("value"));
        assertThat(read.timestamp()).isEqualTo(timestampMs);
        assertThat(read.timestampType()).isEqualTo(TimestampType.CREATE_TIME);
        assertThat(read.headers().toArray())
                .extracting(Header::key)
                .containsExactly("text", "binary", "twice", "twice", "empty", "none");
        assertThat(read.headers().toArray())
                .extracting(Header::value)
                .containsExactly(
                        bytes("Grüße"),
                        new byte[] {0, -1, (byte) 0xc3, 0x28},
                        bytes("first"),
                        bytes("second"),
                        new byte[0],
                        null);
    }

    @Test
    void tellsNothingFromEmpty(Kafka kafka) {
        String topic = kafka.topic("nothing", 1);
        Producer<String, String> producer = kafka.producer(Map.of());
        Answer.of(producer.send(new ProducerRecord<>(topic, null, null)));
        Answer.of(producer.send(new ProducerRecord<>(topic, "", "")));
        Answer.of(producer.send(new ProducerRecord<>(topic, "deleted", null)));
        List<ConsumerRecord<String, String>> read = kafka.read(topic);
        assertThat(read).extracting(ConsumerRecord::key).containsExactly(null, "", "deleted");
        assertThat(read).extracting(ConsumerRecord::value).containsExactly(null, "", null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void keepsEveryByteOfCompressedBatches(String codec, Kafka kafka) {
        String topic = kafka.topic(codec, 1);
        Producer<byte[], byte[]> producer = kafka.bytesProducer(Map.of("compression.type", codec, "linger.ms", 50));
        Random random = new Random(codec.hashCode());
        List<byte[]> values =
                IntStream.range(0, 300).mapToObj(i -> value(random)).toList();
        Kafka.send(producer, values.stream().map(value -> new ProducerRecord<>(topic, value)));
        assertThat(kafka.readBytes(topic)).extracting(ConsumerRecord::value).containsExactlyElementsOf(values);
    }

    /** Up to 2,000 bytes, one half random and one half not. */
    private static byte[] value(Random random) {
        byte[] value = new byte[random.nextInt(2_000)];
        byte[] noise = new byte[value.length / 2];
        random.nextBytes(noise);
        System.arraycopy(noise, 0, value, 0, noise.length);
        return value;
    }

    @Test
    void storesLargeRecordsAmongSmallOnes(Kafka kafka) {
        String topic = kafka.topic("large", 1);
        Producer<byte[], byte[]> producer = kafka.bytesProducer(Map.of());
        Random random = new Random(1);
        List<byte[]> values = IntStream.of(1, 1_000_000, 10, 500_000, 0, 900_000)
                .mapToObj(byte[]::new)
                .toList();
        values.forEach(random::nextBytes);
        values.forEach(value -> Answer.of(producer.send(new ProducerRecord<>(topic, value))));
        assertThat(kafka.readBytes(topic)).extracting(ConsumerRecord::value).containsExactlyElementsOf(values);
    }

    @Test
    void refusesARecordThatIsTooLargeAndTakesTheNext(Kafka kafka) {
        String topic = kafka.topic("limited", 1);
        Producer<byte[], byte[]> producer = kafka.bytesProducer(Map.of("max.request.size", 10 * MIB));
        Answer.of(producer.send(new ProducerRecord<>(topic, new byte[MIB - 100])));
        assertThat(Answer.error(producer.send(new ProducerRecord<>(topic, new byte[MIB]))))
                .isInstanceOf(RecordTooLargeException.class);
        assertThat(Answer.error(producer.send(new ProducerRecord<>(topic, new byte[5 * MIB]))))
                .isInstanceOf(RecordTooLargeException.class);
        Answer.of(producer.send(new ProducerRecord<>(topic, new byte[MIB - 99])));
        assertThat(kafka.readBytes(topic))
                .extracting(record -> record.value().length)
                .containsExactly(MIB - 100, MIB - 99);
    }

    @Test
    void keepsTheOrderOfEachKeyInThePartitionOfItsHash(Kafka kafka) {
        String topic = kafka.topic("keyed", 5);
        Producer<String, String> producer = kafka.producer(Map.of("linger.ms", 5));
        int keys = 20;
        Kafka.send(
                producer,
                IntStream.range(0, 2_000)
                        .mapToObj(i -> new ProducerRecord<>(topic, "key" + i % keys, Integer.toString(i))));

        List<ConsumerRecord<String, String>> read = kafka.read(topic);
        assertThat(read).hasSize(2_000);
        for (int key = 0; key < keys; key++) {
            String name = "key" + key;
            List<ConsumerRecord<String, String>> ofKey =
                    read.stream().filter(record -> record.key().equals(name)).toList();
            assertThat(ofKey)
                    .extracting(ConsumerRecord::partition)
                    .containsOnly(Utils.toPositive(Utils.murmur2(bytes(name))) % 5);
            assertThat(ofKey)
                    .extracting(ConsumerRecord::value)
                    .containsExactlyElementsOf(IntStream.iterate(key, i -> i < 2_000, i -> i + keys)
                            .mapToObj(Integer::toString)
                            .toList());
        }
    }

    @Test
    void givesDenseOffsetsInEachPartition(Kafka kafka) {
        String topic = kafka.topic("dense", 3);
        for (int partition = 0; partition < 3; partition++) {
            kafka.send(topic, partition, "a", "b");
            kafka.send(topic, partition, "c");
        }
        assertThat(kafka.read(topic))
                .extracting(record -> record.partition() + ":" + record.offset() + ":" + record.value())
                .containsExactly("0:0:a", "0:1:b", "0:2:c", "1:0:a", "1:1:b", "1:2:c", "2:0:a", "2:1:b", "2:2:c");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }
}
