package dev.sluice.server;

import ch.qos.logback.classic.Level;
import dev.sluice.amqp.AmqpSettings;
import dev.sluice.broker.PublishRates;
import dev.sluice.kafka.KafkaSettings;
import dev.sluice.kafka.group.GroupSettings;
import dev.sluice.net.NetSettings;
import java.nio.file.Path;
import java.util.Map;

/** Immutable. All that can be configured, read and validated by {@link Setting}. */
record Configuration(
        Path data,
        String host,
        Port amqpPort,
        AmqpSettings amqp,
        Port kafkaPort,
        KafkaSettings kafka,
        NetSettings net,
        MessageMemory messageMemory,
        Limits limits,
        Level logLevel) {

    /**
     * Reads each key of the table from the given values, and takes its default where there is none.
     *
     * @throws StartRefused when a value is not as expected
     */
    static Configuration of(Map<Setting<?>, Given> given) {
        return new Configuration(
                read(Setting.DATA, given),
                read(Setting.HOST, given),
                read(Setting.AMQP_PORT, given),
                AmqpSettings.DEFAULT.withMaxMessageBytes(read(Setting.AMQP_MAX_MESSAGE_BYTES, given)),
                read(Setting.KAFKA_PORT, given),
                kafka(given),
                new NetSettings(
                        read(Setting.SHARDS, given),
                        read(Setting.MAX_CONNECTIONS, given),
                        NetSettings.DEFAULT_HANDSHAKE_TIMEOUT_MS),
                read(Setting.MESSAGE_MEMORY, given),
                limits(given),
                read(Setting.LOG_LEVEL, given));
    }

    private static KafkaSettings kafka(Map<Setting<?>, Given> given) {
        return KafkaSettings.DEFAULT
                .withMaxBatchBytes(read(Setting.KAFKA_MAX_BATCH_BYTES, given))
                .withTopics(
                        read(Setting.KAFKA_AUTO_CREATE_TOPICS, given), read(Setting.KAFKA_DEFAULT_PARTITIONS, given))
                .withAdvertised(read(Setting.KAFKA_ADVERTISED, given).address().orElse(null))
                .withGroups(new GroupSettings(
                        read(Setting.KAFKA_OFFSETS_RETENTION_MINUTES, given),
                        read(Setting.KAFKA_INITIAL_REBALANCE_DELAY_MS, given)));
    }

    private static Limits limits(Map<Setting<?>, Given> given) {
        int warnPercent = read(Setting.MEMORY_WARN_AT, given);
        int slowPercent = read(Setting.MEMORY_SLOW_FROM, given);
        if (warnPercent > slowPercent) {
            throw StartRefused.badConfiguration(Setting.MEMORY_WARN_AT.name() + " is " + warnPercent + " %, and "
                    + Setting.MEMORY_SLOW_FROM.name() + " is " + slowPercent
                    + " %: the warning has to come first, or at the same time");
        }
        return new Limits(
                warnPercent,
                slowPercent,
                read(Setting.DISK_FREE_WARN, given),
                read(Setting.DISK_FREE_SLOW, given),
                read(Setting.DISK_FREE_LIMIT, given),
                read(Setting.WARN_BEFORE_FULL, given),
                new PublishRates(
                        read(Setting.MAX_PUBLISH_RATE_PER_CONNECTION, given),
                        read(Setting.MAX_PUBLISH_BYTES_PER_CONNECTION, given),
                        read(Setting.MAX_PUBLISH_RATE_PER_USER, given),
                        read(Setting.MAX_PUBLISH_BYTES_PER_USER, given)));
    }

    private static <T> T read(Setting<T> setting, Map<Setting<?>, Given> given) {
        Given value = given.getOrDefault(setting, new Given(setting.defaultText(), "default of " + setting.name()));
        return setting.parser()
                .apply(value.text())
                .orElseThrow(() -> StartRefused.badConfiguration(
                        value.source() + ": expected " + setting.expected() + ", found \"" + value.text() + "\""));
    }

    /**
     * Immutable. A value somebody gave.
     *
     * @param text as it was written
     * @param source where it was written, to stand before an error
     */
    record Given(String text, String source) {}
}
