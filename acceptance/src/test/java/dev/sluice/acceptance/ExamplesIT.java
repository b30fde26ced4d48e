package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the example programs as a user does, and verifies what they print. */
final class ExamplesIT {
    private static final int LIMIT_SECONDS = 90;

    @Test
    void workersShareAQueueAndDoEachJobOnce(@TempDir Path folder) throws Exception {
        assertThat(run(folder, "work-queue")).contains("work-queue: 1000 of 1000 jobs done exactly once by 4 workers");
    }

    @Test
    void bothSubscribersOfATopicReceiveEveryMessage(@TempDir Path folder) throws Exception {
        assertThat(run(folder, "pub-sub")).contains("pub-sub: 100 messages, both subscribers received all: true");
    }

    @Test
    void aSlowConsumerLosesTheOldestAndTheDropsAreCounted(@TempDir Path folder) throws Exception {
        String output = run(folder, "slow-consumer");
        Matcher matcher = Pattern.compile(
                        "1000 published, (\\d+) received, (\\d+) dropped, the newest 100 received: true")
                .matcher(output);
        assertThat(matcher.find()).as(output).isTrue();
        int received = Integer.parseInt(matcher.group(1));
        assertThat(received).isBetween(100, 999);
        assertThat(Integer.parseInt(matcher.group(2))).isEqualTo(1000 - received);
    }

    private static String run(Path folder, String example) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(
                        SluiceProcess.repository().resolve("examples/run").toString(),
                        example,
                        "--port",
                        Integer.toString(Broker.shared().amqpPort()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
            assertThat(ended).isTrue();
            assertThat(process.exitValue()).as(Files.readString(output)).isZero();
            return Files.readString(output);
        } finally {
            process.destroyForcibly();
        }
    }
}
