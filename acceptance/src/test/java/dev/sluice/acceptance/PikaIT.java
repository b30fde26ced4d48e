package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pika, the client that most Python programs use. */
final class PikaIT {
    private static final int LIMIT_SECONDS = 60;

    private final String url =
            "amqp://guest:guest@" + Broker.HOST + ":" + Broker.shared().amqpPort() + "/%2F";

    @Test
    void worksWithABlockingConnection(@TempDir Path folder) throws Exception {
        assertThat(PythonProgram.run(folder, Map.of(), LIMIT_SECONDS, "pika_blocking.py", url))
                .contains("pika blocking: ok");
    }

    @Test
    void worksWithAnAsynchronousConnection(@TempDir Path folder) throws Exception {
        assertThat(PythonProgram.run(folder, Map.of(), LIMIT_SECONDS, "pika_select.py", url))
                .contains("pika select: ok");
    }
}
