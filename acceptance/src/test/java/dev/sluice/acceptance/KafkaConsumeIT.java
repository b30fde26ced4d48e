package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Consumers of Kafka without a group, which choose their partitions and offsets themselves. */
@ExtendWith(KafkaExtension.class)
@Timeout(60)
final class KafkaConsumeIT {
    @Test
    void anEmptyFetchWaitsForTheNextRecord(Kafka kafka) {
        String topic = kafka.topic("waiting", 1);
        Consumer<String, String> consumer = kafka.consumer(Map.of("fetch.max.wait.ms", 25_000));
        consumer.assign(List.of(new TopicPartition(topic, 0)));
        assertThat(Polled.quiet(consumer)).isEmpty();
        long sentNs = System.nanoTime();
        kafka.send(topic, 0, "at last");
        assertThat(Polled.values(consumer, 1)).containsExactly("at last");
        assertThat(Duration.ofNanos(System.nanoTime() - sentNs)).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    void aFetchWaitsForAsManyBytesAsItAsksFor(Kafka kafka) {
        String topic = kafka.topic("gathering", 1);
        Consumer<String, String> consumer =
                kafka.consumer(Map.of("fetch.max.wait.ms", 25_000, "fetch.min.bytes", 1_000));
        consumer.assign(List.of(new TopicPartition(topic, 0)));
        kafka.send(topic, 0, "too little");
        assertThat(Polled.quiet(consumer)).isEmpty();
        kafka.send(topic, 0, "x".repeat(1_000));
        assertThat(Polled.values(consumer, 2)).startsWith("too little");
    }

    @Test
    void aFetchEndsWithoutAnythingWhenItsTimeIsOver(Kafka kafka) {
        String topic = kafka.topic("patient", 1);
        Consumer<String, String> consumer =
                kafka.consumer(Map.of("fetch.max.wait.ms", 100, "fetch.min.bytes", 1_000_000));
        consumer.assign(List.of(new TopicPartition(topic, 0)));
        kafka.send(topic, 0, "little");
        assertThat(Polled.values(consumer, 1)).containsExactly("little");
    }

    @Test
    void readsFromTheBeginningTheEndOrAnOffset(Kafka kafka) {
        String topic = kafka.topic("seek", 1);
        kafka.send(topic, 0, texts(0, 10));
        var partition = new TopicPartition(topic, 0);
        Consumer<String, String> consumer = kafka.reader(topic);

        consumer.seekToBeginning(List.of(partition));
        assertThat(Polled.values(consumer, 10)).containsExactly(texts(0, 10));
        consumer.seek(partition, 7);
        assertThat(Polled.values(consumer, 3)).containsExactly(texts(7, 10));
        consumer.seekToEnd(List.of(partition));
        assertThat(consumer.position(partition)).isEqualTo(10);
        kafka.send(topic, 0, "10");
        assertThat(Polled.values(consumer, 1)).containsExactly("10");
        consumer.seek(partition, 0);
        assertThat(Polled.values(consumer, 11)).containsExactly(texts(0, 11));
    }

    @Test
    void aSeekIntoTheMiddleOfABatchBeginsThere(Kafka kafka) {
        String topic = kafka.topic("middle", 1);
        Producer<String, String> producer = kafka.producer(Map.of("linger.ms", 1_000, "compression.type", "gzip"));
        Kafka.send(producer, Arrays.stream(texts(0, 100)).map(text -> new ProducerRecord<>(topic, text)));
        Consumer<String, String> consumer = kafka.reader(topic);
        consumer.seek(new TopicPartition(topic, 0), 55);
        assertThat(Polled.values(consumer, 45)).containsExactly(texts(55, 100));
    }

    @Test
    void findsOffsetsByTime(Kafka kafka) {
        String topic = kafka.topic("times", 2);
        Producer<String, String> producer = kafka.producer(Map.of());
        long startMs = System.currentTimeMillis() - 100_000;
        for (int i = 0; i < 10; i++) {
            Answer.of(producer.send(new ProducerRecord<>(topic, 0, startMs + i * 1_000L, null, Integer.toString(i))));
        }
        var partition = new TopicPartition(topic, 0);
        Consumer<String, String> consumer = kafka.reader(topic);
        assertThat(offsetAt(consumer, partition, 0).offset()).isZero();
        assertThat(offsetAt(consumer, partition, startMs + 3_000).offset()).isEqualTo(3);
        OffsetAndTimestamp next = offsetAt(consumer, partition, startMs + 3_001);
        assertThat(next.offset()).isEqualTo(4);
        assertThat(next.timestamp()).isEqualTo(startMs + 4_000);
        assertThat(consumer.offsetsForTimes(Map.of(partition, startMs + 9_001))).containsEntry(partition, null);
        var empty = new TopicPartition(topic, 1);
        assertThat(consumer.offsetsForTimes(Map.of(empty, startMs))).containsEntry(empty, null);
    }

    @Test
    void findsTheRecordWithTheGreatestTimestamp(Kafka kafka) {
        String topic = kafka.topic("latest", 2);
        var partition = new TopicPartition(topic, 0);
        var empty = new TopicPartition(topic, 1);
        long nowMs = System.currentTimeMillis();
        Producer<String, String> producer = kafka.producer(Map.of("compression.type", "lz4", "linger.ms", 200));
        Kafka.send(
                producer,
                IntStream.of(1, 5, 9, 3, 9, 2)
                        .mapToObj(
                                second -> new ProducerRecord<>(topic, 0, nowMs - 10_000 + second * 1_000L, null, "a")));
        Kafka.send(producer, Stream.of(new ProducerRecord<>(topic, 0, nowMs - 4_000, null, "b")));
        ListOffsetsResultInfo latest = find(kafka, partition, OffsetSpec.maxTimestamp());
        assertThat(latest.offset()).isEqualTo(2);
        assertThat(latest.timestamp()).isEqualTo(nowMs - 1_000);
        assertThat(find(kafka, empty, OffsetSpec.maxTimestamp()).offset()).isEqualTo(-1);
        assertThat(find(kafka, partition, OffsetSpec.earliestLocal()).offset()).isZero();
        assertThat(find(kafka, partition, OffsetSpec.latestTiered()).offset()).isEqualTo(-1);
    }

    private static ListOffsetsResultInfo find(Kafka kafka, TopicPartition partition, OffsetSpec spec) {
        return Answer.of(kafka.admin().listOffsets(Map.of(partition, spec)).partitionResult(partition));
    }

    private static OffsetAndTimestamp offsetAt(Consumer<?, ?> consumer, TopicPartition partition, long timestampMs) {
        return Objects.requireNonNull(
                consumer.offsetsForTimes(Map.of(partition, timestampMs)).get(partition));
    }

    @Test
    void knowsWherePartitionsBeginAndEnd(Kafka kafka) {
        String topic = kafka.topic("ends", 2);
        kafka.send(topic, 1, texts(0, 5));
        var empty = new TopicPartition(topic, 0);
        var full = new TopicPartition(topic, 1);
        Consumer<String, String> consumer = kafka.reader(topic);
        assertThat(consumer.beginningOffsets(List.of(empty, full))).isEqualTo(Map.of(empty, 0L, full, 0L));
        assertThat(consumer.endOffsets(List.of(empty, full))).isEqualTo(Map.of(empty, 0L, full, 5L));
        Answer.of(kafka.admin()
                .deleteRecords(Map.of(full, RecordsToDelete.beforeOffset(3)))
                .all());
        assertThat(consumer.beginningOffsets(List.of(empty, full))).isEqualTo(Map.of(empty, 0L, full, 3L));
        assertThat(consumer.endOffsets(List.of(empty, full))).isEqualTo(Map.of(empty, 0L, full, 5L));
    }

    @Test
    void readsOnlyWhatDeletedRecordsLeave(Kafka kafka) {
        String topic = kafka.topic("trimmed", 1);
        kafka.send(topic, 0, texts(0, 10));
        var partition = new TopicPartition(topic, 0);
        Answer.of(kafka.admin()
                .deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4)))
                .all());
        assertThat(kafka.read(topic)).extracting(ConsumerRecord::offset).containsExactly(4L, 5L, 6L, 7L, 8L, 9L);
    }

    @Test
    void anOffsetOutOfRangeIsResetAsTheConsumerWishes(Kafka kafka) {
        String topic = kafka.topic("range", 1);
        kafka.send(topic, 0, texts(0, 10));
        var partition = new TopicPartition(topic, 0);
        Answer.of(kafka.admin()
                .deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4)))
                .all());

        Consumer<String, String> earliest = kafka.reader(topic);
        earliest.seek(partition, 2);
        assertThat(Polled.values(earliest, 6)).containsExactly(texts(4, 10));
        earliest.seek(partition, 1_000);
        assertThat(Polled.values(earliest, 6)).containsExactly(texts(4, 10));

        Consumer<String, String> none = kafka.consumer(Map.of("auto.offset.reset", "none"));
        none.assign(List.of(partition));
        none.seek(partition, 1_000);
        assertThatThrownBy(() -> Polled.records(none, 1))
                .isInstanceOfSatisfying(
                        OffsetOutOfRangeException.class,
                        e -> assertThat(e.offsetOutOfRangePartitions()).isEqualTo(Map.of(partition, 1_000L)));
    }

    @Test
    void fetchesInSmallPartsAndNeverSticksAtALargeRecord(Kafka kafka) {
        String topic = kafka.topic("parts", 2);
        kafka.send(topic, 0, texts(0, 100));
        kafka.send(topic, 1, "small", "x".repeat(100_000), "small again");
        Consumer<String, String> consumer =
                kafka.consumer(Map.of("max.partition.fetch.bytes", 500, "fetch.max.bytes", 1_000));
        consumer.assign(Kafka.partitions(consumer, topic));
        List<ConsumerRecord<String, String>> read = Polled.records(consumer, 103);
        assertThat(read.stream().filter(record -> record.partition() == 0))
                .extracting(ConsumerRecord::value)
                .containsExactly(texts(0, 100));
        assertThat(read.stream().filter(record -> record.partition() == 1))
                .extracting(record -> record.value().length())
                .containsExactly(5, 100_000, 11);
    }

    @Test
    void manyPartitionsAreReadInOneFetchSession(Kafka kafka) {
        int partitions = 50;
        String topic = kafka.topic("session", partitions);
        Consumer<String, String> consumer = kafka.reader(topic);
        assertThat(Polled.quiet(consumer)).isEmpty();
        for (int round = 0; round < 3; round++) {
            for (int partition = 0; partition < partitions; partition += 7) {
                kafka.send(topic, partition, round + "/" + partition);
                ConsumerRecord<String, String> record =
                        Polled.records(consumer, 1).getFirst();
                assertThat(record.value()).isEqualTo(round + "/" + partition);
                assertThat(record.partition()).isEqualTo(partition);
                assertThat(record.offset()).isEqualTo(round);
            }
        }
        consumer.assign(List.of(new TopicPartition(topic, 1)));
        kafka.send(topic, 0, "for nobody");
        kafka.send(topic, 1, "for the one that is left");
        assertThat(Polled.values(consumer, 1)).containsExactly("for the one that is left");
    }

    @Test
    void pausedPartitionsWait(Kafka kafka) {
        String topic = kafka.topic("paused", 2);
        Consumer<String, String> consumer = kafka.reader(topic);
        var paused = List.of(new TopicPartition(topic, 0));
        consumer.pause(paused);
        kafka.send(topic, 0, "later");
        kafka.send(topic, 1, "now");
        assertThat(Polled.values(consumer, 1)).containsExactly("now");
        consumer.resume(paused);
        assertThat(Polled.values(consumer, 1)).containsExactly("later");
    }

    @Test
    void tellsThePartitionsOfATopic(Kafka kafka) {
        String topic = kafka.topic("known", 3);
        Consumer<String, String> consumer = kafka.consumer(Map.of("allow.auto.create.topics", false));
        assertThat(consumer.partitionsFor(topic))
                .extracting(PartitionInfo::partition)
                .containsExactlyInAnyOrder(0, 1, 2);
        assertThat(consumer.listTopics()).containsKey(topic);
        assertThat(consumer.partitionsFor(topic)).allSatisfy(partition -> {
            assertThat(partition.leader()).isNotNull();
            assertThat(partition.replicas()).containsExactly(partition.leader());
            assertThat(partition.inSyncReplicas()).containsExactly(partition.leader());
        });
        assertThat(consumer.partitionsFor(kafka.name("unknown"))).isEmpty();
    }

    private static String[] texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }
}
