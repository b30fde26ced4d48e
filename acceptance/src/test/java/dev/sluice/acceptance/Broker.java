package dev.sluice.acceptance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The broker that the tests of this run share: started at first use, gone with the JVM. The system property {@code
 * broker.amqpPort} names one that runs already, on the port {@code broker.kafkaPort} for Kafka. Immutable.
 */
final class Broker {
    static final String HOST = "127.0.0.1";

    private static @Nullable Broker shared;

    private final int amqpPort;
    private final int kafkaPort;
    private final Optional<SluiceProcess> process;

    private Broker(int amqpPort, int kafkaPort, Optional<SluiceProcess> process) {
        this.amqpPort = amqpPort;
        this.kafkaPort = kafkaPort;
        this.process = process;
    }

    static synchronized Broker shared() {
        Broker broker = shared;
        if (broker == null) {
            broker = Optional.ofNullable(Integer.getInteger("broker.amqpPort"))
                    .map(port -> new Broker(port, Integer.getInteger("broker.kafkaPort", 9092), Optional.empty()))
                    .orElseGet(Broker::start);
            shared = broker;
        }
        return broker;
    }

    private static Broker start() {
        try {
            Path data = Files.createTempDirectory("sluice-acceptance");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> TemporaryFolder.delete(data)));
            SluiceProcess sluice = SluiceProcess.start(data);
            return new Broker(sluice.amqpPort(), sluice.kafkaPort(), Optional.of(sluice));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int amqpPort() {
        return amqpPort;
    }

    int kafkaPort() {
        return kafkaPort;
    }

    String url() {
        return "amqp://guest:guest@" + HOST + ":" + amqpPort + "//";
    }

    /** What the broker printed, to be shown when a test fails. */
    String output() {
        return process.map(SluiceProcess::output).orElse("(a broker that ran before the tests)");
    }
}
