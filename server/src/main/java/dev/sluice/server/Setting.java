package dev.sluice.server;

import ch.qos.logback.classic.Level;
import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.DiskAmount;
import dev.sluice.kafka.KafkaSettings;
import dev.sluice.net.NetSettings;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Immutable. One row of the table of configuration keys: {@link #TABLE} is the only place where a key is declared. The
 * flags, the check of a configuration file and {@code docs/configuration.md} are all made from it.
 *
 * @param name the key in a file, and the flag after two dashes
 * @param defaultText the value when nobody gives one, as it would be written in a file
 * @param unit what the value is, in a word, as it stands in the help
 * @param expected the accepted values, in words that follow "expected"
 * @param text what the key does, in full sentences
 * @param reloadable whether a running broker takes a new value
 * @param parser the value of a text, or nothing when the text is not as expected
 */
record Setting<T>(
        String name,
        String defaultText,
        String unit,
        String expected,
        String text,
        boolean reloadable,
        Function<String, Optional<T>> parser) {

    private static final long MIB = 1 << 20;

    static final Setting<Path> DATA = new Setting<>(
            "data",
            "./data",
            "DIR",
            "a folder, which is created when it is missing",
            "Folder that holds everything the broker must remember."
                    + " A relative name counts from where the broker is started.",
            false,
            Setting::folder);

    static final Setting<String> HOST = new Setting<>(
            "host",
            "127.0.0.1",
            "ADDR",
            "one IP address or host name of this machine",
            "Address to listen on. 0.0.0.0 listens on all IPv4 addresses of the machine.",
            false,
            Setting::host);

    static final Setting<Port> AMQP_PORT = new Setting<>(
            "amqp-port",
            "5672",
            "N|off",
            "a port number from 0 to 65535, or off",
            "Port for AMQP 0-9-1. 0 takes a free one, off does not listen.",
            false,
            Setting::port);

    static final Setting<Port> KAFKA_PORT = new Setting<>(
            "kafka-port",
            "9092",
            "N|off",
            "a port number from 0 to 65535, or off",
            "Port for Kafka's protocol. 0 takes a free one, off does not listen.",
            false,
            Setting::port);

    static final Setting<Advertised> KAFKA_ADVERTISED = new Setting<>(
            "kafka-advertised",
            "auto",
            "HOST:PORT|auto",
            "a host name or address with a port from 1 to 65535, or auto",
            "Where Kafka clients are told to connect to, if they reach this machine under another name. auto takes the address"
                    + " that each client has connected to.",
            false,
            Advertised::parse);

    static final Setting<Boolean> KAFKA_AUTO_CREATE_TOPICS = new Setting<>(
            "kafka-auto-create-topics",
            "true",
            "BOOL",
            "true or false",
            "Whether a topic is made when a Kafka client asks for it by name and there is none.",
            false,
            Setting::flag);

    static final Setting<Integer> KAFKA_DEFAULT_PARTITIONS = new Setting<>(
            "kafka-default-partitions",
            "1",
            "N",
            "a number from 1 to 1024",
            "Partitions of a topic whose maker does not say how many.",
            false,
            text -> number(text, 1, 1024));

    static final Setting<Integer> KAFKA_MAX_BATCH_BYTES = new Setting<>(
            "kafka-max-batch-bytes",
            Integer.toString(KafkaSettings.DEFAULT_MAX_BATCH_BYTES),
            "BYTES",
            "a number from 1 to 67108864",
            "Largest batch of records over Kafka's protocol, as it comes, compressed or not.",
            false,
            text -> number(text, 1, 64 << 20));

    static final Setting<Integer> KAFKA_OFFSETS_RETENTION_MINUTES = new Setting<>(
            "kafka-offsets-retention-minutes",
            "10080",
            "N",
            "a number from 1 to 5256000",
            "For how many minutes the offsets of a Kafka consumer group are kept once it has no members.",
            false,
            text -> number(text, 1, 5_256_000));

    static final Setting<Integer> KAFKA_INITIAL_REBALANCE_DELAY_MS = new Setting<>(
            "kafka-initial-rebalance-delay-ms",
            "0",
            "N",
            "a number from 0 to 300000",
            "For how many milliseconds the first member of a Kafka consumer group waits for others. 3000 spares an application that"
                    + " starts with many processes as many rebalances.",
            false,
            text -> number(text, 0, 300_000));

    static final Setting<Level> LOG_LEVEL = new Setting<>(
            "log-level",
            "info",
            "LEVEL",
            "one of error, warn, info, debug, trace",
            "How much is written to standard error.",
            false,
            Setting::level);

    static final Setting<Integer> AMQP_MAX_MESSAGE_BYTES = new Setting<>(
            "amqp-max-message-bytes",
            "16777216",
            "BYTES",
            "a number from 1 to 536870912",
            "Largest body of a message over AMQP. A larger one closes its channel.",
            false,
            text -> number(text, 1, 512 * 1024 * 1024));

    static final Setting<Integer> MAX_CONNECTIONS = new Setting<>(
            "max-connections",
            "10000",
            "N",
            "a number from 1 to 1000000",
            "Connections of all protocols together; more are closed at once.",
            false,
            text -> number(text, 1, 1_000_000));

    static final Setting<Integer> SHARDS = new Setting<>(
            "shards",
            "auto",
            "N|auto",
            "a number from 1 to 256, or auto",
            "Threads that own connections and queues. auto takes half of the processors.",
            false,
            text -> text.equals("auto") ? Optional.of(NetSettings.defaultShards()) : number(text, 1, 256));

    static final Setting<MessageMemory> MESSAGE_MEMORY = new Setting<>(
            "message-memory",
            "auto",
            "MIB|auto",
            "a number from 32 to 1000000, or auto",
            "Memory for messages, in MiB. Above it, those that were not used for longest are written to segments; publishers are"
                    + " stopped at one and a half times as much. auto takes a quarter of what the JVM allows outside its"
                    + " heap, and at most 1024.",
            false,
            text -> text.equals("auto")
                    ? Optional.of(MessageMemory.AUTO)
                    : number(text, 32, 1_000_000).map(MessageMemory::new));

    static final Setting<Integer> MEMORY_WARN_AT = new Setting<>(
            "memory-warn-at",
            Integer.toString(BrokerLimits.MEMORY_WARN_PERCENT),
            "PERCENT",
            "a number from 1 to 100",
            "People are warned when messages in memory take so much, in hundredths of where publishers are stopped, which is one"
                    + " and a half times message-memory. Not above memory-slow-from.",
            false,
            text -> number(text, 1, 100));

    static final Setting<Integer> MEMORY_SLOW_FROM = new Setting<>(
            "memory-slow-from",
            Integer.toString(BrokerLimits.MEMORY_SLOW_PERCENT),
            "PERCENT",
            "a number from 1 to 100",
            "Publishers are slowed when messages in memory take more, in hundredths of where publishers are stopped; the more, the slower.",
            false,
            text -> number(text, 1, 100));

    static final Setting<DiskAmount> DISK_FREE_WARN = diskFree(
            "disk-free-warn",
            "People are warned when the disk of the data folder has less free. auto takes eight times disk-free-limit.");

    static final Setting<DiskAmount> DISK_FREE_SLOW = diskFree(
            "disk-free-slow",
            "Publishers are slowed when the disk of the data folder has less free; the less, the slower. auto takes four times"
                    + " disk-free-limit.");

    static final Setting<DiskAmount> DISK_FREE_LIMIT = diskFree(
            "disk-free-limit",
            "Publishers are stopped when the disk of the data folder has less free; consumers and acknowledgements go on. auto takes 200 MiB,"
                    + " and at most 2 % of the disk; 0 stops nobody, warns nobody and slows nobody, until writing fails.");

    static final Setting<Integer> WARN_BEFORE_FULL = new Setting<>(
            "warn-before-full",
            Long.toString(BrokerLimits.WARN_BEFORE_FULL_MS / 60_000),
            "MINUTES",
            "a number from 0 to 10000",
            "People are warned when the disk will be at disk-free-limit in less than so many minutes, if it fills on as it does. 0 does not.",
            false,
            text -> number(text, 0, 10_000));

    static final Setting<Integer> MAX_PUBLISH_RATE_PER_CONNECTION = rate(
            "max-publish-rate-per-connection",
            "Messages that one connection may publish a second. More are slowed, and not lost.");

    static final Setting<Integer> MAX_PUBLISH_BYTES_PER_CONNECTION = rate(
            "max-publish-bytes-per-connection",
            "Bytes of messages that one connection may publish a second. More are slowed, and not lost.");

    static final Setting<Integer> MAX_PUBLISH_RATE_PER_USER = rate(
            "max-publish-rate-per-user",
            "Messages that all connections of one user together may publish a second. More are slowed, and not lost.");

    static final Setting<Integer> MAX_PUBLISH_BYTES_PER_USER = rate(
            "max-publish-bytes-per-user",
            "Bytes of messages that all connections of one user together may publish a second. More are slowed, and not lost.");

    static final List<Setting<?>> TABLE = List.of(
            DATA,
            HOST,
            AMQP_PORT,
            AMQP_MAX_MESSAGE_BYTES,
            KAFKA_PORT,
            KAFKA_ADVERTISED,
            KAFKA_AUTO_CREATE_TOPICS,
            KAFKA_DEFAULT_PARTITIONS,
            KAFKA_MAX_BATCH_BYTES,
            KAFKA_OFFSETS_RETENTION_MINUTES,
            KAFKA_INITIAL_REBALANCE_DELAY_MS,
            MAX_CONNECTIONS,
            MESSAGE_MEMORY,
            MEMORY_WARN_AT,
            MEMORY_SLOW_FROM,
            DISK_FREE_WARN,
            DISK_FREE_SLOW,
            DISK_FREE_LIMIT,
            WARN_BEFORE_FULL,
            MAX_PUBLISH_RATE_PER_CONNECTION,
            MAX_PUBLISH_BYTES_PER_CONNECTION,
            MAX_PUBLISH_RATE_PER_USER,
            MAX_PUBLISH_BYTES_PER_USER,
            SHARDS,
            LOG_LEVEL);

    /** The row of a key, or nothing when there is no such key. */
    static Optional<Setting<?>> named(String name) {
        for (Setting<?> setting : TABLE) {
            if (setting.name.equals(name)) {
                return Optional.of(setting);
            }
        }
        return Optional.empty();
    }

    private static Setting<DiskAmount> diskFree(String name, String text) {
        return new Setting<>(
                name,
                "auto",
                "MIB|N%|auto",
                "a number of MiB from 0 to 100000000, a share of the disk from 0% to 99%, or auto",
                text,
                false,
                Setting::diskAmount);
    }

    private static Setting<Integer> rate(String name, String text) {
        return new Setting<>(name, "off", "N|off", "a number from 1 to 999999999, or off", text, false, Setting::rate);
    }

    private static Optional<Integer> rate(String text) {
        return text.equals("off") ? Optional.of(0) : number(text, 1, 999_999_999);
    }

    private static Optional<DiskAmount> diskAmount(String text) {
        if (text.equals("auto")) {
            return Optional.of(DiskAmount.Auto.AUTO);
        }
        return text.endsWith("%")
                ? number(text.substring(0, text.length() - 1), 0, 99).map(DiskAmount.Percent::new)
                : number(text, 0, 100_000_000).map(mib -> new DiskAmount.Bytes(mib * MIB));
    }

    private static Optional<Path> folder(String text) {
        try {
            Path folder = Path.of(text);
            boolean usable = !text.isBlank() && (!Files.exists(folder) || Files.isDirectory(folder));
            return usable ? Optional.of(folder) : Optional.empty();
        } catch (InvalidPathException _) {
            return Optional.empty();
        }
    }

    private static Optional<String> host(String text) {
        boolean oneWord = !text.isEmpty() && text.chars().noneMatch(Character::isWhitespace);
        return oneWord ? Optional.of(text) : Optional.empty();
    }

    private static Optional<Port> port(String text) {
        if (text.equals("off")) {
            return Optional.of(Port.Off.OFF);
        }
        boolean digits = text.matches("[0-9]{1,5}");
        return digits && Integer.parseInt(text) <= Port.MAX
                ? Optional.of(new Port.On(Integer.parseInt(text)))
                : Optional.empty();
    }

    private static Optional<Boolean> flag(String text) {
        return switch (text) {
            case "true" -> Optional.of(true);
            case "false" -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    private static Optional<Integer> number(String text, int least, int most) {
        if (!text.matches("[0-9]{1,9}")) {
            return Optional.empty();
        }
        int number = Integer.parseInt(text);
        return number >= least && number <= most ? Optional.of(number) : Optional.empty();
    }

    private static Optional<Level> level(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "error" -> Optional.of(Level.ERROR);
            case "warn" -> Optional.of(Level.WARN);
            case "info" -> Optional.of(Level.INFO);
            case "debug" -> Optional.of(Level.DEBUG);
            case "trace" -> Optional.of(Level.TRACE);
            default -> Optional.empty();
        };
    }
}
