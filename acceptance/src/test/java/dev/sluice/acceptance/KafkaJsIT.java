package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Kafkajs, the client that most programs of Node.js use. */
@ExtendWith(KafkaExtension.class)
final class KafkaJsIT {
    private static final Path PROGRAM =
            SluiceProcess.repository().resolve("acceptance/src/test/node/kafkajs_client.js");

    @Test
    void administratesProducesAndConsumes(Kafka kafka) throws Exception {
        List<String> command =
                List.of("node", PROGRAM.toString(), kafka.servers(), kafka.name("kafkajs"), kafka.group("kafkajs"));
        assertThat(CommandLine.run(command, "")).contains("kafkajs: ok");
    }
}
