package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.RecordCursor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Consumers that come and go, acknowledge, release now or later, reject, let leases end and get one at a time; a checker that knows what each key is allowed to do. Prints its seed, and takes one from the property {@code seed}.
 */
class KeyOrderSimTest {
    private static final int SEEDS = 8;
    private static final int STEPS = 2_000;
    private static final int KEYS = 12;
    private static final int MOST_CONSUMERS = 4;
    private static final long LEASE_MS = 400;
    private static final int DELIVERY_LIMIT = 3;
    private static final long RETRY_MS = 50;

    @TempDir
    private Path folder;

    @Test
    void keepsEachKeyInOrderAndStallsNone() {
        long chosen = Long.getLong("seed", 0);
        for (long seed = chosen == 0 ? 1 : chosen; seed <= (chosen == 0 ? SEEDS : chosen); seed++) {
            System.out.println("seed " + seed);
            try (var run = new Run(folder.resolve("seed" + seed), seed)) {
                run.all();
            }
        }
    }

    private static final class Run implements AutoCloseable {
        private final Random random;
        private final SteppedBroker broker;
        private final List<SteppedBroker.Client> clients = new ArrayList<>();
        private final KeyChecker checker;
        private final boolean delayed;
        private final int lanes;
        private final int mostConsumers;
        private long published;

        Run(Path folder, long seed) {
            random = new Random(seed);
            delayed = random.nextBoolean();
            lanes = 1 + random.nextInt(3);
            mostConsumers = 1 + random.nextInt(MOST_CONSUMERS); // few, so that keys which are free wait too
            QueueSettings settings = QueueSettings.DEFAULT
                    .with(QueueProperty.ORDERING, "key")
                    .with(QueueProperty.MAX_PRIORITY, lanes - 1)
                    .with(QueueProperty.CONSUMER_TIMEOUT, LEASE_MS)
                    .with(QueueProperty.DELIVERY_LIMIT, DELIVERY_LIMIT);
            if (random.nextBoolean()) {
                settings = settings.with(QueueProperty.PRIORITY_AGING, 60);
            }
            boolean retriesLater = random.nextBoolean();
            checker = new KeyChecker(LEASE_MS, DELIVERY_LIMIT, retriesLater ? RETRY_MS : 0);
            if (retriesLater) {
                settings = settings.with(QueueProperty.DELAYED_RETRY_TYPE, "fixed")
                        .with(QueueProperty.DELAYED_RETRY_MIN, RETRY_MS);
            }
            broker = new SteppedBroker(folder, settings, this::delivered);
        }

        private void delivered(SteppedBroker.Client client, long delivery, RecordCursor record, int count) {
            checker.delivered(client, delivery, SteppedBroker.text(record), count, broker.nowMs());
        }

        void all() {
            for (int step = 0; step < STEPS; step++) {
                step();
                if (step % 7 == 0) {
                    broker.quiet();
                    checker.expectNoStall(clients);
                }
            }
            drain();
            checker.expectNoStall(clients);
            assertThat(checker.settled()).isEqualTo(published);
            QueueStatistics statistics = broker.statistics();
            assertThat(statistics.ready() + statistics.held() + statistics.unsettled())
                    .isZero();
        }

        private void step() {
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> act(() -> publish(1 + random.nextInt(20)));
                case 3 -> come();
                case 4 -> go();
                case 5 -> get();
                case 6 -> pass(1 + random.nextInt(random.nextInt(10) == 0 ? 500 : 40));
                default -> act(this::settleOne);
            }
        }

        /** What the action makes the queue do later does not meet it in the checker. */
        private void act(Runnable action) {
            broker.run(action);
            broker.quiet();
        }

        private void publish(int count) {
            for (int i = 0; i < count; i++) {
                String key = random.nextInt(20) == 0 ? "" : "k" + random.nextInt(KEYS);
                long delayMs = delayed && random.nextInt(8) == 0 ? 1 + random.nextInt(100) : 0;
                int lane = random.nextInt(lanes);
                String text = checker.published(key, lane, delayMs == 0 ? 0 : broker.nowMs() + delayMs);
                broker.publish(key, text, new RecordAttributes(lane, QueueSettings.UNLIMITED, delayMs));
                published++;
            }
        }

        private void come() {
            if (clients.size() < mostConsumers) {
                boolean noAck = random.nextInt(10) == 0;
                clients.add(broker.subscribe(
                        new ConsumerSpec(noAck, false, 1 + random.nextInt(3), null).withPriority(random.nextInt(2))));
            }
        }

        private void go() {
            if (!clients.isEmpty() && random.nextInt(3) == 0) {
                close(clients.remove(random.nextInt(clients.size())));
            }
        }

        private void close(SteppedBroker.Client client) {
            act(() -> {
                checker.closing(client);
                client.close();
            });
        }

        private void get() {
            SteppedBroker.Client getter = broker.get(random.nextInt(5) == 0);
            if (checker.holds(getter)) {
                clients.add(getter);
            }
        }

        private void pass(long ms) {
            broker.pass(ms);
            checker.passed(broker.nowMs());
            broker.quiet();
        }

        private void settleOne() {
            List<SteppedBroker.Client> holders =
                    clients.stream().filter(checker::holds).toList();
            if (holders.isEmpty()) {
                return;
            }
            SteppedBroker.Client client = holders.get(random.nextInt(holders.size()));
            long delivery = checker.anyOf(client, random);
            int how = random.nextInt(10);
            if (how < 6) {
                checker.settling(client, delivery);
                client.settle(delivery, Settlement.ACK);
            } else if (how < 7) {
                checker.settling(client, delivery);
                client.settle(delivery, Settlement.REJECT);
            } else {
                long delayMs = how < 9 ? 0 : 1 + random.nextInt(60);
                checker.releasing(client, delivery, delayMs);
                client.release(delivery, delayMs);
            }
        }

        /** One consumer that takes whatever comes. */
        private void drain() {
            clients.forEach(this::close);
            clients.clear();
            SteppedBroker.Client last = broker.subscribe(new ConsumerSpec(false, false, 3, null));
            clients.add(last);
            int rounds = 0;
            do {
                broker.quiet();
                while (checker.holds(last)) {
                    long delivery = checker.anyOf(last, random);
                    act(() -> {
                        checker.settling(last, delivery);
                        last.settle(delivery, Settlement.ACK);
                    });
                }
                pass(100);
            } while (checker.settled() < published && rounds++ < 100);
        }

        @Override
        public void close() {
            broker.close();
        }
    }
}
