package dev.sluice.acceptance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Producers whose batches carry a producer's id and a sequence, as those of Kafka's own client do unless told otherwise. */
@ExtendWith(KafkaExtension.class)
@Timeout(60)
final class KafkaIdempotenceIT {
    /** The client keeps at most so many requests in flight, and a broker remembers as many batches. */
    private static final int IN_FLIGHT = 5;

    @Test
    void keepsTheOrderOfSmallBatchesInFlight(Kafka kafka) {
        String topic = kafka.topic("order", 2);
        Producer<String, String> producer = kafka.producer(Map.of("batch.size", 100, "linger.ms", 0));
        Kafka.send(
                producer,
                IntStream.range(0, 5_000).mapToObj(i -> new ProducerRecord<>(topic, i % 2, null, Integer.toString(i))));
        assertThat(kafka.read(topic))
                .extracting(ConsumerRecord::value)
                .containsExactlyElementsOf(IntStream.concat(
                                IntStream.iterate(0, i -> i < 5_000, i -> i + 2),
                                IntStream.iterate(1, i -> i < 5_000, i -> i + 2))
                        .mapToObj(Integer::toString)
                        .toList());
    }

    @Test
    void storesABatchThatIsSentAgainOnce(Kafka kafka) throws Exception {
        String topic = kafka.topic("again", 1);
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            long id = raw.producerId();
            for (int sequence = 0; sequence < 2 * IN_FLIGHT; sequence += 2) {
                raw.sendProduce(topic, batch(id, 0, sequence, "first of " + sequence, "second of " + sequence));
            }
            for (int sequence = 0; sequence < 2 * IN_FLIGHT; sequence += 2) {
                assertStored(raw.receiveProduced(), sequence);
            }
            for (int sequence = 0; sequence < 2 * IN_FLIGHT; sequence += 2) {
                assertStored(
                        raw.produce(topic, batch(id, 0, sequence, "first of " + sequence, "second of " + sequence)),
                        sequence);
            }
            assertStored(raw.produce(topic, batch(id, 0, 2 * IN_FLIGHT, "the last")), 2 * IN_FLIGHT);
        }
        assertThat(kafka.read(topic)).hasSize(2 * IN_FLIGHT + 1);
    }

    @Test
    void storesABatchOnceThatIsSentAgainOverAnotherConnection(Kafka kafka) throws Exception {
        String topic = kafka.topic("moved", 1);
        long id;
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            id = raw.producerId();
            assertStored(raw.produce(topic, batch(id, 0, 0, "a")), 0);
        }
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            assertStored(raw.produce(topic, batch(id, 0, 0, "a")), 0);
            assertStored(raw.produce(topic, batch(id, 0, 1, "b")), 1);
        }
        assertThat(kafka.read(topic)).extracting(ConsumerRecord::value).containsExactly("a", "b");
    }

    @Test
    void refusesABatchWhosePredecessorIsMissing(Kafka kafka) throws Exception {
        String topic = kafka.topic("gap", 1);
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            long id = raw.producerId();
            assertStored(raw.produce(topic, batch(id, 0, 0, "a")), 0);
            assertRefused(raw.produce(topic, batch(id, 0, 5, "f")), Errors.OUT_OF_ORDER_SEQUENCE_NUMBER);
            assertStored(raw.produce(topic, batch(id, 0, 1, "b")), 1);
        }
        assertThat(kafka.read(topic)).extracting(ConsumerRecord::value).containsExactly("a", "b");
    }

    @Test
    void refusesAnOlderEpochOfAProducer(Kafka kafka) throws Exception {
        String topic = kafka.topic("epoch", 1);
        try (RawKafka raw = RawKafka.connect(kafka.port())) {
            long id = raw.producerId();
            assertStored(raw.produce(topic, batch(id, 0, 0, "old")), 0);
            assertStored(raw.produce(topic, batch(id, 1, 0, "new")), 1);
            assertRefused(raw.produce(topic, batch(id, 0, 1, "late")), Errors.INVALID_PRODUCER_EPOCH);
            assertRefused(raw.produce(topic, batch(id, 2, 7, "gap")), Errors.OUT_OF_ORDER_SEQUENCE_NUMBER);
            assertStored(raw.produce(topic, batch(id, 1, 1, "newer")), 2);
        }
        assertThat(kafka.read(topic)).extracting(ConsumerRecord::value).containsExactly("old", "new", "newer");
    }

    @Test
    void givesEachProducerAnIdOfItsOwn(Kafka kafka) throws Exception {
        try (RawKafka one = RawKafka.connect(kafka.port());
                RawKafka other = RawKafka.connect(kafka.port())) {
            assertThat(List.of(one.producerId(), other.producerId(), one.producerId(), other.producerId()))
                    .doesNotHaveDuplicates()
                    .allMatch(id -> id >= 0);
        }
    }

    @Test
    void remembersProducersWhenItIsKilled(@TempDir Path data) throws Exception {
        SluiceProcess sluice = SluiceProcess.start(data);
        try (Kafka kafka = new Kafka(sluice.kafkaPort())) {
            kafka.topicNamed("orders", 1);
            kafka.send("orders", 0, "of another");
            long id;
            try (RawKafka raw = RawKafka.connect(sluice.kafkaPort())) {
                id = raw.producerId();
                assertStored(raw.produce("orders", batch(id, 0, 0, "a")), 1);
                assertStored(raw.produce("orders", batch(id, 0, 1, "b")), 2);
            }
            sluice.kill();
            sluice = sluice.restart();
            kafka.send("orders", 0, "of another who waited until the broker was there again");
            try (RawKafka raw = RawKafka.connect(sluice.kafkaPort())) {
                assertStored(raw.produce("orders", batch(id, 0, 1, "b")), 2);
                assertStored(raw.produce("orders", batch(id, 0, 2, "c")), 4);
                assertThat(raw.producerId()).isNotEqualTo(id);
            }
        } finally {
            sluice.close();
        }
    }

    private static MemoryRecords batch(long producerId, int epoch, int sequence, String... values) {
        return MemoryRecords.withIdempotentRecords(
                Compression.NONE,
                producerId,
                (short) epoch,
                sequence,
                Arrays.stream(values)
                        .map(value -> new SimpleRecord(System.currentTimeMillis(), value.getBytes(UTF_8)))
                        .toArray(SimpleRecord[]::new));
    }

    private static void assertStored(PartitionProduceResponse answer, long offset) {
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
        assertThat(answer.baseOffset()).isEqualTo(offset);
    }

    private static void assertRefused(PartitionProduceResponse answer, Errors error) {
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(error);
    }
}
