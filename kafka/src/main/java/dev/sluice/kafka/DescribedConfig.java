package dev.sluice.kafka;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigSource;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigType;
import org.jspecify.annotations.Nullable;

/**
 * One configuration as administrators see it. Immutable.
 *
 * @param readOnly whether it cannot be changed while the node runs
 * @param defaultValue what it is where nobody chose
 */
record DescribedConfig(
        String name,
        String value,
        String defaultValue,
        ConfigSource source,
        ConfigType type,
        boolean readOnly,
        String text) {
    private static final String REPLICAS = "1";

    /** {@code only}: null for all. */
    static List<DescribedConfig> ofTopic(TopicSettings topic, @Nullable Collection<String> only, KafkaSettings node) {
        var configs = new ArrayList<DescribedConfig>();
        for (TopicSetting setting : TopicSetting.values()) {
            String value = topic.value(setting);
            String defaultValue = setting.defaultValue(node);
            if (only == null || only.contains(setting.kafkaName())) {
                configs.add(new DescribedConfig(
                        setting.kafkaName(),
                        value,
                        defaultValue,
                        value.equals(defaultValue) ? ConfigSource.DEFAULT_CONFIG : ConfigSource.TOPIC_CONFIG,
                        setting.type(),
                        setting.meaning() != TopicSetting.Meaning.KEPT,
                        setting.text()));
            }
        }
        return configs;
    }

    /** What clients ask of the node itself; {@code only}: null for all. */
    static List<DescribedConfig> ofNode(@Nullable Collection<String> only, KafkaSettings node) {
        return List.of(
                        ofNode("broker.id", Integer.toString(KafkaNode.ID), ConfigType.INT, "The only node."),
                        ofNode("node.id", Integer.toString(KafkaNode.ID), ConfigType.INT, "The only node."),
                        ofNode(
                                "auto.create.topics.enable",
                                Boolean.toString(node.autoCreateTopics()),
                                ConfigType.BOOLEAN,
                                "kafka-auto-create-topics in the node's configuration."),
                        ofNode(
                                "num.partitions",
                                Integer.toString(node.defaultPartitions()),
                                ConfigType.INT,
                                "kafka-default-partitions in the node's configuration."),
                        ofNode(
                                "message.max.bytes",
                                Integer.toString(node.maxBatchBytes()),
                                ConfigType.INT,
                                "kafka-max-batch-bytes in the node's configuration."),
                        ofNode(
                                "socket.request.max.bytes",
                                Integer.toString(node.maxRequestBytes()),
                                ConfigType.INT,
                                "The largest request."),
                        ofNode(
                                "log.retention.ms",
                                Long.toString(TopicCreation.RETENTION_MS),
                                ConfigType.LONG,
                                "Of a topic whose maker says nothing."),
                        ofNode("log.retention.bytes", "-1", ConfigType.LONG, "Of a topic whose maker says nothing."),
                        ofNode("log.cleanup.policy", "delete", ConfigType.LIST, "Of a topic whose maker says nothing."),
                        ofNode("compression.type", "producer", ConfigType.STRING, "Of all topics."),
                        ofNode("default.replication.factor", REPLICAS, ConfigType.INT, "There is one node."),
                        ofNode("offsets.topic.replication.factor", REPLICAS, ConfigType.SHORT, "There is one node."),
                        ofNode("min.insync.replicas", REPLICAS, ConfigType.INT, "There is one node."),
                        ofNode("delete.topic.enable", "true", ConfigType.BOOLEAN, "Topics can be deleted."))
                .stream()
                .filter(config -> only == null || only.contains(config.name()))
                .toList();
    }

    private static DescribedConfig ofNode(String name, String value, ConfigType type, String text) {
        return new DescribedConfig(name, value, value, ConfigSource.STATIC_BROKER_CONFIG, type, true, text);
    }
}
