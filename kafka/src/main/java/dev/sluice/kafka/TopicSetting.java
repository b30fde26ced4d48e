package dev.sluice.kafka;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigType;
import org.jspecify.annotations.Nullable;

/** The configurations of a topic that Kafka's clients know, each declared once: its default, and what it means here. */
enum TopicSetting {
    CLEANUP_POLICY(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            ConfigType.LIST,
            TopicConfig.CLEANUP_POLICY_DELETE,
            Meaning.KEPT,
            "delete gives up what is too old or too much, compact all but the last record of each key; both together do both."),
    RETENTION_MS(
            TopicConfig.RETENTION_MS_CONFIG,
            ConfigType.LONG,
            Long.toString(TopicCreation.RETENTION_MS),
            Meaning.KEPT,
            "Milliseconds after which a record goes where the cleanup policy is delete; -1 for never. The topic's max-age."),
    RETENTION_BYTES(
            TopicConfig.RETENTION_BYTES_CONFIG,
            ConfigType.LONG,
            "-1",
            Meaning.KEPT,
            "How large each partition may become where the cleanup policy is delete; -1 for any size. The topic's max-length-bytes is that of all partitions together."),

    COMPRESSION_TYPE(
            TopicConfig.COMPRESSION_TYPE_CONFIG,
            ConfigType.STRING,
            "producer",
            Meaning.FIXED,
            "Batches are stored as their producers have compressed them."),
    MESSAGE_TIMESTAMP_TYPE(
            TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
            ConfigType.STRING,
            "CreateTime",
            Meaning.FIXED,
            "Records have the time that their producers give them."),
    MESSAGE_TIMESTAMP_BEFORE_MAX_MS(
            TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG,
            ConfigType.LONG,
            Long.toString(Long.MAX_VALUE),
            Meaning.FIXED,
            "Timestamps may be as old as they are."),
    MESSAGE_TIMESTAMP_AFTER_MAX_MS(
            TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG,
            ConfigType.LONG,
            Long.toString(Long.MAX_VALUE),
            Meaning.FIXED,
            "Timestamps may be as new as they are."),
    MIN_INSYNC_REPLICAS(
            TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
            ConfigType.INT,
            "1",
            Meaning.FIXED,
            "There is one node, and so one replica."),
    MIN_COMPACTION_LAG_MS(
            TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG,
            ConfigType.LONG,
            "0",
            Meaning.FIXED,
            "A record is superseded as soon as a later one of its key is durable."),
    DELETE_RETENTION_MS(
            TopicConfig.DELETE_RETENTION_MS_CONFIG,
            ConfigType.LONG,
            Long.toString(24 * 60 * 60 * 1000L),
            Meaning.FIXED,
            "A record without a value, which takes its key away, stays for a day."),
    REMOTE_STORAGE_ENABLE(
            TopicConfig.REMOTE_LOG_STORAGE_ENABLE_CONFIG,
            ConfigType.BOOLEAN,
            "false",
            Meaning.FIXED,
            "All records are in the data folder."),

    LOCAL_RETENTION_MS(
            TopicConfig.LOCAL_LOG_RETENTION_MS_CONFIG,
            ConfigType.LONG,
            "-2",
            Meaning.FIXED,
            "All records are in the data folder."),
    LOCAL_RETENTION_BYTES(
            TopicConfig.LOCAL_LOG_RETENTION_BYTES_CONFIG,
            ConfigType.LONG,
            "-2",
            Meaning.FIXED,
            "All records are in the data folder."),
    REMOTE_LOG_COPY_DISABLE(
            TopicConfig.REMOTE_LOG_COPY_DISABLE_CONFIG,
            ConfigType.BOOLEAN,
            "false",
            Meaning.FIXED,
            "All records are in the data folder."),
    REMOTE_LOG_DELETE_ON_DISABLE(
            TopicConfig.REMOTE_LOG_DELETE_ON_DISABLE_CONFIG,
            ConfigType.BOOLEAN,
            "false",
            Meaning.FIXED,
            "All records are in the data folder."),
    MAX_MESSAGE_BYTES(
            TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
            ConfigType.INT,
            Integer.toString(KafkaSettings.DEFAULT_MAX_BATCH_BYTES),
            Meaning.FIXED,
            "The largest batch is the same for all topics: kafka-max-batch-bytes in the node's configuration."),

    SEGMENT_BYTES(TopicConfig.SEGMENT_BYTES_CONFIG, ConfigType.INT, Integer.toString(1 << 30)),
    SEGMENT_MS(TopicConfig.SEGMENT_MS_CONFIG, ConfigType.LONG, Long.toString(7 * 24 * 60 * 60 * 1000L)),
    MESSAGE_DOWNCONVERSION_ENABLE("message.downconversion.enable", ConfigType.BOOLEAN, "true"),
    SEGMENT_JITTER_MS(TopicConfig.SEGMENT_JITTER_MS_CONFIG, ConfigType.LONG, "0"),
    SEGMENT_INDEX_BYTES(TopicConfig.SEGMENT_INDEX_BYTES_CONFIG, ConfigType.INT, Integer.toString(10 << 20)),
    INDEX_INTERVAL_BYTES(TopicConfig.INDEX_INTERVAL_BYTES_CONFIG, ConfigType.INT, "4096"),
    FLUSH_MESSAGES(TopicConfig.FLUSH_MESSAGES_INTERVAL_CONFIG, ConfigType.LONG, Long.toString(Long.MAX_VALUE)),
    FLUSH_MS(TopicConfig.FLUSH_MS_CONFIG, ConfigType.LONG, Long.toString(Long.MAX_VALUE)),
    FILE_DELETE_DELAY_MS(TopicConfig.FILE_DELETE_DELAY_MS_CONFIG, ConfigType.LONG, "60000"),
    PREALLOCATE(TopicConfig.PREALLOCATE_CONFIG, ConfigType.BOOLEAN, "false"),
    MIN_CLEANABLE_DIRTY_RATIO(TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG, ConfigType.DOUBLE, "0.5"),
    MAX_COMPACTION_LAG_MS(TopicConfig.MAX_COMPACTION_LAG_MS_CONFIG, ConfigType.LONG, Long.toString(Long.MAX_VALUE)),
    UNCLEAN_LEADER_ELECTION_ENABLE(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, ConfigType.BOOLEAN, "false"),
    COMPRESSION_GZIP_LEVEL(TopicConfig.COMPRESSION_GZIP_LEVEL_CONFIG, ConfigType.INT, "-1"),
    COMPRESSION_LZ4_LEVEL(TopicConfig.COMPRESSION_LZ4_LEVEL_CONFIG, ConfigType.INT, "9"),
    COMPRESSION_ZSTD_LEVEL(TopicConfig.COMPRESSION_ZSTD_LEVEL_CONFIG, ConfigType.INT, "3"),
    LEADER_THROTTLED_REPLICAS("leader.replication.throttled.replicas", ConfigType.LIST, ""),
    FOLLOWER_THROTTLED_REPLICAS("follower.replication.throttled.replicas", ConfigType.LIST, "");

    private static final Map<String, TopicSetting> BY_NAME =
            Arrays.stream(values()).collect(Collectors.toMap(TopicSetting::kafkaName, Function.identity()));
    private static final Set<String> BOOLEANS = Set.of("true", "false");

    /** What becomes of a value. */
    enum Meaning {
        /** It is among the settings of the topic: see {@link TopicSettings}. */
        KEPT,
        /** It is so and cannot be otherwise: any other value is refused. */
        FIXED,
        /** What it asks for is done in another way, or cannot be needed: any value is accepted, and forgotten. */
        WITHOUT
    }

    private final String kafkaName;
    private final ConfigType type;
    private final String defaultValue;
    private final Meaning meaning;
    private final String text;

    TopicSetting(String kafkaName, ConfigType type, String defaultValue) {
        this(kafkaName, type, defaultValue, Meaning.WITHOUT, "Accepted from clients that set it; without effect here.");
    }

    TopicSetting(String kafkaName, ConfigType type, String defaultValue, Meaning meaning, String text) {
        this.kafkaName = kafkaName;
        this.type = type;
        this.defaultValue = defaultValue;
        this.meaning = meaning;
        this.text = text;
    }

    /** The one of that name; null if Kafka's topics have none. */
    static @Nullable TopicSetting named(String name) {
        return BY_NAME.get(name);
    }

    String kafkaName() {
        return kafkaName;
    }

    ConfigType type() {
        return type;
    }

    /** {@code node}: whose topics these are. */
    String defaultValue(KafkaSettings node) {
        return this == MAX_MESSAGE_BYTES ? Integer.toString(node.maxBatchBytes()) : defaultValue;
    }

    Meaning meaning() {
        return meaning;
    }

    /** For people. */
    String text() {
        return text;
    }

    /** @throws IllegalArgumentException with what was expected, if a topic cannot have the value */
    void check(String value, KafkaSettings node) {
        if (meaning == Meaning.FIXED && !value.equals(defaultValue(node))) {
            throw wrong(value, "it can only be " + defaultValue(node) + ". " + text);
        }
        if (!isOfType(value)) {
            throw wrong(value, "expected a value of the type " + type);
        }
    }

    private boolean isOfType(String value) {
        try {
            switch (type) {
                case INT -> {
                    int _ = Integer.parseInt(value);
                }
                case LONG -> {
                    long _ = Long.parseLong(value);
                }
                case DOUBLE -> {
                    double _ = Double.parseDouble(value);
                }
                case BOOLEAN -> {
                    return BOOLEANS.contains(value);
                }
                default -> {}
            }
            return true;
        } catch (NumberFormatException wrong) {
            return false;
        }
    }

    IllegalArgumentException wrong(String value, String expected) {
        return new IllegalArgumentException(
                "Invalid value " + value + " for configuration " + kafkaName + ": " + expected);
    }

    /** Where the value is one, or several with commas between. */
    static List<String> list(String value) {
        return Arrays.stream(value.split(","))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }
}
