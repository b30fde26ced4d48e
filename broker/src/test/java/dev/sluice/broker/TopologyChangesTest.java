package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes of the topology asked for by many at the same time, and what is left of them after a restart. */
class TopologyChangesTest {
    private static final int CLIENTS = 16;
    private static final int BINDINGS = 1_000;

    @TempDir
    private Path folder;

    @Test
    void aQueueWithManyBindingsComesAndGoesWhileOthersBind() throws Exception {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareExchange("e", ExchangeType.TOPIC);
            broker.declareQueue("large");
            broker.declareQueue("other");
            together(i -> broker.bind("e", "large", "large." + i + ".#"));
            assertThat(publish(broker, "large.999.x")).isEqualTo(1);
            together(i -> {
                if (i == BINDINGS / 2) {
                    broker.deleteQueue("large");
                } else {
                    broker.bind("e", "other", "other." + i);
                }
            });
            assertThat(publish(broker, "large.999.x")).isZero();
            assertThat(publish(broker, "other.999")).isEqualTo(1);
        }
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("large");
            assertThat(publish(broker, "large.999.x")).isZero();
            assertThat(publish(broker, "other.0")).isEqualTo(1);
            assertThat(publish(broker, "other.999")).isEqualTo(1);
        }
    }

    /** What a crash leaves between the deletion of a queue and those of its bindings. */
    @Test
    void aBindingWhoseQueueIsGoneDoesNotComeBackWithTheNextOfThatName() {
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareExchange("e", ExchangeType.TOPIC);
            broker.declareQueue("q");
            broker.bind("e", "q", "k");
        }
        try (var storage = Storage.open(folder, StorageConfig.defaults())) {
            new TopologyStore(storage.metadata()).deleteQueue("q").join();
        }
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("q");
            assertThat(publish(broker, "k")).isZero();
        }
        try (var broker = EmbeddedBroker.open(folder)) {
            assertThat(publish(broker, "k")).isZero();
            broker.bind("e", "q", "k");
            assertThat(publish(broker, "k")).isEqualTo(1);
        }
    }

    @Test
    void whatIsToBeMadeIsRefusedIfItIsThere() {
        try (var broker = ShardedBroker.open(folder, 1)) {
            var spec = new QueueSpec("q", true, false, false, QueueSettings.DEFAULT);
            broker.<QueueStatus>ask(0, (on, reply) -> on.createQueue(spec, ShardedBroker.NO_CONNECTION, reply));
            assertThatThrownBy(() -> broker.<QueueStatus>ask(
                            0, (on, reply) -> on.createQueue(spec, ShardedBroker.NO_CONNECTION, reply)))
                    .rootCause()
                    .hasMessageContaining("QUEUE_EXISTS q");
        }
    }

    @Test
    void aBindingIsTheSameWhoeverNamesIt() {
        assertThat(withBytes((byte) 1)).isEqualTo(withBytes((byte) 1)).hasSameHashCodeAs(withBytes((byte) 1));
        assertThat(withBytes((byte) 1)).isNotEqualTo(withBytes((byte) 2));
    }

    private static Binding withBytes(byte content) {
        Object bytes = new byte[] {content};
        return new Binding(
                "e", new Binding.Destination.ToQueue("q"), "", Map.of("a", bytes, "b", List.of(Map.of("c", bytes))));
    }

    private interface Change {
        void make(int number);
    }

    private static void together(Change change) throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
            var running = new ArrayList<Future<?>>();
            for (int i = 0; i < BINDINGS; i++) {
                int number = i;
                running.add(threads.submit(() -> change.make(number)));
            }
            for (Future<?> one : running) {
                one.get();
            }
        }
    }

    private static int publish(EmbeddedBroker broker, String key) {
        return broker.publish("e", key, Message.of("m")).join();
    }
}
