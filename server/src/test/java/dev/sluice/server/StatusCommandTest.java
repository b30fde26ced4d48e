package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.Alert;
import dev.sluice.broker.NodeStatus;
import dev.sluice.broker.ResourceStatus;
import dev.sluice.broker.ResourceStatus.Step;
import dev.sluice.broker.Watermarks;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class StatusCommandTest {
    private static final long MIB = 1 << 20;

    @TempDir
    private Path folder;

    @Test
    void saysHowMuchIsLeftAndForHowLong() {
        var memory = new ResourceStatus(
                "memory",
                10 * MIB,
                100 * MIB,
                new Watermarks(75 * MIB, 85 * MIB, 100 * MIB),
                Step.NORMAL,
                0,
                0,
                OptionalLong.empty());
        var disk = new ResourceStatus(
                "disk",
                97_300 * MIB,
                100_000 * MIB,
                new Watermarks(98_400 * MIB, 99_200 * MIB, 99_800 * MIB),
                Step.WARN,
                0,
                3.2 * MIB,
                OptionalLong.of(781_250));
        var alert = new Alert("disk", Step.WARN, 1_700_000_000_123L, "disk: short");
        assertThat(StatusCommand.lines(new NodeStatus(List.of(memory, disk), 3, List.of(alert))))
                .containsExactly(
                        "memory: 10 MiB of 100 MiB used by messages; normal",
                        "  warns at 75 MiB, slows publishers from 85 MiB, stops them at 100 MiB until 93 MiB are used",
                        "disk: 2.6 GiB of 98 GiB free, at its limit in 14 min at 3.2 MiB/s; warning",
                        "  warns below 1.6 GiB, slows publishers below 800 MiB, stops them below 200 MiB until 500 MiB are free",
                        "connections whose publishes wait: 3",
                        "ALERT since 2023-11-14T22:13:20Z: disk: short");
    }

    @Test
    void asksTheBrokerThatRuns() {
        CommandLine start = new CommandLine(new StartCommand().spec());
        Configuration configuration = StartCommand.configuration(start.parseArgs(
                "--data", folder.resolve("data").toString(), "--amqp-port", "0", "--kafka-port", "off"));
        var out = new StringWriter();
        CommandLine sluice = Sluice.commandLine().setOut(new PrintWriter(out, true));
        Node node = Node.start(configuration);
        try {
            assertThat(sluice.execute("status", "--data", configuration.data().toString()))
                    .isEqualTo(ExitCode.OK);
        } finally {
            node.close();
        }
        assertThat(out.toString().lines()).anyMatch(line -> line.startsWith("connections whose publishes wait: 0"));
    }

    @Test
    void saysThatNoBrokerRuns() {
        var err = new StringWriter();
        CommandLine sluice = Sluice.commandLine().setErr(new PrintWriter(err, true));
        assertThat(sluice.execute("status", "--data", folder.toString())).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString()).contains("no running broker with the data folder");
    }
}
