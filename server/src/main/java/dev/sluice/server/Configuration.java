package dev.sluice.server;

import ch.qos.logback.classic.Level;
import dev.sluice.amqp.AmqpSettings;
import dev.sluice.net.NetSettings;
import java.nio.file.Path;
import java.util.Map;

/** Immutable. All that can be configured, read and validated by {@link Setting}. */
record Configuration(
        Path data,
        String host,
        Port amqpPort,
        AmqpSettings amqp,
        NetSettings net,
        MessageMemory messageMemory,
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
                new NetSettings(
                        read(Setting.SHARDS, given),
                        read(Setting.MAX_CONNECTIONS, given),
                        NetSettings.DEFAULT_HANDSHAKE_TIMEOUT_MS),
                read(Setting.MESSAGE_MEMORY, given),
                read(Setting.LOG_LEVEL, given));
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
