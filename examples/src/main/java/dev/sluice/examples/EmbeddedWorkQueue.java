package dev.sluice.examples;

import dev.sluice.broker.EmbeddedBroker;
import dev.sluice.broker.Message;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;

/** A work queue inside one process: jobs are published durably, two workers share them. Run it with a folder for its data. */
public final class EmbeddedWorkQueue {
    private static final int JOBS = 100;

    private EmbeddedWorkQueue() {}

    public static void main(String[] arguments) throws InterruptedException {
        Path folder = Path.of(arguments.length > 0 ? arguments[0] : "embedded-data");
        var done = new CountDownLatch(JOBS);
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("jobs");
            CompletableFuture<?>[] stored = IntStream.range(0, JOBS)
                    .mapToObj(i -> broker.publish("jobs", Message.of("job " + i)))
                    .toArray(CompletableFuture[]::new);
            CompletableFuture.allOf(stored).join(); // every job is on disk from here on

            try (var _ = broker.consume("jobs", 10, delivery -> {
                        delivery.ack();
                        done.countDown();
                    });
                    var _ = broker.consume("jobs", 10, delivery -> {
                        delivery.ack();
                        done.countDown();
                    })) {
                done.await();
            }
            System.out.println("processed " + broker.statistics("jobs").acknowledged() + " of " + JOBS + " jobs");
        }
    }
}
