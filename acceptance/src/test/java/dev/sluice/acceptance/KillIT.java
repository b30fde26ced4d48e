package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Publishes and consumes over several connections while the broker is killed at random moments, and checks what the
 * clients saw: what was confirmed arrives, in order, and what was acknowledged stays away.
 *
 * <p>{@code -Dkill.rounds=N} sets how often it is killed, {@code -Dkill.seed=N} when. The load itself runs freely, so a
 * seed repeats the moments but not the interleaving.
 */
final class KillIT {
    /** An acknowledgement sent this long before the kill is in the journal, even on a busy machine. */
    static final long ACKNOWLEDGED_FOR_SURE_MS = 1_000;

    private static final int ROUNDS = Integer.getInteger("kill.rounds", 20);
    private static final int LONGEST_LIFE_MS = Integer.getInteger("kill.lifeMs", 3_000);
    private static final int LONGEST_START_MS = 600;
    private static final int KILL_WHILE_STARTING_ONE_OF = 4;
    private static final int QUEUES = 3;
    private static final int PUBLISHERS = 5;

    /** The last queue has two consumers, the others one. */
    private static final int SHARED_QUEUE = QUEUES - 1;

    private static final long DRAIN_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);

    private final AtomicBoolean publishersStopped = new AtomicBoolean();
    private final AtomicBoolean consumersStopped = new AtomicBoolean();
    /** When the broker was killed, each time. */
    private final ConcurrentSkipListSet<Long> killsNs = new ConcurrentSkipListSet<>();

    private final List<KillHistory> histories = IntStream.range(0, PUBLISHERS)
            .mapToObj(publisher -> new KillHistory(publisher, publisher % QUEUES != SHARED_QUEUE))
            .toList();

    @Test
    void losesNothingConfirmedWhenItIsKilled(@TempDir Path data) throws Exception {
        long seed = Long.getLong("kill.seed", System.nanoTime());
        System.out.println("KillIT: " + ROUNDS + " rounds, -Dkill.seed=" + seed);
        Random random = new Random(seed);

        SluiceProcess sluice = SluiceProcess.start(data);
        KillConnections connections = new KillConnections(sluice.amqpPort());
        declareQueues(connections);
        List<Thread> publishers = startPublishers(connections, random);
        List<Thread> consumers = startConsumers(connections, random);
        for (int round = 0; round < ROUNDS; round++) {
            pause(random.nextInt(LONGEST_LIFE_MS));
            sluice.kill();
            killsNs.add(System.nanoTime());
            if (random.nextInt(KILL_WHILE_STARTING_ONE_OF) == 0) {
                killWhileStarting(data, sluice.amqpPort(), random.nextInt(LONGEST_START_MS));
            }
            sluice = sluice.restart();
            assertThat(violations()).as("in round %d, seed %d", round, seed).isEmpty();
        }
        publishersStopped.set(true);
        join(publishers);
        awaitDrained(connections);
        consumersStopped.set(true);
        join(consumers);
        histories.forEach(history -> System.out.println("KillIT: " + history.summary()));
        assertThat(violations()).as("seed %d", seed).isEmpty();
        assertThat(histories.stream().map(KillHistory::missing))
                .as("confirmed and never delivered, seed %d", seed)
                .allMatch(BitSet::isEmpty);
        sluice.close();
    }

    private static void declareQueues(KillConnections connections) throws Exception {
        try (Connection connection = connections.open()) {
            Channel channel = connection.createChannel();
            for (int queue = 0; queue < QUEUES; queue++) {
                channel.queueDeclare(queue(queue), true, false, false, null);
            }
        }
    }

    private List<Thread> startPublishers(KillConnections connections, Random random) {
        List<Thread> threads = new ArrayList<>();
        for (int publisher = 0; publisher < PUBLISHERS; publisher++) {
            threads.add(Thread.ofPlatform()
                    .daemon()
                    .start(new KillPublisher(
                            publisher,
                            queue(publisher % QUEUES),
                            histories.get(publisher),
                            connections,
                            publishersStopped,
                            new Random(random.nextLong()))));
        }
        return threads;
    }

    private List<Thread> startConsumers(KillConnections connections, Random random) {
        List<Thread> threads = new ArrayList<>();
        for (int consumer = 0; consumer <= QUEUES; consumer++) {
            threads.add(Thread.ofPlatform()
                    .daemon()
                    .start(new KillConsumer(
                            queue(Math.min(consumer, SHARED_QUEUE)),
                            histories,
                            connections,
                            consumersStopped,
                            killsNs,
                            new Random(random.nextLong()))));
        }
        return threads;
    }

    private void killWhileStarting(Path data, int port, int afterMs) throws Exception {
        try (SluiceProcess starting = SluiceProcess.launch(data, "--amqp-port", Integer.toString(port))) {
            pause(afterMs);
            starting.kill();
            killsNs.add(System.nanoTime());
        }
    }

    /** Waits until the consumers have emptied the queues. */
    private void awaitDrained(KillConnections connections) throws Exception {
        long deadline = System.nanoTime() + DRAIN_LIMIT_NS;
        try (Connection connection = connections.open()) {
            Channel channel = connection.createChannel();
            while (System.nanoTime() < deadline && !(isEmpty(channel) && isAllDelivered())) {
                pause(20);
            }
        }
    }

    private static boolean isEmpty(Channel channel) throws Exception {
        for (int queue = 0; queue < QUEUES; queue++) {
            if (channel.messageCount(queue(queue)) > 0) {
                return false;
            }
        }
        return true;
    }

    private boolean isAllDelivered() {
        return histories.stream().allMatch(KillHistory::isAllConfirmedDelivered);
    }

    private List<String> violations() {
        return histories.stream()
                .flatMap(history -> history.violations().stream())
                .toList();
    }

    /** The chosen moment: nothing is waited for. */
    private static void pause(int millis) throws InterruptedException {
        boolean ended = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
        assertThat(ended).isFalse();
    }

    private static void join(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join(TimeUnit.SECONDS.toMillis(30));
            assertThat(thread.isAlive()).isFalse();
        }
    }

    private static String queue(int number) {
        return "kill-" + number;
    }
}
