package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class SluiceTest {

    private final StringWriter out = new StringWriter();

    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        CommandLine sluice = Sluice.commandLine();
        sluice.setOut(new PrintWriter(out, true));
        sluice.setErr(new PrintWriter(err, true));
        return sluice.execute(arguments);
    }

    @Test
    void explainsEveryFlagOfStart() {
        assertThat(run("start", "--help")).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).contains("--data=DIR", "--host=ADDR", "--amqp-port=N|off", "--config=FILE", "5672");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void listsItsCommands() {
        assertThat(run("--help")).isEqualTo(ExitCode.OK);
        assertThat(out.toString()).contains("start", "check", "sluice COMMAND --help");
    }

    @Test
    void refusesAnUnknownFlagAndNamesTheOneThatWasMeant() {
        assertThat(run("start", "--amqp-prot", "1")).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("--amqp-prot", "--amqp-port", "sluice start --help");
    }

    @Test
    void refusesAnUnknownCommand() {
        assertThat(run("stert")).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("stert", "start");
    }

    @Test
    void asksForACommand() {
        assertThat(run()).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("sluice --help");
    }

    @Test
    void explainsAValueThatMakesNoSense() {
        assertThat(run("start", "--amqp-port", "five")).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString())
                .isEqualToNormalizingNewlines(
                        "sluice: --amqp-port: expected a port number from 0 to 65535, or off, found \"five\"\n");
    }
}
