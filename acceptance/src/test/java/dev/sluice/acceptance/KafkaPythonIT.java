package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Kafka-python, a client that speaks older versions of the protocol than others. */
@ExtendWith(KafkaExtension.class)
final class KafkaPythonIT {
    private static final int LIMIT_SECONDS = 60;

    @Test
    void administratesProducesAndConsumes(@TempDir Path folder, Kafka kafka) throws Exception {
        assertThat(PythonProgram.run(
                        folder,
                        Map.of(),
                        LIMIT_SECONDS,
                        "kafka_client.py",
                        kafka.servers(),
                        kafka.name("python"),
                        kafka.group("python")))
                .contains("kafka-python: ok");
    }
}
