package dev.sluice.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigsOptions;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreatePartitionsOptions;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListConfigResourcesOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicaAssignmentException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterConfigsResource;
import org.apache.kafka.common.message.AlterConfigsRequestData.AlterableConfig;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What administrators do, with Kafka's own client. */
@Timeout(60)
class AdminTest {
    private static final String TOPIC = "orders";
    private static final String WEEK_MS = "604800000";

    @TempDir
    private Path folder;

    private RunningKafka kafka;
    private Admin admin;

    @BeforeEach
    void open() throws Exception {
        kafka = new RunningKafka(folder);
        admin = Admin.create(address());
    }

    @AfterEach
    void close() throws Exception {
        admin.close();
        kafka.close();
    }

    private Map<String, Object> address() {
        return Map.of("bootstrap.servers", "127.0.0.1:" + kafka.port());
    }

    @Test
    void makesTopicsWithKafkasDefaultsAndWithWhatIsAskedFor() throws Exception {
        var plain = new NewTopic("plain", Optional.empty(), Optional.empty());
        var compacted = new NewTopic("compacted", 3, (short) 1)
                .configs(Map.of("cleanup.policy", "compact", "segment.bytes", "1000", "max.message.bytes", "100000"));
        var result = admin.createTopics(List.of(plain, compacted));
        result.all().get();
        assertThat(result.numPartitions("plain").get()).isEqualTo(1);
        assertThat(result.replicationFactor("plain").get()).isEqualTo(1);
        assertThat(result.numPartitions("compacted").get()).isEqualTo(3);
        assertThat(result.config("plain").get().get("retention.ms").value()).isEqualTo(WEEK_MS);
        TopicDescription described = describe("compacted");
        assertThat(result.topicId("compacted").get()).isEqualTo(described.topicId());
        assertThat(described.partitions()).hasSize(3).allSatisfy(partition -> {
            assertThat(partition.leader().id()).isEqualTo(1);
            assertThat(partition.replicas()).hasSize(1);
        });
        assertThat(config("plain"))
                .containsEntry("cleanup.policy", "delete")
                .containsEntry("retention.ms", WEEK_MS)
                .containsEntry("retention.bytes", "-1")
                .containsEntry("min.insync.replicas", "1");
        assertThat(config("compacted"))
                .containsEntry("cleanup.policy", "compact")
                .containsEntry("retention.ms", "-1");
        assertThat(settings("plain").maxAgeMs()).isEqualTo(604_800_000);
        assertThat(settings("compacted").maxAgeMs()).isEqualTo(QueueSettings.UNLIMITED);
        assertThat(settings("compacted").chosen(QueueProperty.KEEP)).isEqualTo("last-per-key");
    }

    @Test
    void saysWhyATopicCannotBe() throws Exception {
        create(new NewTopic(TOPIC, 1, (short) 1));
        assertFails(creating(new NewTopic(TOPIC, 1, (short) 1)), TopicExistsException.class, "already exists");
        assertFails(creating(new NewTopic("..", 1, (short) 1)), InvalidTopicException.class, "1 to 249 letters");
        assertFails(creating(new NewTopic("a/b", 1, (short) 1)), InvalidTopicException.class, "1 to 249 letters");
        assertFails(creating(new NewTopic("a", 0, (short) 1)), InvalidPartitionsException.class, "1 to 1024");
        assertFails(creating(new NewTopic("a", 1025, (short) 1)), InvalidPartitionsException.class, "not 1025");
        assertFails(creating(new NewTopic("a", 1, (short) 3)), InvalidReplicationFactorException.class, "not 3");
        assertFails(
                creating(new NewTopic("a", Map.of(0, List.of(1), 2, List.of(1)))),
                InvalidReplicaAssignmentException.class,
                "without gaps");
        assertFails(
                creating(new NewTopic("a", Map.of(0, List.of(1, 2)))),
                InvalidReplicaAssignmentException.class,
                "on broker 1 only");
        assertNotConfigured("no.such.config", "1", "Unknown topic config name: no.such.config");
        assertNotConfigured("retention.ms", "week", "expected a value of the type LONG");
        assertNotConfigured("retention.ms", "-2", "expected at least -1");
        assertNotConfigured("cleanup.policy", "shred", "expected delete, compact, or both");
        assertNotConfigured("min.insync.replicas", "2", "it can only be 1. There is one node");
        assertNotConfigured("message.timestamp.type", "LogAppendTime", "it can only be CreateTime");
        assertNotConfigured("max.message.bytes", "5000000", "it can only be 100000");
        assertNotConfigured("preallocate", "yes", "expected a value of the type BOOLEAN");
        assertThat(admin.listTopics().names().get()).containsExactly(TOPIC);
    }

    private void assertNotConfigured(String name, String value, String text) {
        assertFails(
                creating(new NewTopic("a", 1, (short) 1).configs(Map.of(name, value))),
                InvalidConfigurationException.class,
                text);
    }

    @Test
    void placesPartitionsAsAssignedAndOnlyChecksIfThatIsAskedFor() throws Exception {
        create(new NewTopic("assigned", Map.of(0, List.of(1), 1, List.of(1))));
        assertThat(describe("assigned").partitions()).hasSize(2);
        var checked = new NewTopic("checked", 4, (short) 1);
        var options = new CreateTopicsOptions().validateOnly(true);
        assertThat(admin.createTopics(List.of(checked), options)
                        .numPartitions("checked")
                        .get())
                .isEqualTo(4);
        assertFails(
                admin.createTopics(List.of(new NewTopic("assigned", 1, (short) 1)), options)
                        .all(),
                TopicExistsException.class,
                "");
        assertThat(admin.listTopics().names().get()).containsExactly("assigned");
    }

    @Test
    void deletesTopicsByNameAndById() throws Exception {
        create(new NewTopic(TOPIC, 2, (short) 1));
        create(new NewTopic("other", 2, (short) 1));
        Uuid id = describe("other").topicId();
        admin.deleteTopics(List.of(TOPIC)).all().get();
        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
        assertThat(admin.listTopics().names().get()).isEmpty();
        assertFails(admin.deleteTopics(List.of(TOPIC)).all(), UnknownTopicOrPartitionException.class, "");
        assertFails(
                admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all(), UnknownTopicIdException.class, "");
    }

    @Test
    void addsPartitionsWhichKeepTheirLimitOfBytes() throws Exception {
        create(new NewTopic(TOPIC, 2, (short) 1).configs(Map.of("retention.bytes", "1000")));
        assertThat(settings(TOPIC).maxLengthBytes()).isEqualTo(2_000);
        admin.createPartitions(
                        Map.of(TOPIC, NewPartitions.increaseTo(7)), new CreatePartitionsOptions().validateOnly(true))
                .all()
                .get();
        assertThat(describe(TOPIC).partitions()).hasSize(2);
        admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(5, List.of(List.of(1), List.of(1), List.of(1)))))
                .all()
                .get();
        assertThat(describe(TOPIC).partitions()).hasSize(5);
        assertThat(config(TOPIC)).containsEntry("retention.bytes", "1000");
        assertThat(settings(TOPIC).maxLengthBytes()).isEqualTo(5_000);
        assertFails(increase(TOPIC, 5), InvalidPartitionsException.class, "has 5 partitions");
        assertFails(increase(TOPIC, 2_000), InvalidPartitionsException.class, "up to 1024");
        assertFails(increase("nothing", 2), UnknownTopicOrPartitionException.class, "");
        assertFails(
                admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(6, List.of(List.of(2)))))
                        .all(),
                InvalidReplicaAssignmentException.class,
                "partition 5 is assigned to [2]");
    }

    @Test
    void leavesTheBrokersOwnTopicsAlone() throws Exception {
        var name = "__consumer_offsets";
        assertFails(creating(new NewTopic(name, 1, (short) 1)), InvalidRequestException.class, "broker's own");
        kafka.declare(name, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic"));
        assertFails(admin.deleteTopics(List.of(name)).all(), InvalidRequestException.class, "");
        assertFails(increase(name, 2), InvalidRequestException.class, "broker's own");
        assertFails(
                admin.incrementalAlterConfigs(Map.of(topic(name), List.of(set("retention.ms", "1"))))
                        .all(),
                InvalidRequestException.class,
                "broker's own");
        assertFails(
                admin.deleteRecords(Map.of(new TopicPartition(name, 0), RecordsToDelete.beforeOffset(0)))
                        .all(),
                InvalidRequestException.class,
                "");
        assertThat(describe(name).isInternal()).isTrue();
    }

    private KafkaFuture<Void> increase(String topic, int count) {
        return admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(count)))
                .all();
    }

    @Test
    void describesTopicsAPageAtATime() throws Exception {
        for (int i = 0; i < 4; i++) {
            create(new NewTopic("topic" + i, i + 1, (short) 1));
        }
        Map<String, TopicDescription> described = admin.describeTopics(
                        List.of("topic3", "topic0", "topic2", "topic1"),
                        new DescribeTopicsOptions().partitionSizeLimitPerResponse(3))
                .allTopicNames()
                .get();
        for (int i = 0; i < 4; i++) {
            assertThat(in(described, "topic" + i).partitions())
                    .extracting(TopicPartitionInfo::partition)
                    .containsExactlyElementsOf(
                            IntStream.rangeClosed(0, i).boxed().toList());
        }
        assertFails(
                admin.describeTopics(List.of("nothing")).allTopicNames(), UnknownTopicOrPartitionException.class, "");
    }

    @Test
    void describesConfigurationsWithWhereTheyComeFrom() throws Exception {
        create(new NewTopic(TOPIC, 1, (short) 1).configs(Map.of("retention.ms", "1000")));
        var options = new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        Config config =
                in(admin.describeConfigs(List.of(topic(TOPIC)), options).all().get(), topic(TOPIC));
        ConfigEntry retention = config.get("retention.ms");
        assertThat(retention.value()).isEqualTo("1000");
        assertThat(retention.source()).isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
        assertThat(retention.type()).isEqualTo(ConfigEntry.ConfigType.LONG);
        assertThat(retention.isReadOnly()).isFalse();
        assertThat(retention.documentation()).contains("max-age");
        assertThat(retention.synonyms())
                .extracting(ConfigEntry.ConfigSynonym::value)
                .containsExactly("1000", WEEK_MS);
        ConfigEntry policy = config.get("cleanup.policy");
        assertThat(policy.isDefault()).isTrue();
        assertThat(policy.synonyms()).hasSize(1);
        assertThat(config.get("segment.bytes").isReadOnly()).isTrue();
        assertFails(admin.describeConfigs(List.of(topic("nothing"))).all(), UnknownTopicOrPartitionException.class, "");
    }

    @Test
    void describesTheNode() throws Exception {
        var cluster = admin.describeCluster();
        assertThat(cluster.clusterId().get()).isEqualTo(kafka.clusterId());
        assertThat(cluster.controller().get().id()).isEqualTo(1);
        assertThat(cluster.nodes().get())
                .singleElement()
                .satisfies(node -> assertThat(node.port()).isEqualTo(kafka.port()));
        var broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        Config config = in(admin.describeConfigs(List.of(broker)).all().get(), broker);
        assertThat(config.get("message.max.bytes").value()).isEqualTo("100000");
        assertThat(config.get("message.max.bytes").isReadOnly()).isTrue();
        create(new NewTopic(TOPIC, 1, (short) 1));
        assertThat(admin.listConfigResources(Set.of(), new ListConfigResourcesOptions())
                        .all()
                        .get())
                .containsExactlyInAnyOrder(topic(TOPIC), broker);
        assertFails(
                admin.incrementalAlterConfigs(Map.of(broker, List.of(set("num.partitions", "2"))))
                        .all(),
                InvalidRequestException.class,
                "Only topics can be configured");
    }

    @Test
    void changesConfigurationsOneByOne() throws Exception {
        create(new NewTopic(TOPIC, 2, (short) 1));
        alter(set("retention.ms", "5000"), set("retention.bytes", "100"), set("flush.ms", "1"));
        assertThat(settings(TOPIC).maxAgeMs()).isEqualTo(5_000);
        assertThat(settings(TOPIC).maxLengthBytes()).isEqualTo(200);
        alter(operation("retention.ms", "", AlterConfigOp.OpType.DELETE));
        assertThat(config(TOPIC)).containsEntry("retention.ms", WEEK_MS).containsEntry("retention.bytes", "100");
        alter(operation("cleanup.policy", "compact", AlterConfigOp.OpType.APPEND));
        assertThat(config(TOPIC))
                .containsEntry("cleanup.policy", "compact,delete")
                .containsEntry("retention.bytes", "100");
        alter(operation("cleanup.policy", "delete", AlterConfigOp.OpType.SUBTRACT));
        assertThat(config(TOPIC)).containsEntry("cleanup.policy", "compact").containsEntry("retention.ms", "-1");
        alter(set("retention.ms", "1"));
        assertThat(settings(TOPIC).maxAgeMs())
                .as("a topic that is only compacted gives up nothing for its age")
                .isEqualTo(QueueSettings.UNLIMITED);
        alter(set("cleanup.policy", "delete"));
        assertThat(config(TOPIC)).containsEntry("cleanup.policy", "delete").containsEntry("retention.ms", "-1");
    }

    @Test
    void saysWhyAConfigurationCannotBe() throws Exception {
        create(new NewTopic(TOPIC, 1, (short) 1));
        assertFails(altering(set("no.such", "1")), InvalidConfigurationException.class, "Unknown topic config name");
        assertFails(
                altering(operation("retention.ms", "1", AlterConfigOp.OpType.APPEND)),
                InvalidConfigurationException.class,
                "is no list");
        assertFails(
                altering(operation("cleanup.policy", "delete", AlterConfigOp.OpType.SUBTRACT)),
                InvalidConfigurationException.class,
                "expected delete, compact, or both");
        assertFails(
                admin.incrementalAlterConfigs(
                                Map.of(topic(TOPIC), List.of(set("retention.ms", "x"))),
                                new AlterConfigsOptions().validateOnly(true))
                        .all(),
                InvalidConfigurationException.class,
                "expected a value of the type LONG");
        admin.incrementalAlterConfigs(
                        Map.of(topic(TOPIC), List.of(set("retention.ms", "1"))),
                        new AlterConfigsOptions().validateOnly(true))
                .all()
                .get();
        assertThat(config(TOPIC)).containsEntry("retention.ms", WEEK_MS);
        kafka.declare("queue", QueueSettings.DEFAULT);
        assertFails(
                admin.incrementalAlterConfigs(Map.of(topic("queue"), List.of(set("retention.ms", "1"))))
                        .all(),
                InvalidRequestException.class,
                "is a queue");
    }

    /** Clients before 2.3 know no other way. */
    @Test
    void replacesAllConfigurationsAtOnce() throws Exception {
        create(new NewTopic(TOPIC, 1, (short) 1)
                .configs(Map.of("retention.ms", "5000", "retention.bytes", "100", "cleanup.policy", "compact,delete")));
        var wanted = new AlterConfigsResource()
                .setResourceType(ConfigResource.Type.TOPIC.id())
                .setResourceName(TOPIC);
        wanted.configs()
                .mustAdd(new AlterableConfig().setName("retention.bytes").setValue("7"));
        var request = new AlterConfigsRequestData();
        request.resources().mustAdd(wanted);
        try (RawClient client = kafka.connect()) {
            for (int version = 0; version <= 2; version++) {
                var response = client.ask(request, version, AlterConfigsResponseData.class);
                assertThat(response.responses().getFirst().errorCode()).isEqualTo(Errors.NONE.code());
            }
        }
        assertThat(config(TOPIC))
                .containsEntry("retention.bytes", "7")
                .containsEntry("retention.ms", WEEK_MS)
                .containsEntry("cleanup.policy", "delete");
    }

    @Test
    void deletesRecordsBelowAnOffset() throws Exception {
        create(new NewTopic(TOPIC, 2, (short) 1));
        publish(0, 10);
        assertThat(deleteRecords(0, 4)).isEqualTo(4);
        assertThat(deleteRecords(0, 2)).isEqualTo(4);
        assertThat(startOf(0)).isEqualTo(4);
        assertThat(startOf(1)).isZero();
        assertThat(deleteRecords(0, -1)).isEqualTo(10);
        assertThatThrownBy(() -> deleteRecords(0, 11)).cause().isInstanceOf(OffsetOutOfRangeException.class);
        alter(set("cleanup.policy", "compact"));
        assertThatThrownBy(() -> deleteRecords(0, 10)).cause().isInstanceOf(PolicyViolationException.class);
    }

    @Test
    void tellsHowLargePartitionsAre() throws Exception {
        create(new NewTopic(TOPIC, 2, (short) 1));
        publish(1, 10);
        var folders = in(admin.describeLogDirs(List.of(1)).descriptions(), 1).get();
        assertThat(folders).hasSize(1);
        var replicas = folders.values().iterator().next().replicaInfos();
        assertThat(replicas).containsOnlyKeys(new TopicPartition(TOPIC, 0), new TopicPartition(TOPIC, 1));
        assertThat(in(replicas, new TopicPartition(TOPIC, 0)).size()).isZero();
        assertThat(in(replicas, new TopicPartition(TOPIC, 1)).size()).isPositive();
    }

    private void publish(int partition, int count) {
        try (var producer = new KafkaProducer<>(address(), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < count; i++) {
                var _ = producer.send(new ProducerRecord<>(TOPIC, partition, "key", String.valueOf(i)));
            }
        }
    }

    private long deleteRecords(int partition, long below) throws Exception {
        var its = new TopicPartition(TOPIC, partition);
        return in(
                        admin.deleteRecords(Map.of(its, RecordsToDelete.beforeOffset(below)))
                                .lowWatermarks(),
                        its)
                .get()
                .lowWatermark();
    }

    private long startOf(int partition) throws Exception {
        var its = new TopicPartition(TOPIC, partition);
        return admin.listOffsets(Map.of(its, OffsetSpec.earliest()))
                .partitionResult(its)
                .get()
                .offset();
    }

    private void create(NewTopic topic) throws Exception {
        creating(topic).get();
    }

    private KafkaFuture<Void> creating(NewTopic topic) {
        return admin.createTopics(List.of(topic)).all();
    }

    private TopicDescription describe(String topic) throws Exception {
        return in(admin.describeTopics(List.of(topic)).allTopicNames().get(), topic);
    }

    private Map<String, String> config(String topic) throws Exception {
        Collection<ConfigEntry> entries = in(
                        admin.describeConfigs(List.of(topic(topic))).all().get(), topic(topic))
                .entries();
        return entries.stream().collect(Collectors.toMap(ConfigEntry::name, ConfigEntry::value));
    }

    /** As the broker knows them. */
    private QueueSettings settings(String topic) {
        return kafka.<QueueSettings>ask((on, reply) -> reply.on(
                Outcome.done(Objects.requireNonNull(on.topic(topic)).spec().settings())));
    }

    private void alter(AlterConfigOp... operations) throws Exception {
        altering(operations).get();
    }

    private KafkaFuture<Void> altering(AlterConfigOp... operations) {
        return admin.incrementalAlterConfigs(Map.of(topic(TOPIC), List.of(operations)))
                .all();
    }

    private static <K, V> V in(Map<K, V> map, K key) {
        return Objects.requireNonNull(map.get(key));
    }

    private static AlterConfigOp set(String name, String value) {
        return operation(name, value, AlterConfigOp.OpType.SET);
    }

    private static AlterConfigOp operation(String name, String value, AlterConfigOp.OpType type) {
        return new AlterConfigOp(new ConfigEntry(name, value), type);
    }

    private static ConfigResource topic(String name) {
        return new ConfigResource(ConfigResource.Type.TOPIC, name);
    }

    private static void assertFails(KafkaFuture<?> future, Class<? extends Exception> type, String text) {
        assertThatThrownBy(future::get)
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(type)
                .hasMessageContaining(text);
    }
}
