package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kafka's producer with the settings that it has by itself, whose connections are cut while the broker is killed again and again. */
final class KafkaUnderFireIT {
    private static final String TOPIC = "orders";
    private static final int PRODUCERS = 3;
    private static final int KILLS = 6;
    private static final int CUTS = 10;
    /** Records confirmed between two kills. */
    private static final int MOST_IN_A_LIFE = 3_000;

    private static final int MOST_UNDER_WAY = 300;
    private static final int MOST_ANSWER_BYTES = 6_000;
    private static final long PRODUCER_LIMIT_SECONDS = 120;

    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicInteger confirmed = new AtomicInteger();

    /** What is sent comes once and in the order of its producer. */
    @Test
    @Timeout(240)
    void nothingIsLostOrComesTwiceOrOutOfOrder(@TempDir Path data) throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        SluiceProcess sluice = SluiceProcess.start(data);
        int amqpPort = sluice.amqpPort();
        int kafkaPort = sluice.kafkaPort();
        sluice.kill();
        try (var proxy = new CuttingProxy(kafkaPort, MOST_ANSWER_BYTES, new Random(random.nextLong()));
                var threads = Executors.newVirtualThreadPerTaskExecutor();
                var kafka = new Kafka(proxy.port())) {
            String[] options = {
                "--amqp-port", Integer.toString(amqpPort),
                "--kafka-port", Integer.toString(kafkaPort),
                "--kafka-advertised", Broker.HOST + ":" + proxy.port()
            };
            sluice = SluiceProcess.start(data, options);
            List<Future<Integer>> sent = new ArrayList<>();
            for (int i = 0; i < PRODUCERS; i++) {
                sent.add(threads.submit(sending(i, kafka)));
            }
            for (int i = 0; i < KILLS; i++) {
                int enough = confirmed.get() + random.nextInt(MOST_IN_A_LIFE);
                Polled.until(() -> confirmed.get() > enough);
                sluice.kill();
                sluice = SluiceProcess.start(data, options);
            }
            Polled.until(() -> proxy.cuts() >= CUTS);
            proxy.stopCutting();
            over.set(true);
            List<Integer> counts = new ArrayList<>();
            for (Future<Integer> count : sent) {
                counts.add(count.get(PRODUCER_LIMIT_SECONDS, TimeUnit.SECONDS));
            }
            List<ConsumerRecord<String, String>> read = kafka.read(TOPIC);
            for (int i = 0; i < PRODUCERS; i++) {
                String producer = Integer.toString(i);
                assertThat(read.stream()
                                .filter(record -> producer.equals(record.key()))
                                .map(ConsumerRecord::value))
                        .as("producer %s, seed %s", producer, seed)
                        .containsExactlyElementsOf(IntStream.range(0, counts.get(i))
                                .mapToObj(Integer::toString)
                                .toList());
            }
        } finally {
            sluice.close();
        }
    }

    /** Sends numbers until it is over and all are confirmed; returns how many those were. */
    private Callable<Integer> sending(int index, Kafka kafka) {
        Producer<String, String> producer = kafka.producer(Map.of());
        return () -> {
            var underWay = new ArrayDeque<Future<RecordMetadata>>();
            int next = 0;
            while (!over.get()) {
                underWay.add(producer.send(
                        new ProducerRecord<>(TOPIC, 0, Integer.toString(index), Integer.toString(next++))));
                if (underWay.size() > MOST_UNDER_WAY) {
                    underWay.remove().get(PRODUCER_LIMIT_SECONDS, TimeUnit.SECONDS);
                    confirmed.incrementAndGet();
                }
            }
            for (Future<RecordMetadata> last : underWay) {
                last.get(PRODUCER_LIMIT_SECONDS, TimeUnit.SECONDS);
            }
            producer.close(Duration.ofSeconds(5));
            return next;
        };
    }
}
