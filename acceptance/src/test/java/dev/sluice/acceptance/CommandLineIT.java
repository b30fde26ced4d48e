package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Connection;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Starting and stopping the broker as a user does. */
@Timeout(120)
@DisabledIfSystemProperty(named = "broker.kind", matches = "rabbitmq")
final class CommandLineIT {
    private static final int READY_LIMIT_MS = 3_000;

    @Test
    void isReadySoonAndStopsCleanly(@TempDir Path data) throws Exception {
        try (SluiceProcess sluice = SluiceProcess.start(data)) {
            assertThat(sluice.readyMillis()).isLessThan(READY_LIMIT_MS);
            try (Connection connection = Amqp.factory(sluice.amqpPort()).newConnection()) {
                assertThat(connection.isOpen()).isTrue();
            }
            assertThat(sluice.stop()).isIn(0, 143);
        }
    }

    @Test
    void closesItsConnectionsWithAReasonWhenItStops(@TempDir Path data) throws Exception {
        try (SluiceProcess sluice = SluiceProcess.start(data)) {
            Connection connection = Amqp.factory(sluice.amqpPort()).newConnection();
            sluice.stop();
            Closed closed = Closed.of(connection);
            assertThat(closed.code()).isEqualTo(320);
            assertThat(closed.text()).startsWith("CONNECTION_FORCED");
        }
    }

    @Test
    void refusesADataFolderThatIsInUse(@TempDir Path data) throws Exception {
        try (SluiceProcess first = SluiceProcess.start(data);
                SluiceProcess second = SluiceProcess.launch(data, "--amqp-port", "0")) {
            assertThat(second.awaitExit()).isNotZero();
            assertThat(second.output()).contains(data.toString()).containsPattern("in use|another process|locked");
            assertThat(first.isAlive()).isTrue();
        }
    }

    @Test
    void refusesAPortThatIsTaken(@TempDir Path data, @TempDir Path otherData) throws Exception {
        try (SluiceProcess first = SluiceProcess.start(data);
                SluiceProcess second =
                        SluiceProcess.launch(otherData, "--amqp-port", Integer.toString(first.amqpPort()))) {
            assertThat(second.awaitExit()).isNotZero();
            assertThat(second.output()).contains(Integer.toString(first.amqpPort()));
        }
    }
}
