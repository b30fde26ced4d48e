package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The command line tools that come with Kafka. The build puts them where this looks for them. */
@ExtendWith(KafkaExtension.class)
@Timeout(120)
final class KafkaToolsIT {
    private static final Path LIBRARIES = SluiceProcess.repository().resolve("acceptance/target/kafka-tools/*");
    private static final String PACKAGE = "org.apache.kafka.tools.";
    private static final String TOPICS = PACKAGE + "TopicCommand";
    private static final String CONFIGS = PACKAGE + "ConfigCommand";
    private static final String GROUPS = PACKAGE + "consumer.group.ConsumerGroupCommand";
    private static final String CONSUMER = PACKAGE + "consumer.ConsoleConsumer";

    /** kafka-topics */
    @Test
    void makesDescribesAndDeletesTopics(Kafka kafka) throws Exception {
        String topic = kafka.name("tools");
        assertThat(run(kafka, TOPICS, "--create", "--topic", topic, "--partitions", "2"))
                .contains("Created topic " + topic);
        assertThat(run(kafka, TOPICS, "--list")).contains(topic);
        assertThat(run(kafka, TOPICS, "--alter", "--topic", topic, "--partitions", "3"))
                .isBlank();
        assertThat(run(kafka, TOPICS, "--describe", "--topic", topic))
                .contains("PartitionCount: 3", "ReplicationFactor: 1", "Partition: 2");
        run(kafka, TOPICS, "--delete", "--topic", topic);
        assertThat(CommandLine.end(command(kafka, TOPICS, "--describe", "--topic", topic), "")
                        .exitCode())
                .isNotZero();
    }

    /** kafka-console-producer and kafka-console-consumer */
    @Test
    void producesAndConsumes(Kafka kafka) throws Exception {
        String topic = kafka.topic("console", 1);
        String separated = "--reader-property";
        CommandLine.run(
                command(
                        kafka,
                        PACKAGE + "ConsoleProducer",
                        "--topic",
                        topic,
                        separated,
                        "parse.key=true",
                        separated,
                        "key.separator=:"),
                "a:1\nb:2\n");
        assertThat(kafka.read(topic)).extracting(ConsumerRecord::key).containsExactly("a", "b");
        assertThat(run(
                        kafka,
                        CONSUMER,
                        "--topic",
                        topic,
                        "--from-beginning",
                        "--max-messages",
                        "2",
                        "--formatter-property",
                        "print.key=true"))
                .isEqualTo("a\t1\nb\t2\n");
    }

    /** kafka-get-offsets */
    @Test
    void showsOffsets(Kafka kafka) throws Exception {
        String topic = kafka.topic("ends", 2);
        kafka.send(topic, 1, "a", "b");
        assertThat(run(kafka, PACKAGE + "GetOffsetShell", "--topic", topic))
                .isEqualTo(topic + ":0:0\n" + topic + ":1:2\n");
        long soonMs = System.currentTimeMillis() + 60_000;
        Answer.of(kafka.producer(Map.of()).send(new ProducerRecord<>(topic, 1, soonMs, null, "c")));
        kafka.send(topic, 1, "d");
        assertThat(run(
                        kafka,
                        PACKAGE + "GetOffsetShell",
                        "--topic-partitions",
                        topic + ":1",
                        "--time",
                        "max-timestamp"))
                .isEqualTo(topic + ":1:2\n");
    }

    /** kafka-configs */
    @Test
    void changesAndShowsSettings(Kafka kafka) throws Exception {
        String topic = kafka.topic("settings", 1);
        String[] entity = {"--entity-type", "topics", "--entity-name", topic};
        run(kafka, CONFIGS, join(entity, "--alter", "--add-config", "retention.ms=3600000"));
        assertThat(run(kafka, CONFIGS, join(entity, "--describe"))).contains("retention.ms=3600000");
        run(kafka, CONFIGS, join(entity, "--alter", "--delete-config", "retention.ms"));
        assertThat(run(kafka, CONFIGS, join(entity, "--describe"))).doesNotContain("retention.ms");
    }

    /** kafka-consumer-groups */
    @Test
    void showsResetsAndDeletesGroups(Kafka kafka) throws Exception {
        String topic = kafka.topic("grouped", 1);
        String group = kafka.group("tools");
        kafka.send(topic, 0, IntStream.range(0, 10).mapToObj(Integer::toString).toArray(String[]::new));
        assertThat(run(kafka, CONSUMER, "--topic", topic, "--group", group, "--from-beginning", "--max-messages", "4"))
                .isEqualTo("0\n1\n2\n3\n");
        assertThat(run(kafka, GROUPS, "--list")).contains(group);
        assertThat(run(kafka, GROUPS, "--describe", "--group", group))
                .containsPattern(topic + " +0 +4 +10 +6 "); // partition, committed, end, lag
        run(kafka, GROUPS, "--group", group, "--topic", topic, "--reset-offsets", "--to-offset", "9", "--execute");
        assertThat(run(kafka, GROUPS, "--describe", "--group", group)).containsPattern(topic + " +0 +9 +10 +1 ");
        assertThat(run(kafka, GROUPS, "--delete", "--group", group)).contains("was successful");
    }

    private static String run(Kafka kafka, String tool, String... options) throws Exception {
        return CommandLine.run(command(kafka, tool, options), "");
    }

    private static List<String> command(Kafka kafka, String tool, String... options) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dslf4j.internal.verbosity=ERROR",
                "-cp",
                LIBRARIES.toString(),
                tool,
                "--bootstrap-server",
                kafka.servers()));
        command.addAll(List.of(options));
        return command;
    }

    private static String[] join(String[] first, String... second) {
        List<String> all = new ArrayList<>(List.of(first));
        all.addAll(List.of(second));
        return all.toArray(String[]::new);
    }
}
