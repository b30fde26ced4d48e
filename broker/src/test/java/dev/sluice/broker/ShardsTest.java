package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.RecordCursor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Starts with other numbers of shards than the last time. */
@Timeout(60)
class ShardsTest {
    private static final String QUEUE = "q";

    @TempDir
    private Path parent;

    @Test
    void remembersWhatWasSettledOnAShardThatWentAndCameBack() throws IOException {
        Path first = parent.resolve("first");
        Path second = parent.resolve("second");
        Path third = parent.resolve("third");
        ShardedBroker.open(first, 2).close();
        ShardedBroker.open(first, 2).close();
        try (var broker = ShardedBroker.open(first, 2)) {
            declare(broker, 1, QUEUE);
            for (int i = 0; i < 20; i++) {
                broker.publish(1, QUEUE, String.valueOf(i));
            }
            getAndForget(broker, 10);
            broker.publish(1, QUEUE, "20"); // its confirm speaks for what was settled before
            FolderCopy.of(first, second);
        }
        try (var broker = ShardedBroker.open(second, 1)) {
            assertThat(broker.statistics(QUEUE).ready()).isEqualTo(11);
            declare(broker, 0, "other"); // so that all that the start had to write is written
            FolderCopy.of(second, third);
        }
        try (var broker = ShardedBroker.open(third, 2)) {
            getAndForget(broker, 1);
        }
        try (var broker = ShardedBroker.open(third, 2)) {
            assertThat(broker.statistics(QUEUE).ready()).isEqualTo(10);
        }
    }

    private static void declare(ShardedBroker broker, int shard, String queue) {
        var spec = new QueueSpec(queue, true, false, false, QueueSettings.DEFAULT);
        broker.<QueueStatus>ask(shard, (on, reply) -> on.declareQueue(spec, ShardedBroker.NO_CONNECTION, reply));
    }

    /** Each in a turn of its own. */
    private static void getAndForget(ShardedBroker broker, int count) {
        Consumer getter = broker.ask(1, (on, reply) -> on.openGetter(QUEUE, ShardedBroker.NO_CONNECTION, reply));
        for (int i = 0; i < count; i++) {
            var got = new CompletableFuture<Long>();
            broker.<Consumer>ask(1, (on, reply) -> {
                getter.get(true, new Got(got));
                reply.on(Outcome.done(getter));
            });
            got.join();
        }
    }

    private record Got(CompletableFuture<Long> delivery) implements GetReply {
        @Override
        public void got(
                Consumer consumer,
                long itsDelivery,
                RecordCursor record,
                int deliveryCount,
                boolean redelivered,
                long remaining) {
            delivery.complete(itsDelivery);
        }

        @Override
        public void empty() {
            delivery.completeExceptionally(new AssertionError("there is nothing"));
        }
    }
}
