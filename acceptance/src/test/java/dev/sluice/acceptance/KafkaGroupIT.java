package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Consumers that share the partitions of a topic as a group. */
@ExtendWith(KafkaExtension.class)
@Timeout(120)
final class KafkaGroupIT {
    private static final int RECORDS = Integer.getInteger("group.records", 100_000);
    private static final int KEYS = 1_000;
    private static final int PARTITIONS = 6;

    /** The shortest that Kafka's own brokers take. */
    private static final int SESSION_TIMEOUT_MS = 6_000;

    @ParameterizedTest
    @ValueSource(classes = {RangeAssignor.class, CooperativeStickyAssignor.class})
    void seesEveryRecordInTheOrderOfItsKeyWhileMembersComeAndGo(Class<?> assignor, Kafka kafka) throws Exception {
        String topic = kafka.topic("flow", PARTITIONS);
        String group = kafka.group("flow");
        Map<String, Object> settings =
                Map.of("partition.assignment.strategy", assignor.getName(), "session.timeout.ms", SESSION_TIMEOUT_MS);
        GroupLog log = new GroupLog(KEYS);
        Producer<String, String> producer = kafka.producer(Map.of("linger.ms", 5));

        List<GroupMember> members = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            members.add(GroupMember.join(kafka, group, topic, log, settings));
        }
        int part = RECORDS / 4;
        send(producer, topic, 0, part);
        awaitSeen(log, part / 2);
        members.removeFirst().leave();
        send(producer, topic, part, 2 * part);
        awaitSeen(log, part + part / 2);
        members.add(GroupMember.join(kafka, group, topic, log, settings));
        send(producer, topic, 2 * part, 3 * part);
        awaitSeen(log, 2 * part + part / 2);
        members.removeFirst().die();
        send(producer, topic, 3 * part, RECORDS);
        members.add(GroupMember.join(kafka, group, topic, log, settings));
        awaitSeen(log, RECORDS);
        for (GroupMember member : members) {
            member.leave();
        }

        assertThat(log.violations()).as(log.toString()).isEmpty();
        Consumer<String, String> last = kafka.member(group, Map.of());
        last.subscribe(List.of(topic));
        assertThat(Polled.quiet(last)).isEmpty();
        assertThat(committed(last, topic)).isEqualTo(RECORDS);
    }

    private static void send(Producer<String, String> producer, String topic, int from, int to) {
        Kafka.send(
                producer,
                IntStream.range(from, to)
                        .mapToObj(i -> new ProducerRecord<>(topic, Integer.toString(i % KEYS), Integer.toString(i))));
    }

    private static void awaitSeen(GroupLog log, int count) {
        Polled.until(() -> log.distinct() >= count);
    }

    /** The sum over all partitions. */
    private static long committed(Consumer<?, ?> consumer, String topic) {
        return consumer.committed(Set.copyOf(Kafka.partitions(consumer, topic))).values().stream()
                .mapToLong(OffsetAndMetadata::offset)
                .sum();
    }

    @Test
    void seesEveryRecordInTheOrderOfItsKeyWhileTheBrokerIsKilled(@TempDir Path data) throws Exception {
        int part = RECORDS / 4;
        SluiceProcess sluice = SluiceProcess.start(data);
        try (Kafka kafka = new Kafka(sluice.kafkaPort())) {
            kafka.topicNamed("flow", PARTITIONS);
            GroupLog log = new GroupLog(KEYS);
            List<GroupMember> members = IntStream.range(0, 2)
                    .mapToObj(i -> GroupMember.join(kafka, "flow", "flow", log, Map.of()))
                    .toList();
            Producer<String, String> producer = kafka.producer(Map.of("linger.ms", 5));
            for (int i = 0; i < 3; i++) {
                send(producer, "flow", i * part, (i + 1) * part);
                awaitSeen(log, i * part + part / 2);
                sluice.kill();
                sluice = sluice.restart();
            }
            awaitSeen(log, 3 * part);
            for (GroupMember member : members) {
                member.leave();
            }
            assertThat(log.violations()).as(log.toString()).isEmpty();
        } finally {
            sluice.close();
        }
    }

    @Test
    void sharesThePartitionsEvenly(Kafka kafka) throws Exception {
        String topic = kafka.topic("shared", PARTITIONS);
        String group = kafka.group("shared");
        GroupLog log = new GroupLog(KEYS);
        List<GroupMember> members = IntStream.range(0, 3)
                .mapToObj(i -> GroupMember.join(kafka, group, topic, log, Map.of()))
                .toList();
        Polled.until(() -> members.stream().allMatch(member -> member.owned().size() == PARTITIONS / 3));
        assertThat(members.stream().flatMap(member -> member.owned().stream()))
                .containsExactlyInAnyOrderElementsOf(IntStream.range(0, PARTITIONS)
                        .mapToObj(partition -> new TopicPartition(topic, partition))
                        .toList());
        for (GroupMember member : members) {
            member.leave();
        }
    }

    @Test
    void aStaticMemberFindsItsPartitionsAgain(Kafka kafka) throws Exception {
        String topic = kafka.topic("static", PARTITIONS);
        String group = kafka.group("static");
        GroupLog log = new GroupLog(KEYS);
        GroupMember stays = GroupMember.join(kafka, group, topic, log, Map.of("group.instance.id", "stays"));
        GroupMember goes = GroupMember.join(kafka, group, topic, log, Map.of("group.instance.id", "goes"));
        Polled.until(() -> stays.owned().size() == 3 && goes.owned().size() == 3);
        Set<TopicPartition> owned = goes.owned();
        goes.die();

        GroupMember returns = GroupMember.join(kafka, group, topic, log, Map.of("group.instance.id", "goes"));
        Polled.until(() -> !returns.owned().isEmpty());
        assertThat(returns.owned()).isEqualTo(owned);
        assertThat(stays.owned()).hasSize(3).doesNotContainAnyElementsOf(owned);
        returns.leave();
        stays.leave();
    }

    @Test
    void aSecondMemberWithTheSameInstanceFencesTheFirst(Kafka kafka) throws Exception {
        String topic = kafka.topic("fenced", 1);
        String group = kafka.group("fenced");
        kafka.send(topic, 0, "0");
        Consumer<String, String> first = kafka.member(group, Map.of("group.instance.id", "one"));
        first.subscribe(List.of(topic));
        Polled.records(first, 1);
        GroupMember second =
                GroupMember.join(kafka, group, topic, new GroupLog(KEYS), Map.of("group.instance.id", "one"));
        Polled.until(() -> !second.owned().isEmpty());
        assertThatThrownBy(first::commitSync).isInstanceOf(FencedInstanceIdException.class);
        second.leave();
    }

    @Test
    void goesOnWhereItHasCommitted(Kafka kafka) {
        String topic = kafka.topic("resumed", 1);
        kafka.send(topic, 0, texts(0, 10));
        var partition = new TopicPartition(topic, 0);
        String group = kafka.group("resumed");
        Consumer<String, String> first = kafka.member(group, Map.of());
        first.subscribe(List.of(topic));
        Polled.records(first, 10);
        first.commitSync(Map.of(partition, new OffsetAndMetadata(4, "a note")));
        first.close(CloseOptions.timeout(Duration.ofSeconds(5)));

        Consumer<String, String> second = kafka.member(group, Map.of());
        assertThat(second.committed(Set.of(partition))).containsEntry(partition, new OffsetAndMetadata(4, "a note"));
        second.subscribe(List.of(topic));
        assertThat(Polled.values(second, 6)).containsExactly(texts(4, 10));
    }

    @Test
    void offsetsCanBeCommittedWithoutMembers(Kafka kafka) {
        String topic = kafka.topic("alone", 2);
        String group = kafka.group("alone");
        Consumer<String, String> consumer = kafka.member(group, Map.of());
        var partition = new TopicPartition(topic, 1);
        consumer.assign(List.of(partition));
        assertThat(consumer.committed(Set.of(partition))).containsEntry(partition, null);
        kafka.send(topic, 1, texts(0, 3));
        Polled.records(consumer, 3);
        consumer.commitSync();
        assertThat(kafka.member(group, Map.of()).committed(Set.of(partition)).get(partition))
                .extracting(OffsetAndMetadata::offset)
                .isEqualTo(3L);
    }

    @Test
    void groupsDoNotDisturbEachOther(Kafka kafka) {
        String topic = kafka.topic("both", 1);
        kafka.send(topic, 0, texts(0, 5));
        for (String group : List.of(kafka.group("one"), kafka.group("other"))) {
            Consumer<String, String> consumer = kafka.member(group, Map.of());
            consumer.subscribe(List.of(topic));
            assertThat(Polled.values(consumer, 5)).containsExactly(texts(0, 5));
            consumer.commitSync();
        }
    }

    @Test
    void findsNewTopicsThatMatchItsPattern(Kafka kafka) {
        String prefix = kafka.name("pattern");
        Consumer<String, String> consumer = kafka.member(kafka.group("pattern"), Map.of("metadata.max.age.ms", 100));
        consumer.subscribe(Pattern.compile(prefix + "\\..*"));
        assertThat(Polled.quiet(consumer)).isEmpty();
        String topic = kafka.topicNamed(prefix + ".a", 1);
        kafka.send(topic, 0, "found");
        assertThat(Polled.values(consumer, 1)).containsExactly("found");
    }

    @Test
    void committedOffsetsAndMembersSurviveAKill(@TempDir Path data) throws Exception {
        var partition = new TopicPartition("orders", 0);
        SluiceProcess sluice = SluiceProcess.start(data);
        try (Kafka kafka = new Kafka(sluice.kafkaPort())) {
            kafka.topicNamed("orders", 1);
            kafka.send("orders", 0, texts(0, 100));
            Consumer<String, String> consumer = kafka.member("workers", Map.of("max.poll.records", 50));
            consumer.subscribe(List.of("orders"));
            assertThat(Polled.values(consumer, 50)).containsExactly(texts(0, 50));
            consumer.commitSync();
            sluice.kill();
            sluice = sluice.restart();

            assertThat(consumer.committed(Set.of(partition)).get(partition))
                    .extracting(OffsetAndMetadata::offset)
                    .isEqualTo(50L);
            kafka.send("orders", 0, "100");
            // A client that forgets what it knows of the topic while the broker is away joins again, and repeats.
            assertThat(
                            Polled.until(
                                            consumer,
                                            records -> !records.isEmpty()
                                                    && records.getLast().value().equals("100"))
                                    .stream()
                                    .map(ConsumerRecord::value)
                                    .distinct())
                    .containsExactly(texts(50, 101));
            consumer.commitSync();
            assertThat(consumer.committed(Set.of(partition)).get(partition))
                    .extracting(OffsetAndMetadata::offset)
                    .isEqualTo(101L);
        } finally {
            sluice.close();
        }
    }

    private static String[] texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }
}
