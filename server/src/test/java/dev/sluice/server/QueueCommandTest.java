package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.EmbeddedBroker;
import dev.sluice.broker.ExchangeType;
import dev.sluice.broker.Message;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The command line, over its socket, to a broker in this process. */
@Timeout(60)
final class QueueCommandTest {
    @TempDir
    private Path folder;

    private EmbeddedBroker broker;
    private ControlSocket control;
    private String err = "";

    @BeforeEach
    void open() throws IOException {
        broker = EmbeddedBroker.open(folder.resolve("data"));
        Path socket = Files.createDirectory(folder.resolve("socket"));
        control = ControlSocket.open(socket, QueueCommands.of(broker.tools()));
        broker.declareQueue("jobs");
        broker.declareQueue("other");
    }

    @AfterEach
    void close() {
        control.close();
        broker.close();
    }

    /** What the command prints; it has to end with this code. */
    private String run(int code, String... words) {
        var all = new ArrayList<>(List.of("queue"));
        all.addAll(List.of(words));
        all.addAll(List.of("--data", folder.resolve("socket").toString()));
        var out = new StringWriter();
        var errors = new StringWriter();
        CommandLine sluice =
                Sluice.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(errors, true));
        int result = sluice.execute(all.toArray(String[]::new));
        err = errors.toString();
        assertThat(result).as(out + err).isEqualTo(code);
        return out.toString();
    }

    private void publish(String text) {
        broker.publish("jobs", Message.of(text)).join();
    }

    @Test
    void listsQueues() {
        publish("a");
        assertThat(run(0, "list").lines())
                .containsExactly(
                        "QUEUE  READY  IN FLIGHT  HELD BACK  CONSUMERS  STATE",
                        "jobs       1          0          0          0",
                        "other      0          0          0          0");
        assertThat(run(0, "list", "jobs", "--json").lines())
                .singleElement()
                .asString()
                .startsWith("{\"queue\":\"jobs\",\"durable\":true,\"ready\":1,\"inFlight\":0,");
        run(1, "list", "missing");
        assertThat(err).contains("there is no queue missing; 'sluice queue list' shows those that there are");
    }

    @Test
    void tellsTheStoryOfAMessage() {
        QueueSettings settings = QueueSettings.DEFAULT.with(QueueProperty.STORY, 60_000);
        broker.declareQueue(new QueueSpec("told", true, false, false, settings));
        broker.publish("told", new Message(new byte[] {1}, Map.of("message-id", "m 1"), null))
                .join();
        run(0, "move", "told", "--to", "other");
        assertThat(run(0, "story", "told", "--id", "m 1").lines())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .endsWith("Z  0  stored, exchange \"\", routing key \"told\", key \"\", id \"m 1\""),
                        line -> assertThat(line).endsWith("Z  0  moved to other"));
        assertThat(run(0, "story", "told", "--offset", "0", "--json"))
                .contains("\"event\":\"moved\",\"queues\":[{\"queue\":\"other\"}]");
        assertThat(run(0, "story", "told", "--key", "told", "--events", "1")).contains("there is more");
        assertThat(run(0, "story", "told", "--id", "none")).contains("nothing is remembered of such a message");
        run(1, "story", "jobs", "--id", "m 1");
        assertThat(err).contains("declare it with story");
        wrong("one of --id, --key and --offset is needed", "story", "told");
    }

    @Test
    void changesSettings() {
        assertThat(run(0, "set", "jobs")).contains("queue jobs: all settings are the defaults");
        publish("a");
        publish("b");
        assertThat(run(0, "set", "jobs", "max-length=1", "dead-letter-exchange=dlx"))
                .contains("queue jobs: max-length=1, dead-letter-exchange=dlx");
        while (broker.statistics("jobs").ready() != 1) {
            Thread.onSpinWait();
        }
        assertThat(run(0, "set", "jobs", "max-length=")).contains("queue jobs: dead-letter-exchange=dlx");
        run(1, "set", "jobs", "max-priority=3");
        assertThat(err).contains("max-priority cannot be changed");
        wrong("such as max-length=1000, were expected, found \"length=3\"", "set", "jobs", "length=3");
        wrong("max-length is many, expected a whole number", "set", "jobs", "max-length=many");
    }

    @Test
    void showsMessages() {
        var message = new Message(
                "line\n\u001b[31mred".getBytes(StandardCharsets.UTF_8),
                Map.of("city", "Wien"),
                "k".getBytes(StandardCharsets.UTF_8));
        broker.publish("jobs", message).join();
        broker.publish("jobs", new Message(new byte[] {(byte) 0xff, 0}, Map.of(), null))
                .join();
        assertThat(run(0, "peek", "jobs").lines())
                .satisfiesExactly(
                        line -> assertThat(line).matches("0  ready, since \\S+, exchange \"\", routing key \"jobs\""),
                        line -> assertThat(line).isEqualTo("    key: k"),
                        line -> assertThat(line).isEqualTo("    header city: Wien"),
                        line -> assertThat(line).isEqualTo("    body, 13 bytes: line\\n\\u{1b}[31mred"),
                        line -> assertThat(line).startsWith("1  ready"),
                        line -> assertThat(line).isEqualTo("    body, 2 bytes: Base64 /wA="));
        assertThat(run(0, "peek", "jobs", "--count", "1", "--body", "4"))
                .contains("body, 4 of 13 bytes: line")
                .contains("there are more: go on with --from 1");
        assertThat(run(0, "peek", "jobs", "--from", "1", "--json")).contains("\"bodyBase64\":\"/wA=\"");
        assertThat(run(0, "peek", "jobs", "--header", "city=Wien", "--json").lines())
                .singleElement()
                .asString()
                .contains(
                        "\"position\":\"0\"", "\"headers\":{\"city\":\"Wien\"}", "\"body\":\"line\\n\\u001b[31mred\"");
        assertThat(run(0, "peek", "jobs", "--key", "none")).contains("no message of 2 that were looked at");
    }

    @Test
    void pausesAndResumes() {
        assertThat(run(0, "pause", "jobs", "--publishing")).contains("queue jobs: publishing is paused");
        assertThat(run(0, "pause", "jobs")).contains("queue jobs: publishing and consuming are paused");
        assertThat(run(0, "list", "jobs")).contains("publishing and consuming are paused");
        assertThat(run(0, "resume", "jobs", "--publishing")).contains("queue jobs: consuming is paused");
        assertThat(run(0, "resume", "jobs")).contains("queue jobs: nothing is paused");
        run(1, "pause", "missing");
        assertThat(err).contains("there is no queue missing");
    }

    @Test
    void movesAndCopies() {
        publish("a");
        publish("b");
        publish("c");
        assertThat(run(0, "move", "jobs", "--to", "other", "--dry-run"))
                .contains("would move 3 messages of 3 that were looked at")
                .contains("body, 1 bytes: a");
        assertThat(run(0, "copy", "jobs", "--to", "other", "--max", "1"))
                .contains("copied 1 message of 1 that were looked at");
        assertThat(run(0, "move", "jobs", "--to", "other", "--json")).contains("\"state\":\"DONE\"", "\"done\":3");
        assertThat(broker.statistics("other").ready()).isEqualTo(4);
        broker.declareExchange("news", ExchangeType.FANOUT);
        assertThat(run(0, "move", "other", "--to-exchange", "news"))
                .contains("moved 0 messages", "4 messages stay, since there is no queue for them");
        assertThat(run(0, "progress", "other")).contains("moved 0 messages of 4");
    }

    @Test
    void saysHowFarATransferIsAndStopsIt() {
        publish("a");
        publish("b");
        assertThat(run(0, "move", "jobs", "--to", "other", "--rate", "0.001", "--background"))
                .contains("going on: moved");
        assertThat(run(0, "list", "jobs")).contains("going on: moved");
        run(1, "purge", "jobs", "--max", "1");
        assertThat(err).contains("the queue jobs is busy: another transfer of its records goes on");
        assertThat(run(0, "stop", "jobs")).contains("stopped: moved 1 message of 1 that were looked at");
        assertThat(run(0, "progress", "jobs", "--json")).contains("\"state\":\"STOPPED\"");
        run(1, "progress", "other");
        assertThat(err).contains("no messages of the queue other were moved");
    }

    @Test
    void bringsDeadLettersBack() {
        broker.declareQueue(new QueueSpec(
                "short",
                true,
                false,
                false,
                QueueSettings.DEFAULT
                        .with(QueueProperty.MESSAGE_TTL, 1)
                        .with(QueueProperty.DEAD_LETTER_EXCHANGE, "")
                        .with(QueueProperty.DEAD_LETTER_ROUTING_KEY, "other")));
        broker.publish("short", Message.of("late")).join();
        while (broker.statistics("short").deadLettered() == 0) {
            Thread.onSpinWait();
        }
        assertThat(run(0, "peek", "other")).contains("died: expired in short once, first at ");
        assertThat(run(0, "redrive", "other", "--death-reason", "rejected")).contains("moved 0 messages of 1");
        assertThat(run(0, "redrive", "other", "--death", "first", "--death-reason", "expired"))
                .contains("moved 1 message of 1");
        publish("never died");
        assertThat(run(0, "redrive", "jobs")).contains("1 message stay");
    }

    @Test
    void purges() {
        publish("a");
        publish("b");
        assertThat(run(0, "purge", "jobs", "--older-than", "1h")).contains("dropped 0 messages of 2");
        assertThat(run(0, "purge", "jobs", "--max", "1")).contains("dropped 1 message");
        assertThat(run(0, "purge", "jobs")).contains("dropped 1 message");
        assertThat(broker.statistics("jobs").ready()).isZero();
    }

    @Test
    void explainsWhatIsWrongWithTheWords() {
        wrong("either --to with a queue or --to-exchange with an exchange is needed", "move", "jobs");
        wrong("--to-key goes with --to-exchange only", "copy", "jobs", "--to", "other", "--to-key", "k");
        wrong("--header: NAME=VALUE was expected, found \"x\"", "peek", "jobs", "--header", "x");
        wrong("such as 90s or 2h, was expected, found \"2 weeks\"", "purge", "jobs", "--older-than", "2 weeks");
        wrong("--count: a whole number up to 1000 was expected, found \"many\"", "peek", "jobs", "--count", "many");
        wrong("--rate: a number above 0 was expected, found \"0\"", "redrive", "jobs", "--rate", "0");
        wrong("--death: first or last was expected", "redrive", "jobs", "--death", "second");
        wrong("one of rejected, expired, maxlen, delivery_limit was expected", "peek", "jobs", "--death-reason", "old");
        wrong("an offset such as 4711", "peek", "jobs", "--from", "there");
        wrong("Missing required parameter: 'QUEUE'", "peek");
        wrong("--cuont", "peek", "jobs", "--cuont", "1");
        run(1, "move", "jobs", "--to", "jobs");
        assertThat(err).contains("the queue jobs: records cannot go to the queue that they are in");
    }

    private void wrong(String explanation, String... words) {
        run(ExitCode.USAGE, words);
        assertThat(err).contains(explanation).contains("sluice queue " + words[0] + " --help");
    }

    @Test
    void hasHelpForEachAction() {
        for (QueueAction action : QueueAction.values()) {
            var out = new StringWriter();
            CommandLine sluice = Sluice.commandLine().setOut(new PrintWriter(out, true));
            assertThat(sluice.execute("queue", action.word(), "--help")).isZero();
            assertThat(out.toString()).contains("Usage: sluice queue " + action.word(), "--data=DIR");
        }
    }

    @Test
    void keepsWordsWholeOnTheSocket() {
        var words = new ControlArguments()
                .add("queue", "a b&c=d\n\u00e9")
                .add("header", "x=1")
                .add("header", "y=2")
                .add("json", "");
        ControlArguments read = ControlArguments.decode(words.encode());
        assertThat(words.encode()).doesNotContain("\n");
        assertThat(read.get("queue")).isEqualTo("a b&c=d\n\u00e9");
        assertThat(read.all("header")).containsExactly("x=1", "y=2");
        assertThat(read.has("json")).isTrue();
        assertThat(read.has("none")).isFalse();
        assertThat(ControlArguments.decode("").has("")).isFalse();
    }
}
