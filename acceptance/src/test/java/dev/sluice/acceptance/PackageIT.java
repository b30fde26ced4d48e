package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The archive that is given to users, unpacked far from the sources. */
@Timeout(120)
final class PackageIT {

    /** Tests run in the folder of their module. */
    private static final Path BUILT = Path.of("..", "server", "target").toAbsolutePath();

    @TempDir
    private Path folder;

    @BeforeEach
    void unpack() throws Exception {
        try (Stream<Path> archives = Files.list(BUILT)) {
            Path archive = archives.filter(file -> file.toString().endsWith(".tar.gz"))
                    .findFirst()
                    .orElseThrow();
            assertThat(run("tar", "-xzf", archive.toString(), "--strip-components=1")
                            .exitCode())
                    .isZero();
        }
    }

    @Test
    void startsThroughALinkFromAnotherFolder() throws Exception {
        Files.createSymbolicLink(folder.resolve("link"), folder.resolve("bin/sluice"));
        Ended ended = run("./link", "start", "--rehearse", "--amqp-port", "0", "--kafka-port", "0");
        assertThat(ended.exitCode()).as(ended.output()).isZero();
    }

    @Test
    void holdsTheLauncherTheLibrariesAndTheLicence() throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(Path::getFileName).map(Path::toString))
                    .containsExactlyInAnyOrder("bin", "lib", "LICENSE", "README.md");
        }
        assertThat(run("bin/sluice", "--version").output()).startsWith("sluice ");
    }

    @Test
    void explainsItsFlagsAndNothingElse() throws Exception {
        Ended ended = run("bin/sluice", "start", "--help");
        assertThat(ended.output()).contains("2 % of the disk").doesNotContain("WARN", "%%");
    }

    @Test
    void refusesAnUnknownFlag() throws Exception {
        Ended ended = run("bin/sluice", "start", "--amqp-prot", "1");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.output()).contains("--amqp-prot", "--amqp-port", "sluice start --help");
    }

    private Ended run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of(command))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), output);
    }

    private record Ended(int exitCode, String output) {}
}
