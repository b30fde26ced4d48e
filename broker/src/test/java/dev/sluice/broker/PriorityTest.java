package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.QueueSettings.Overflow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PriorityTest {
    @TempDir
    private Path folder;

    private final Deliveries deliveries = new Deliveries();

    @Test
    void servesTheHighestPriorityFirstAndEachInItsOrder() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, QueueSettings.DEFAULT.with(QueueProperty.MAX_PRIORITY, 5));
            for (int priority : new int[] {0, 3, 5, 3, 200, 0}) {
                publish(
                        broker,
                        priority,
                        priority + "." + broker.statistics("q").ready());
            }
            try (var _ = broker.consume("q", 1, deliveries::takeAndAck)) {
                assertThat(deliveries.texts(6)).containsExactly("5.2", "200.4", "3.1", "3.3", "0.0", "0.5");
            }
        }
    }

    @Test
    void keepsPrioritiesAndPlacesAcrossARestart() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, QueueSettings.DEFAULT.with(QueueProperty.MAX_PRIORITY, 255));
            for (int i = 0; i < 1000; i++) {
                publish(broker, i * 7 % 256, String.valueOf(i));
            }
            try (var _ = broker.consume("q", 1, deliveries::take)) {
                assertThat(deliveries.next().message().text()).isEqualTo("73"); // 73 * 7 = 255 modulo 256
            }
        }
        List<String> expected = IntStream.range(0, 1000)
                .boxed()
                .sorted((a, b) -> a * 7 % 256 != b * 7 % 256 ? b * 7 % 256 - a * 7 % 256 : a - b)
                .map(String::valueOf)
                .toList();
        try (var broker = EmbeddedBroker.open(folder)) {
            assertThat(broker.statistics("q").ready()).isEqualTo(1000);
            try (var _ = broker.consume("q", 1, deliveries::takeAndAck)) {
                assertThat(deliveries.texts(1000)).isEqualTo(expected);
            }
        }
    }

    @Test
    void releasedMessagesKeepTheirPriorityAndPlace() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(broker, QueueSettings.DEFAULT.with(QueueProperty.MAX_PRIORITY, 2));
            for (int i = 0; i < 3; i++) {
                publish(broker, 1, "middle" + i);
                publish(broker, 0, "low" + i);
            }
            try (var _ = broker.consume("q", 2, deliveries::take)) {
                Delivery first = deliveries.next();
                Delivery second = deliveries.next();
                publish(broker, 2, "high");
                first.release();
                assertThat(deliveries.next().message().text()).isEqualTo("high");
                second.ack();
                assertThat(deliveries.next().message().text()).isEqualTo("middle0");
            }
        }
    }

    @Test
    void dropsTheOldestOfTheLowestPriorityAtTheLimit() throws InterruptedException {
        for (Overflow overflow : List.of(Overflow.DROP_OLDEST, Overflow.DROP_LOWEST_PRIORITY)) {
            try (var broker = EmbeddedBroker.open(folder.resolve(overflow.name()))) {
                declare(
                        broker,
                        QueueSettings.DEFAULT
                                .with(QueueProperty.MAX_PRIORITY, 9)
                                .withMaxLength(4, overflow));
                for (int priority : new int[] {9, 0, 5, 9, 0, 5, 9, 0}) {
                    publish(broker, priority, String.valueOf(priority));
                }
                try (var _ = broker.consume("q", 1, deliveries::takeAndAck)) {
                    assertThat(deliveries.texts(4)).containsExactly("9", "9", "9", "5");
                }
                assertThat(broker.statistics("q").droppedAtLimit()).isEqualTo(4);
            }
        }
    }

    @Test
    void servesWhatWaitedTooLongBeforeHigherPriorities() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(
                    broker,
                    QueueSettings.DEFAULT.with(QueueProperty.MAX_PRIORITY, 3).with(QueueProperty.PRIORITY_AGING, 300));
            publish(broker, 0, "old0");
            publish(broker, 0, "old1");
            awaitMsFrom(System.currentTimeMillis(), 310);
            publish(broker, 1, "low");
            publish(broker, 3, "high");
            try (var _ = broker.consume("q", 1, deliveries::takeAndAck)) {
                assertThat(deliveries.texts(4)).containsExactly("old0", "old1", "high", "low");
            }
        }
    }

    @Test
    void theLowestPriorityDoesNotStarveUnderAStreamOfHigherOnes() throws InterruptedException {
        try (var broker = EmbeddedBroker.open(folder)) {
            declare(
                    broker,
                    QueueSettings.DEFAULT.with(QueueProperty.MAX_PRIORITY, 1).with(QueueProperty.PRIORITY_AGING, 50));
            publish(broker, 1, "high");
            publish(broker, 1, "high");
            publish(broker, 0, "low");
            List<String> got = new ArrayList<>();
            try (var _ = broker.consume("q", 1, deliveries::take)) {
                while (!got.contains("low")) {
                    Delivery delivery = deliveries.next();
                    got.add(delivery.message().text());
                    publish(broker, 1, "high"); // there is always one of the higher priority
                    delivery.ack();
                }
            }
            assertThat(got.size()).isGreaterThan(1);
        }
    }

    private static void awaitMsFrom(long startMs, long ms) {
        while (System.currentTimeMillis() < startMs + ms) {
            Thread.onSpinWait();
        }
    }

    private static void declare(EmbeddedBroker broker, QueueSettings settings) {
        broker.declareQueue(new QueueSpec("q", true, false, false, settings));
    }

    private static void publish(EmbeddedBroker broker, int priority, String text) {
        broker.publish("q", Message.of(text).withAttributes(RecordAttributes.NONE.withPriority(priority)))
                .join();
    }
}
