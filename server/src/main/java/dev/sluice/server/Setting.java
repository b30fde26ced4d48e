package dev.sluice.server;

import ch.qos.logback.classic.Level;
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
                    + " slowed at one and a half times as much. auto takes a quarter of what the JVM allows outside its"
                    + " heap, and at most 1024.",
            false,
            text -> text.equals("auto")
                    ? Optional.of(MessageMemory.AUTO)
                    : number(text, 32, 1_000_000).map(MessageMemory::new));

    static final List<Setting<?>> TABLE =
            List.of(DATA, HOST, AMQP_PORT, AMQP_MAX_MESSAGE_BYTES, MAX_CONNECTIONS, MESSAGE_MEMORY, SHARDS, LOG_LEVEL);

    /** The row of a key, or nothing when there is no such key. */
    static Optional<Setting<?>> named(String name) {
        for (Setting<?> setting : TABLE) {
            if (setting.name.equals(name)) {
                return Optional.of(setting);
            }
        }
        return Optional.empty();
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
