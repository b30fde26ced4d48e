package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kafka's consumers share the partitions of a topic, whichever protocol and assignor they use. */
@Timeout(90)
class GroupClientsTest {
    private static final String TOPIC = "orders";
    private static final String GROUP = "billing";
    private static final int PARTITIONS = 6;
    private static final long PATIENCE_MS = 40_000;

    private RunningKafka kafka;
    private final List<KafkaConsumer<String, String>> members = new ArrayList<>();

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        kafka = new RunningKafka(folder);
        kafka.declare(
                TOPIC,
                QueueSettings.DEFAULT
                        .with(QueueProperty.QUEUE_TYPE, "topic")
                        .with(QueueProperty.PARTITIONS, PARTITIONS));
    }

    @AfterEach
    void close() throws Exception {
        members.forEach(member -> member.close(CloseOptions.timeout(Duration.ofSeconds(1))));
        kafka.close();
    }

    @ParameterizedTest
    @CsvSource({
        "classic, org.apache.kafka.clients.consumer.RangeAssignor",
        "classic, org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
        "consumer,",
    })
    void membersThatComeAndGoShareThePartitions(String protocol, String assignor) {
        Map<String, Object> settings = new HashMap<>(Map.of("group.protocol", protocol));
        if (assignor != null) {
            settings.put("partition.assignment.strategy", assignor);
        }
        for (int i = 0; i < 3; i++) {
            join(settings);
        }
        until(() -> owned().equals(List.of(2, 2, 2)));
        members.removeFirst().close();
        until(() -> owned().equals(List.of(3, 3)));
        var last = members.getLast();
        var offsets = new HashMap<TopicPartition, OffsetAndMetadata>();
        last.assignment().forEach(partition -> offsets.put(partition, new OffsetAndMetadata(9)));
        last.commitSync(offsets);
        members.removeLast().close();
        until(() -> owned().equals(List.of(PARTITIONS)));
        assertThat(members.getFirst().committed(offsets.keySet())).isEqualTo(offsets);
    }

    @Test
    void aMemberThatIsSilentLosesItsPartitions() {
        Map<String, Object> settings = Map.of("session.timeout.ms", 6000, "heartbeat.interval.ms", 500);
        join(settings);
        join(settings);
        until(() -> owned().equals(List.of(3, 3)));
        // Nobody tells the broker; its connections end.
        members.removeFirst()
                .close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.REMAIN_IN_GROUP));
        until(() -> owned().equals(List.of(PARTITIONS)));
    }

    @Test
    void aStaticMemberThatComesBackFindsItsPartitionsWithoutARebalance() {
        KafkaConsumer<String, String> stays = join(Map.of("group.instance.id", "stays"));
        KafkaConsumer<String, String> goes = join(Map.of("group.instance.id", "goes"));
        until(() -> owned().equals(List.of(3, 3)));
        var its = List.copyOf(goes.assignment());
        ConsumerGroupMetadata before = stays.groupMetadata();
        members.removeLast().close();
        KafkaConsumer<String, String> back = join(Map.of("group.instance.id", "goes"));
        until(() -> owned().equals(List.of(3, 3)));
        assertThat(back.assignment()).containsExactlyInAnyOrderElementsOf(its);
        assertThat(stays.groupMetadata().generationId()).isEqualTo(before.generationId());
    }

    private KafkaConsumer<String, String> join(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(Map.of(
                "bootstrap.servers", "127.0.0.1:" + kafka.port(),
                "group.id", GROUP,
                "enable.auto.commit", false,
                "auto.offset.reset", "earliest"));
        settings.putAll(more);
        var member = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
        member.subscribe(List.of(TOPIC));
        members.add(member);
        return member;
    }

    private List<Integer> owned() {
        return members.stream().map(member -> member.assignment().size()).toList();
    }

    private void until(BooleanSupplier condition) {
        long deadlineMs = System.currentTimeMillis() + PATIENCE_MS;
        while (!condition.getAsBoolean()) {
            assertThat(System.currentTimeMillis()).as("owned: %s", owned()).isLessThan(deadlineMs);
            members.forEach(member -> member.poll(Duration.ofMillis(50)));
        }
    }
}
