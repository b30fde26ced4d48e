package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.sluice.amqp.AmqpSettings;
import dev.sluice.broker.DiskAmount;
import dev.sluice.broker.PublishRates;
import dev.sluice.kafka.KafkaSettings;
import dev.sluice.net.NetSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class ConfigurationTest {

    static final Iterable<Setting<?>> TABLE = Setting.TABLE;

    @TempDir
    private Path folder;

    @Test
    void takesTheDefaultsWhenNothingIsGiven() {
        assertThat(configuration())
                .isEqualTo(new Configuration(
                        Path.of("./data"),
                        "127.0.0.1",
                        new Port.On(5672),
                        AmqpSettings.DEFAULT,
                        new Port.On(9092),
                        KafkaSettings.DEFAULT,
                        NetSettings.defaults(),
                        MessageMemory.AUTO,
                        Limits.DEFAULT,
                        Level.INFO));
    }

    @Test
    void readsEveryKeyFromAFlag() {
        assertThat(configuration(
                        "--data",
                        folder.toString(),
                        "--host",
                        "::1",
                        "--amqp-port",
                        "0",
                        "--kafka-port",
                        "off",
                        "--kafka-advertised",
                        "example.org:9000",
                        "--kafka-auto-create-topics",
                        "false",
                        "--kafka-default-partitions",
                        "3",
                        "--kafka-max-batch-bytes",
                        "1000",
                        "--log-level",
                        "debug",
                        "--message-memory",
                        "64"))
                .isEqualTo(new Configuration(
                        folder,
                        "::1",
                        new Port.On(0),
                        AmqpSettings.DEFAULT,
                        Port.Off.OFF,
                        KafkaSettings.DEFAULT
                                .withAdvertised(InetSocketAddress.createUnresolved("example.org", 9000))
                                .withTopics(false, 3)
                                .withMaxBatchBytes(1000),
                        NetSettings.defaults(),
                        new MessageMemory(64),
                        Limits.DEFAULT,
                        Level.DEBUG));
    }

    @Test
    void readsEveryKeyFromAFile() throws IOException {
        Path file = file("""
                # where it lives
                data = %s

                host=0.0.0.0
                  amqp-port =  off
                log-level = warn
                """.formatted(folder));
        assertThat(configuration("--config", file.toString()))
                .isEqualTo(new Configuration(
                        folder,
                        "0.0.0.0",
                        Port.Off.OFF,
                        AmqpSettings.DEFAULT,
                        new Port.On(9092),
                        KafkaSettings.DEFAULT,
                        NetSettings.defaults(),
                        MessageMemory.AUTO,
                        Limits.DEFAULT,
                        Level.WARN));
    }

    @Test
    void readsTheLimits() {
        Limits limits = configuration(
                        "--memory-warn-at=50",
                        "--memory-slow-from=60",
                        "--disk-free-warn=10%",
                        "--disk-free-slow=2000",
                        "--disk-free-limit=0",
                        "--warn-before-full=5",
                        "--max-publish-rate-per-connection=100",
                        "--max-publish-bytes-per-connection=1000",
                        "--max-publish-rate-per-user=200",
                        "--max-publish-bytes-per-user=off")
                .limits();
        assertThat(limits)
                .isEqualTo(new Limits(
                        50,
                        60,
                        new DiskAmount.Percent(10),
                        new DiskAmount.Bytes(2000L << 20),
                        new DiskAmount.Bytes(0),
                        5,
                        new PublishRates(100, 1_000, 200, 0)));
    }

    @Test
    void refusesAWarningThatComesAfterSlowing() {
        assertThatThrownBy(() -> configuration("--memory-warn-at=90"))
                .isInstanceOf(StartRefused.class)
                .hasMessageContaining("memory-warn-at is 90 %, and memory-slow-from is 85 %");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "100%", "5 %", "%", "5MB", "off", ""})
    void refusesWhatIsNoAmountOfADisk(String text) {
        assertThatThrownBy(() -> configuration("--disk-free-limit=" + text))
                .isInstanceOf(StartRefused.class)
                .hasMessageStartingWith("--disk-free-limit: expected a number of MiB");
    }

    @Test
    void refusesMoreMemoryThanTheJvmHas() {
        assertThatThrownBy(() -> new MessageMemory(1_000_000).storage())
                .isInstanceOf(StartRefused.class)
                .hasMessageContaining("message-memory is 1000000 MiB")
                .hasMessageContaining("MaxDirectMemorySize");
    }

    @Test
    void letsAFlagWinOverTheFile() throws IOException {
        Path file = file("amqp-port = 1111\nhost = ::1\n");
        Configuration configuration = configuration("--config", file.toString(), "--amqp-port", "2222");
        assertThat(configuration.amqpPort()).isEqualTo(new Port.On(2222));
        assertThat(configuration.host()).isEqualTo("::1");
    }

    @ParameterizedTest
    @FieldSource("TABLE")
    void offersAFlagForEveryKey(Setting<?> setting) {
        assertThat(new StartCommand().spec().findOption("--" + setting.name())).isNotNull();
    }

    @ParameterizedTest
    @FieldSource("TABLE")
    void acceptsItsOwnDefault(Setting<?> setting) {
        assertThat(setting.parser().apply(setting.defaultText())).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "65536", "99999", "100000", "five", "", "0x10", "OFF", "+1"})
    void refusesWhatIsNoPort(String text) {
        assertThatThrownBy(() -> configuration("--amqp-port=" + text))
                .isInstanceOf(StartRefused.class)
                .hasMessage("--amqp-port: expected a port number from 0 to 65535, or off, found \"" + text + "\"");
    }

    @Test
    void refusesADataFolderThatIsAFile() throws IOException {
        assertThatThrownBy(() -> configuration("--data", file("").toString()))
                .isInstanceOf(StartRefused.class)
                .hasMessageStartingWith("--data: expected a folder");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    amqp-prot = 1          | line 2: unknown key "amqp-prot", expected one of data, host, amqp-port, amqp-max-message-bytes, kafka-port, kafka-advertised, kafka-auto-create-topics, kafka-default-partitions, kafka-max-batch-bytes, kafka-offsets-retention-minutes, kafka-initial-rebalance-delay-ms, max-connections, message-memory, memory-warn-at, memory-slow-from, disk-free-warn, disk-free-slow, disk-free-limit, warn-before-full, max-publish-rate-per-connection, max-publish-bytes-per-connection, max-publish-rate-per-user, max-publish-bytes-per-user, shards, log-level
                    amqp-port              | line 2: expected key = value, found "amqp-port"
                    amqp-port = x          | line 2, amqp-port: expected a port number from 0 to 65535, or off, found "x"
                    log-level = loud       | line 2, log-level: expected one of error, warn, info, debug, trace, found "loud"
                    host = a b             | line 2, host: expected one IP address or host name of this machine, found "a b"
                    data =                 | line 2, data: expected a folder, which is created when it is missing, found ""
                    """)
    void namesTheLineThatIsWrong(String line, String message) throws IOException {
        Path file = file("# comment\n" + line + "\n");
        assertThatThrownBy(() -> configuration("--config", file.toString()))
                .isInstanceOf(StartRefused.class)
                .hasMessage(file + ", " + message);
    }

    @Test
    void refusesAKeyGivenTwiceInAFile() throws IOException {
        Path file = file("host = ::1\nhost = ::1\n");
        assertThatThrownBy(() -> configuration("--config", file.toString()))
                .isInstanceOf(StartRefused.class)
                .hasMessage(file + ", line 2, host: was given before in " + file + ", line 1, host");
    }

    @Test
    void refusesAFileThatIsNotThere() {
        Path file = folder.resolve("absent.conf");
        assertThatThrownBy(() -> configuration("--config", file.toString()))
                .isInstanceOf(StartRefused.class)
                .hasMessage(file + ": there is no such configuration file");
    }

    @Test
    void refusesAFileThatIsNotText() throws IOException {
        Path file = folder.resolve("binary.conf");
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
        assertThatThrownBy(() -> configuration("--config", file.toString()))
                .isInstanceOf(StartRefused.class)
                .hasMessage(file + ": expected text in UTF-8");
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("sluice.conf"), text, StandardCharsets.UTF_8);
    }

    private static Configuration configuration(String... flags) {
        return StartCommand.configuration(new CommandLine(new StartCommand().spec()).parseArgs(flags));
    }
}
