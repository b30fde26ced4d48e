package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Topics, their settings and the node, as Kafka's admin client sees and changes them. */
@ExtendWith(KafkaExtension.class)
@Timeout(60)
final class KafkaTopicAdminIT {
    @Test
    void makesATopicAndDescribesIt(Kafka kafka) {
        String name = kafka.name("made");
        CreateTopicsResult made = kafka.admin()
                .createTopics(List.of(
                        new NewTopic(name, 3, (short) 1).configs(Map.of(TopicConfig.RETENTION_MS_CONFIG, "86400000"))));
        assertThat(Answer.of(made.numPartitions(name))).isEqualTo(3);
        assertThat(Answer.of(made.replicationFactor(name))).isEqualTo(1);
        assertThat(Answer.of(made.config(name))
                        .get(TopicConfig.RETENTION_MS_CONFIG)
                        .value())
                .isEqualTo("86400000");
        Uuid id = Answer.of(made.topicId(name));
        Polled.until(
                () -> Answer.await(kafka.admin().describeTopics(List.of(name)).allTopicNames())
                        .isEmpty());

        TopicDescription topic = describe(kafka, name);
        assertThat(topic.topicId()).isEqualTo(id).isNotEqualTo(Uuid.ZERO_UUID);
        assertThat(topic.isInternal()).isFalse();
        assertThat(topic.partitions()).extracting(TopicPartitionInfo::partition).containsExactly(0, 1, 2);
        assertThat(topic.partitions()).allSatisfy(partition -> {
            assertThat(partition.leader().port()).isEqualTo(kafka.port());
            assertThat(partition.replicas()).containsExactly(partition.leader());
            assertThat(partition.isr()).containsExactly(partition.leader());
        });
        assertThat(Answer.of(kafka.admin()
                        .describeTopics(TopicCollection.ofTopicIds(List.of(id)))
                        .allTopicIds()))
                .containsOnlyKeys(id);
        assertThat(Answer.of(kafka.admin().listTopics().names())).contains(name);
    }

    /** Kafka's own brokers learn of it somewhat later. */
    @Test
    @DisabledIfSystemProperty(named = "broker.kind", matches = "kafka")
    void aTopicIsThereAsSoonAsItIsConfirmed(Kafka kafka) throws Exception {
        for (int i = 0; i < 20; i++) {
            String name = kafka.name("at-once");
            create(kafka, new NewTopic(name, 5, (short) 1));
            assertThat(describe(kafka, name).partitions()).hasSize(5);
            Answer.of(kafka.admin().deleteTopics(List.of(name)).all());
            assertThat(Answer.of(kafka.admin().listTopics().names())).doesNotContain(name);
        }
    }

    @Test
    void takesItsOwnDefaultsWhereNoneAreGiven(Kafka kafka) {
        String name = kafka.name("default");
        CreateTopicsResult made =
                kafka.admin().createTopics(List.of(new NewTopic(name, Optional.empty(), Optional.empty())));
        assertThat(Answer.of(made.numPartitions(name))).isPositive();
        assertThat(Answer.of(made.replicationFactor(name))).isEqualTo(1);
    }

    @Test
    void refusesATopicThatExists(Kafka kafka) {
        String name = kafka.topic("twice", 1);
        assertThat(refused(kafka, new NewTopic(name, 1, (short) 1))).isInstanceOf(TopicExistsException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a b", "a/b", "ä", "a,b"})
    void refusesNamesThatKafkaDoesNotKnow(String name, Kafka kafka) {
        assertThat(refused(kafka, new NewTopic(name, 1, (short) 1))).isInstanceOf(InvalidTopicException.class);
    }

    @Test
    void refusesANameThatIsTooLong(Kafka kafka) {
        assertThat(refused(kafka, new NewTopic("x".repeat(250), 1, (short) 1)))
                .isInstanceOf(InvalidTopicException.class);
    }

    @Test
    void refusesImpossibleNumbersOfPartitionsAndReplicas(Kafka kafka) {
        assertThat(refused(kafka, new NewTopic(kafka.name("none"), 0, (short) 1)))
                .isInstanceOf(InvalidPartitionsException.class);
        assertThat(refused(kafka, new NewTopic(kafka.name("negative"), -5, (short) 1)))
                .isInstanceOf(InvalidPartitionsException.class);
        assertThat(refused(kafka, new NewTopic(kafka.name("replicated"), 1, (short) 3)))
                .isInstanceOf(InvalidReplicationFactorException.class);
    }

    @Test
    void refusesUnknownAndInvalidSettings(Kafka kafka) {
        assertThat(refused(
                        kafka, new NewTopic(kafka.name("unknown"), 1, (short) 1).configs(Map.of("no.such.key", "1"))))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining("no.such.key");
        assertThat(refused(
                        kafka,
                        new NewTopic(kafka.name("invalid"), 1, (short) 1)
                                .configs(Map.of(TopicConfig.RETENTION_MS_CONFIG, "soon"))))
                .isInstanceOf(InvalidConfigurationException.class)
                .hasMessageContaining("retention.ms");
    }

    @Test
    void onlyChecksWhatItIsToCheckOnly(Kafka kafka) {
        String name = kafka.name("checked");
        var options = new CreateTopicsOptions().validateOnly(true);
        Answer.of(kafka.admin()
                .createTopics(List.of(new NewTopic(name, 2, (short) 1)), options)
                .all());
        assertThat(Answer.of(kafka.admin().listTopics().names())).doesNotContain(name);
        assertThat(Answer.error(kafka.admin()
                        .createTopics(List.of(new NewTopic(name, 0, (short) 1)), options)
                        .all()))
                .isInstanceOf(InvalidPartitionsException.class);
    }

    @Test
    void deletesATopicWithItsRecords(Kafka kafka) {
        String name = kafka.topic("deleted", 1);
        kafka.send(name, 0, "gone");
        Uuid id = describe(kafka, name).topicId();
        Answer.of(kafka.admin().deleteTopics(List.of(name)).all());
        Polled.until(
                () -> Answer.await(kafka.admin().describeTopics(List.of(name)).allTopicNames())
                        .filter(UnknownTopicOrPartitionException.class::isInstance)
                        .isPresent());
        kafka.topicNamed(name, 1);
        assertThat(kafka.read(name)).isEmpty();
        assertThat(describe(kafka, name).topicId()).isNotEqualTo(id);
    }

    @Test
    void tellsThatATopicIsUnknown(Kafka kafka) {
        String name = kafka.name("unknown");
        Admin admin = kafka.admin();
        assertThat(List.of(
                        admin.deleteTopics(List.of(name)).all(),
                        admin.describeTopics(List.of(name)).allTopicNames(),
                        admin.createPartitions(Map.of(name, NewPartitions.increaseTo(3)))
                                .all(),
                        admin.describeConfigs(List.of(resource(name))).all(),
                        admin.incrementalAlterConfigs(Map.of(resource(name), List.of(set("retention.ms", "1000"))))
                                .all()))
                .extracting(Answer::error)
                .allMatch(UnknownTopicOrPartitionException.class::isInstance);
        TopicCollection ids = TopicCollection.ofTopicIds(List.of(Uuid.randomUuid()));
        assertThat(Answer.error(admin.describeTopics(ids).allTopicIds())).isInstanceOf(UnknownTopicIdException.class);
        assertThat(Answer.error(admin.deleteTopics(ids).all())).isInstanceOf(UnknownTopicIdException.class);
    }

    @Test
    void addsPartitions(Kafka kafka) {
        String name = kafka.topic("growing", 1);
        kafka.send(name, 0, "old");
        Answer.of(kafka.admin()
                .createPartitions(Map.of(name, NewPartitions.increaseTo(3)))
                .all());
        Polled.until(() -> describe(kafka, name).partitions().size() == 3);
        kafka.send(name, 2, "new");
        assertThat(kafka.read(name)).extracting(ConsumerRecord::value).containsExactly("old", "new");
        for (int count : new int[] {3, 1, 0}) {
            assertThat(Answer.error(kafka.admin()
                            .createPartitions(Map.of(name, NewPartitions.increaseTo(count)))
                            .all()))
                    .as("%d partitions", count)
                    .isInstanceOf(InvalidPartitionsException.class);
        }
    }

    @Test
    void changesSettingsOneByOne(Kafka kafka) {
        String name = kafka.topic("settings", 1);
        assertThat(configs(kafka, name).get("retention.ms").isDefault()).isTrue();
        assertThat(configs(kafka, name).get("cleanup.policy").value()).isEqualTo("delete");
        alter(kafka, name, set("retention.ms", "3600000"), set("retention.bytes", "1000000"));
        Polled.until(() -> configs(kafka, name).get("retention.ms").value().equals("3600000"));
        assertThat(configs(kafka, name).get("retention.ms").source())
                .isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
        assertThat(configs(kafka, name).get("retention.bytes").value()).isEqualTo("1000000");
        alter(kafka, name, new AlterConfigOp(new ConfigEntry("retention.ms", ""), OpType.DELETE));
        Polled.until(() -> configs(kafka, name).get("retention.ms").isDefault());
        assertThat(configs(kafka, name).get("retention.bytes").value()).isEqualTo("1000000");
    }

    @Test
    void refusesToChangeSettingsToWhatTheyCannotBe(Kafka kafka) {
        String name = kafka.topic("unchanged", 1);
        for (AlterConfigOp op :
                List.of(set("no.such.key", "1"), set("retention.ms", "soon"), set("cleanup.policy", "shred"))) {
            assertThat(Answer.error(kafka.admin()
                            .incrementalAlterConfigs(Map.of(resource(name), List.of(op)))
                            .all()))
                    .isInstanceOf(InvalidConfigurationException.class)
                    .hasMessageContaining(op.configEntry().name());
        }
    }

    @Test
    void describesTheNode(Kafka kafka) {
        DescribeClusterResult cluster = kafka.admin().describeCluster();
        assertThat(Answer.of(cluster.clusterId())).isNotBlank();
        assertThat(Answer.of(cluster.nodes())).singleElement().satisfies(node -> {
            assertThat(node.host()).isEqualTo(Broker.HOST);
            assertThat(node.port()).isEqualTo(kafka.port());
        });
        assertThat(Answer.of(cluster.controller()))
                .isEqualTo(Answer.of(cluster.nodes()).iterator().next());
        var broker = new ConfigResource(
                ConfigResource.Type.BROKER, Answer.of(cluster.controller()).idString());
        assertThat(Answer.of(kafka.admin().describeConfigs(List.of(broker)).values(), broker)
                        .entries())
                .isNotEmpty();
    }

    @Test
    void deletesRecordsUpToAnOffset(Kafka kafka) {
        String name = kafka.topic("records", 1);
        kafka.send(name, 0, texts(0, 10));
        var partition = new TopicPartition(name, 0);
        assertThat(deleteRecords(kafka, partition, 4)).isEqualTo(4);
        assertThat(deleteRecords(kafka, partition, 2)).isEqualTo(4);
        assertThat(Answer.error(kafka.admin()
                        .deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(11)))
                        .all()))
                .isInstanceOf(OffsetOutOfRangeException.class);
        assertThat(deleteRecords(kafka, partition, -1)).isEqualTo(10);
        assertThat(kafka.read(name)).isEmpty();
        kafka.send(name, 0, "10");
        assertThat(kafka.read(name)).extracting(ConsumerRecord::offset).containsExactly(10L);
    }

    @Test
    void listsOffsets(Kafka kafka) {
        String name = kafka.topic("offsets", 1);
        kafka.send(name, 0, texts(0, 10));
        var partition = new TopicPartition(name, 0);
        deleteRecords(kafka, partition, 3);
        assertThat(offset(kafka, partition, OffsetSpec.earliest())).isEqualTo(3);
        assertThat(offset(kafka, partition, OffsetSpec.latest())).isEqualTo(10);
        assertThat(offset(kafka, partition, OffsetSpec.forTimestamp(System.currentTimeMillis() + 60_000)))
                .isEqualTo(-1);
        assertThat(offset(kafka, partition, OffsetSpec.forTimestamp(0))).isEqualTo(3);
    }

    @Test
    void describesTheProducersOfAPartition(Kafka kafka) {
        String name = kafka.topic("producers", 1);
        kafka.send(name, 0, texts(0, 10));
        var partition = new TopicPartition(name, 0);
        Collection<ProducerState> producers = Answer.of(
                        kafka.admin().describeProducers(List.of(partition)).partitionResult(partition))
                .activeProducers();
        assertThat(producers).singleElement().satisfies(producer -> {
            assertThat(producer.lastSequence()).isEqualTo(9);
            assertThat(producer.producerId()).isNotNegative();
            assertThat(producer.currentTransactionStartOffset()).isEmpty();
        });
    }

    private static void create(Kafka kafka, NewTopic topic) {
        Answer.of(kafka.admin().createTopics(List.of(topic)).all());
    }

    private static Throwable refused(Kafka kafka, NewTopic topic) {
        return Answer.error(kafka.admin().createTopics(List.of(topic)).all());
    }

    private static TopicDescription describe(Kafka kafka, String name) {
        return Answer.of(kafka.admin().describeTopics(List.of(name)).topicNameValues(), name);
    }

    private static ConfigResource resource(String topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic);
    }

    private static Config configs(Kafka kafka, String topic) {
        return Answer.of(kafka.admin().describeConfigs(List.of(resource(topic))).values(), resource(topic));
    }

    private static AlterConfigOp set(String key, String value) {
        return new AlterConfigOp(new ConfigEntry(key, value), OpType.SET);
    }

    private static void alter(Kafka kafka, String topic, AlterConfigOp... ops) {
        Answer.of(kafka.admin()
                .incrementalAlterConfigs(Map.of(resource(topic), List.of(ops)))
                .all());
    }

    private static long deleteRecords(Kafka kafka, TopicPartition partition, long before) {
        return Answer.of(
                        kafka.admin()
                                .deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(before)))
                                .lowWatermarks(),
                        partition)
                .lowWatermark();
    }

    private static long offset(Kafka kafka, TopicPartition partition, OffsetSpec spec) {
        return Answer.of(kafka.admin().listOffsets(Map.of(partition, spec)).partitionResult(partition))
                .offset();
    }

    private static String[] texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }
}
