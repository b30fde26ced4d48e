package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.EmbeddedBroker;
import dev.sluice.broker.Message;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

final class CheckCommandTest {
    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();

    private final StringWriter err = new StringWriter();

    private int check(String... arguments) {
        CommandLine sluice = Sluice.commandLine();
        sluice.setOut(new PrintWriter(out, true));
        sluice.setErr(new PrintWriter(err, true));
        String[] all = new String[arguments.length + 1];
        all[0] = "check";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return sluice.execute(all);
    }

    private void publishAJob() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("jobs");
            broker.publish("jobs", Message.of("resize cat.png")).join();
        }
    }

    @Test
    void callsASoundFolderSoundAndNamesItsQueues() {
        publishAJob();

        assertThat(check(folder.toString())).isEqualTo(ExitCode.OK);
        assertThat(out.toString())
                .containsPattern("log [0-9a-f]{16}, queue jobs: offsets 0 to 1, 0 segments, sound")
                .contains("sound: ");
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void saysWhatIsDamagedAndWhatToDo() throws IOException {
        publishAJob();
        Path metadata = folder.resolve("metadata");
        byte[] bytes = Files.readAllBytes(metadata);
        bytes[60] ^= 1;
        Files.write(metadata, bytes);

        assertThat(check(folder.toString())).isEqualTo(ExitCode.FAILURE);
        assertThat(out.toString())
                .contains("the metadata file metadata is damaged at position", "bring it back from a backup");
    }

    @Test
    void repairsADamagedQueueAndKeepsWhatWasCut() throws Exception {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("jobs");
            broker.publish("jobs", Message.of("resize cat.png")).join();
            broker.publish("jobs", Message.of("resize dog.png")).join();
        }
        String damaged = flip("cat.png");

        assertThat(check(folder.toString())).isEqualTo(ExitCode.FAILURE);
        assertThat(check(folder.toString(), "--repair")).isEqualTo(ExitCode.OK);

        assertThat(out.toString())
                .contains("repaired: log ", "its records 0 to 0, which were durable, are not what was written")
                .contains("originals of what was cut are in " + folder.resolve("repaired-1"))
                .contains("sound: ");
        assertThat(folder.resolve("repaired-1").resolve(damaged)).exists();
        assertThat(folder.resolve("repaired-1").resolve("report")).content().contains("records 0 to 0");
        var received = new LinkedBlockingQueue<String>();
        try (var broker = EmbeddedBroker.open(folder);
                var _ = broker.consume(
                        "jobs", 1, delivery -> received.add(delivery.message().text()))) {
            assertThat(received.poll(10, TimeUnit.SECONDS)).isEqualTo("resize dog.png");
        }
    }

    /** Changes a bit of a journal file where the text is; returns the file's name in the folder. */
    private String flip(String text) throws IOException {
        try (var files = Files.list(folder.resolve("journal"))) {
            for (Path file : files.toList()) {
                byte[] bytes = Files.readAllBytes(file);
                int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
                if (at >= 0) {
                    bytes[at] ^= 1;
                    Files.write(file, bytes);
                    return folder.relativize(file).toString();
                }
            }
        }
        throw new AssertionError(text + " is in no journal file");
    }

    @Test
    void refusesAFolderThatABrokerUses() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("jobs");
            assertThat(check(folder.toString())).isEqualTo(ExitCode.FAILURE);
        }
        assertThat(err.toString())
                .startsWith("sluice: the data folder " + folder)
                .contains("is in use by process");
    }

    @Test
    void asksForAFolder() {
        assertThat(check()).isEqualTo(ExitCode.USAGE);
        assertThat(err.toString()).contains("DIR", "sluice check --help");
    }

    @Test
    void refusesAFolderThatHoldsNoData() {
        assertThat(check(folder.resolve("nothing").toString())).isEqualTo(ExitCode.FAILURE);
        assertThat(err.toString()).contains("is not a data folder: it has no file metadata");
    }
}
