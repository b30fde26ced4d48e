package dev.sluice.kafka;

import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a topic in Kafka's words. Where the cleanup policy does not delete, nothing limits age and size, and Kafka's limits for these read as -1. Immutable.
 */
final class TopicSettings {
    private static final String LAST_PER_KEY = "last-per-key";
    private static final long NO_LIMIT = -1;

    private final KafkaSettings node;
    /** Of those that are kept. */
    private final Map<TopicSetting, String> values;

    private TopicSettings(KafkaSettings node, Map<TopicSetting, String> values) {
        this.node = node;
        this.values = values;
    }

    /** Those of a topic whose maker says nothing. */
    static TopicSettings defaults(KafkaSettings node) {
        var values = new EnumMap<TopicSetting, String>(TopicSetting.class);
        for (TopicSetting setting : TopicSetting.values()) {
            if (setting.meaning() == TopicSetting.Meaning.KEPT) {
                values.put(setting, setting.defaultValue(node));
            }
        }
        return new TopicSettings(node, values);
    }

    /** Those of a topic, or of a queue, which is cleaned up by its consumers. */
    static TopicSettings of(QueueSettings settings, KafkaSettings node) {
        boolean limitsAge = settings.isTopic() && settings.maxAgeMs() >= 0;
        long bytes = settings.isTopic() ? bytesOfPartition(settings) : NO_LIMIT;
        boolean compacts = LAST_PER_KEY.equals(settings.chosen(QueueProperty.KEEP));
        boolean deletes = !compacts || limitsAge || bytes >= 0;
        var values = new EnumMap<TopicSetting, String>(TopicSetting.class);
        values.put(TopicSetting.CLEANUP_POLICY, policy(compacts, deletes));
        values.put(TopicSetting.RETENTION_MS, Long.toString(limitsAge ? settings.maxAgeMs() : NO_LIMIT));
        values.put(TopicSetting.RETENTION_BYTES, Long.toString(bytes));
        return new TopicSettings(node, values);
    }

    private static String policy(boolean compacts, boolean deletes) {
        if (!compacts) {
            return TopicConfig.CLEANUP_POLICY_DELETE;
        }
        return deletes
                ? TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE
                : TopicConfig.CLEANUP_POLICY_COMPACT;
    }

    private static long bytesOfPartition(QueueSettings settings) {
        long bytes = settings.maxLengthBytes();
        return bytes < 0 ? NO_LIMIT : bytes / settings.partitions();
    }

    /** The same limit for each partition when a topic gets so many. */
    static QueueSettings forPartitions(QueueSettings settings, int partitions) {
        long bytes = bytesOfPartition(settings);
        return bytes < 0 ? settings : settings.with(QueueProperty.MAX_LENGTH_BYTES, times(bytes, partitions));
    }

    /** Whether nothing is given up but what is superseded. */
    boolean onlyCompacts() {
        return TopicConfig.CLEANUP_POLICY_COMPACT.equals(value(TopicSetting.CLEANUP_POLICY));
    }

    /** What a client sees. */
    String value(TopicSetting setting) {
        return values.getOrDefault(setting, setting.defaultValue(node));
    }

    /**
     * With another value for one of them.
     *
     * @throws IllegalArgumentException if there is no such configuration or it cannot have the value
     */
    TopicSettings with(String name, @Nullable String value) {
        TopicSetting setting = known(name);
        if (value == null) {
            throw new IllegalArgumentException("There is no value for the topic config " + name);
        }
        setting.check(value, node);
        return put(setting, value);
    }

    /**
     * With the default for one of them.
     *
     * @throws IllegalArgumentException if there is no such configuration
     */
    TopicSettings without(String name) {
        TopicSetting setting = known(name);
        return put(setting, setting.defaultValue(node));
    }

    private TopicSettings put(TopicSetting setting, String value) {
        if (setting.meaning() != TopicSetting.Meaning.KEPT) {
            return this;
        }
        var changed = new EnumMap<TopicSetting, String>(values);
        changed.put(setting, value);
        return new TopicSettings(node, changed);
    }

    /**
     * The one of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    static TopicSetting known(String name) {
        TopicSetting setting = TopicSetting.named(name);
        if (setting == null) {
            throw new IllegalArgumentException("Unknown topic config name: " + name);
        }
        return setting;
    }

    /**
     * {@code settings} with these.
     *
     * @throws IllegalArgumentException if a value makes no sense
     */
    QueueSettings in(QueueSettings settings) {
        List<String> policy = TopicSetting.list(value(TopicSetting.CLEANUP_POLICY));
        var unknown = new HashSet<>(policy);
        unknown.remove(TopicConfig.CLEANUP_POLICY_COMPACT);
        unknown.remove(TopicConfig.CLEANUP_POLICY_DELETE);
        if (policy.isEmpty() || !unknown.isEmpty()) {
            throw TopicSetting.CLEANUP_POLICY.wrong(
                    value(TopicSetting.CLEANUP_POLICY), "expected delete, compact, or both with a comma");
        }
        boolean deletes = policy.contains(TopicConfig.CLEANUP_POLICY_DELETE);
        long ageMs = limit(TopicSetting.RETENTION_MS);
        long bytes = limit(TopicSetting.RETENTION_BYTES);
        QueueSettings kept = keep(settings, policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT));
        QueueSettings aged = deletes && ageMs >= 0
                ? kept.with(QueueProperty.MAX_AGE, Math.max(1, ageMs))
                : kept.without(QueueProperty.MAX_AGE);
        return deletes && bytes >= 0
                ? aged.with(QueueProperty.MAX_LENGTH_BYTES, times(bytes, settings.partitions()))
                : aged.without(QueueProperty.MAX_LENGTH_BYTES);
    }

    private static QueueSettings keep(QueueSettings settings, boolean compacts) {
        if (compacts) {
            return settings.with(QueueProperty.KEEP, LAST_PER_KEY);
        }
        return LAST_PER_KEY.equals(settings.chosen(QueueProperty.KEEP))
                ? settings.without(QueueProperty.KEEP)
                : settings;
    }

    private long limit(TopicSetting setting) {
        long limit = Long.parseLong(value(setting));
        if (limit < NO_LIMIT) {
            throw setting.wrong(value(setting), "expected at least " + NO_LIMIT);
        }
        return limit;
    }

    private static long times(long bytes, int partitions) {
        return bytes > Long.MAX_VALUE / partitions ? Long.MAX_VALUE : bytes * partitions;
    }
}
