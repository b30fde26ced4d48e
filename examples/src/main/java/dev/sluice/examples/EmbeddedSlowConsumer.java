package dev.sluice.examples;

import dev.sluice.broker.EmbeddedBroker;
import dev.sluice.broker.Message;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatistics;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;

/**
 * A queue inside one process that keeps the newest messages, drops the oldest and counts the drops. Run it with a folder for
 * its data.
 */
public final class EmbeddedSlowConsumer {
    private static final int MESSAGES = 1_000;
    private static final int LIMIT = 100;

    private EmbeddedSlowConsumer() {}

    public static void main(String[] arguments) throws InterruptedException {
        Path folder = Path.of(arguments.length > 0 ? arguments[0] : "embedded-data");
        QueueSettings newestOnly = QueueSettings.DEFAULT.withMaxLength(LIMIT, QueueSettings.Overflow.DROP_OLDEST);
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue(new QueueSpec("newest", true, false, false, newestOnly));
            CompletableFuture.allOf(IntStream.range(0, MESSAGES)
                            .mapToObj(i -> broker.publish("newest", Message.of("message " + i)))
                            .toArray(CompletableFuture[]::new))
                    .join();

            CountDownLatch received = new CountDownLatch(LIMIT);
            try (var _ = broker.consume("newest", 1, delivery -> {
                delivery.ack();
                received.countDown();
            })) {
                received.await();
            }
            QueueStatistics statistics = broker.statistics("newest");
            System.out.printf(
                    "slow-consumer: %d published, %d received, %d dropped%n",
                    statistics.published(), statistics.delivered(), statistics.droppedAtLimit());
        }
    }
}
