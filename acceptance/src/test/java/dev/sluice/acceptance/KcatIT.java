package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Librdkafka, on which the clients of most languages but Java stand, by way of kcat. */
@ExtendWith(KafkaExtension.class)
@Timeout(120)
final class KcatIT {
    @Test
    void listsTopics(Kafka kafka) throws Exception {
        String topic = kafka.topic("listed", 3);
        assertThat(kcat(kafka, "", "-L"))
                .contains("1 brokers:", "at " + kafka.servers(), "topic \"" + topic + "\" with 3 partitions:");
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void producesWithEachCodecWhatTheJavaClientReads(String codec, Kafka kafka) throws Exception {
        String topic = kafka.topic("produced", 1);
        kcat(kafka, lines(1_000), "-P", "-t", topic, "-z", codec);
        assertThat(kafka.read(topic)).extracting(ConsumerRecord::value).containsExactly(values(1_000));
    }

    @Test
    void keepsKeysHeadersAndNothing(Kafka kafka) throws Exception {
        String topic = kafka.topic("whole", 1);
        kcat(kafka, "a:1\nb:\n", "-P", "-t", topic, "-K", ":", "-Z", "-H", "color=red", "-H", "none");
        assertThat(kcat(kafka, "", "-C", "-t", topic, "-e", "-q", "-Z", "-f", "%o %k %s %h\\n"))
                .isEqualTo("0 a 1 color=red,none=NULL\n1 b NULL color=red,none=NULL\n");
    }

    @Test
    void consumesCompressedBatchesOfTheJavaClientFromAnOffset(Kafka kafka) throws Exception {
        String topic = kafka.topic("consumed", 1);
        kafka.send(topic, 0, values(100));
        assertThat(kcat(kafka, "", "-C", "-t", topic, "-o", "95", "-e", "-q")).isEqualTo("95\n96\n97\n98\n99\n");
        assertThat(kcat(kafka, "", "-C", "-t", topic, "-p", "0", "-o", "-2", "-e", "-q"))
                .isEqualTo("98\n99\n");
        assertThat(kcat(kafka, "", "-C", "-t", topic, "-o", "beginning", "-c", "3", "-q"))
                .isEqualTo("0\n1\n2\n");
    }

    @Test
    void findsOffsetsByTime(Kafka kafka) throws Exception {
        String topic = kafka.topic("times", 1);
        kafka.send(topic, 0, values(10));
        assertThat(kcat(kafka, "", "-Q", "-t", topic + ":0:0")).contains("offset 0");
        assertThat(kcat(kafka, "", "-Q", "-t", topic + ":0:-1")).contains("offset 10");
    }

    @Test
    void producesIdempotently(Kafka kafka) throws Exception {
        String topic = kafka.topic("idempotent", 1);
        kcat(kafka, lines(10_000), "-P", "-t", topic, "-X", "enable.idempotence=true", "-X", "batch.num.messages=100");
        assertThat(kafka.read(topic)).extracting(ConsumerRecord::value).containsExactly(values(10_000));
    }

    @Test
    void aGroupGoesOnWhereItEnded(Kafka kafka) throws Exception {
        String topic = kafka.topic("group", 2);
        String group = kafka.group("group");
        kafka.send(topic, 0, values(10));
        assertThat(consumeAsGroup(kafka, group, topic)).containsExactly(values(10));
        kafka.send(topic, 1, "ten");
        assertThat(consumeAsGroup(kafka, group, topic)).containsExactly("ten");
    }

    private static List<String> consumeAsGroup(Kafka kafka, String group, String topic) throws Exception {
        return kcat(kafka, "", "-G", group, "-X", "auto.offset.reset=earliest", "-e", "-q", topic)
                .lines()
                .toList();
    }

    private static String kcat(Kafka kafka, String input, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("kcat", "-b", kafka.servers()));
        command.addAll(List.of(options));
        return CommandLine.run(command, input);
    }

    private static String[] values(int count) {
        return IntStream.range(0, count).mapToObj(Integer::toString).toArray(String[]::new);
    }

    private static String lines(int count) {
        return IntStream.range(0, count).mapToObj(i -> i + "\n").collect(Collectors.joining());
    }
}
