package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.CancelCallback;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What real clients see of a queue that lets its publishers wait. Connections take turns on two shards, so each test has some on the queue's shard and some on the other. */
@Timeout(60)
class FullQueueSessionTest {
    private static final CancelCallback NEVER_CANCELLED = tag -> {};
    private static final int LIMIT = 100;
    private static final int PUBLISHERS = 6;
    private static final int CLOSE_TIMEOUT_MS = 200;

    @TempDir
    Path folder;

    private RunningGateway gateway;
    private Channel admin;
    private final List<Connection> publishing = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        gateway = new RunningGateway(folder, AmqpSettings.DEFAULT, 10_000);
        admin = gateway.connect().createChannel();
    }

    @AfterEach
    void stop() throws Exception {
        publishing.forEach(connection -> connection.abort(CLOSE_TIMEOUT_MS));
        gateway.close();
    }

    @Test
    void allPublishersTogetherStayAtTheLimitAndNothingIsLost() throws Exception {
        int messages = 1_000;
        declare("q", LIMIT);
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int i = 0; i < PUBLISHERS; i++) {
            done.add(publish(connect(), i, messages));
        }
        awaitLength(LIMIT);
        var received = new LinkedBlockingQueue<byte[]>();
        Channel consumer = gateway.connect().createChannel();
        consumer.basicQos(10);
        consumer.basicConsume(
                "q",
                false,
                (tag, delivery) -> {
                    received.add(delivery.getBody());
                    consumer.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
                },
                NEVER_CANCELLED);
        Map<Integer, Integer> next = new HashMap<>();
        for (int i = 0; i < PUBLISHERS * messages; i++) {
            ByteBuffer body = ByteBuffer.wrap(received.take());
            int publisher = body.getInt();
            assertThat(body.getInt())
                    .as("the next of its publisher")
                    .isEqualTo(next.merge(publisher, 1, Integer::sum) - 1);
            if (i % 50 == 0) {
                assertThat(admin.messageCount("q")).isLessThan(LIMIT + PUBLISHERS);
            }
        }
        for (CompletableFuture<Void> each : done) {
            each.get(10, TimeUnit.SECONDS);
        }
        assertThat(gateway.status().blockedPublishers()).isZero();
    }

    @Test
    void whoWaitsIsToldAndNobodyElseNotices() throws Exception {
        declare("q", 1);
        admin.queueDeclare("other", false, false, false, null);
        Connection connection = connect();
        var told = new Told();
        connection.addBlockedListener(told);
        CompletableFuture<Void> done = publish(connection, 0, 3);
        assertThat(told.events.poll(20, TimeUnit.SECONDS))
                .isEqualTo(
                        "blocked: queue q is full: it holds 1 of 1 messages; publishing goes on as its consumers make"
                                + " room");
        for (Connection other : List.of(gateway.connect(), gateway.connect())) {
            Channel channel = other.createChannel();
            channel.confirmSelect();
            channel.basicPublish("", "other", null, new byte[1]);
            channel.waitForConfirmsOrDie(10_000);
        }
        while (admin.basicGet("q", true) != null || !done.isDone()) {
            Thread.onSpinWait();
        }
        assertThat(told.events.poll(20, TimeUnit.SECONDS)).isEqualTo("unblocked");
    }

    @Test
    void aPurgeAndADeletionLetPublishersGo() throws Exception {
        declare("q", 1);
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int i = 0; i < PUBLISHERS; i++) {
            done.add(publish(connect(), i, 2));
        }
        awaitBlocked(PUBLISHERS);
        admin.queuePurge("q");
        awaitLength(1);
        admin.queueDelete("q");
        for (CompletableFuture<Void> each : done) {
            each.get(10, TimeUnit.SECONDS);
        }
        awaitBlocked(0);
    }

    @Test
    void connectionsThatDieWhileTheyWaitLeaveNoTraceAndTheOthersTheirTurn() throws Exception {
        declare("q", 1);
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int i = 0; i < PUBLISHERS; i++) {
            done.add(publish(connect(), i, 2));
            awaitBlocked(i + 1);
        }
        for (int i = 0; i < PUBLISHERS - 1; i++) {
            kill(publishing.get(i));
        }
        awaitBlocked(1);
        while (admin.basicGet("q", true) != null || !done.getLast().isDone()) {
            Thread.onSpinWait();
        }
        awaitBlocked(0);
    }

    @Test
    void aConnectionThatConsumesWhatItPublishesGoesOn() throws Exception {
        declare("q", 2);
        Connection connection = connect();
        Channel channel = connection.createChannel();
        channel.basicQos(1);
        var received = new Semaphore(0);
        int messages = 20;
        channel.basicConsume(
                "q",
                false,
                (tag, delivery) -> {
                    // Behind whatever the other thread has published by now.
                    channel.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
                    received.release();
                },
                NEVER_CANCELLED);
        for (int i = 0; i < messages; i++) {
            channel.basicPublish("", "q", null, new byte[1]);
        }
        assertThat(received.tryAcquire(messages, 30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void theRateOfAQueueSlowsAllItsPublishersTogether() throws Exception {
        int rate = 200;
        admin.queueDeclare("q", false, false, false, Map.of("x-max-publish-rate", rate));
        long begin = System.nanoTime();
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            done.add(publish(connect(), i, rate));
        }
        for (CompletableFuture<Void> each : done) {
            each.get(20, TimeUnit.SECONDS);
        }
        awaitLength(2L * rate);
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin))
                .as("a second, and one that is free")
                .isBetween(900L, 10_000L);
    }

    private void declare(String queue, int limit) throws Exception {
        admin.queueDeclare(queue, true, false, false, Map.of("x-max-length", limit, "x-overflow", "block"));
    }

    private Connection connect() throws Exception {
        var factory = gateway.factory();
        factory.setRequestedHeartbeat(1); // a client that is gone is noticed by them, since nothing is read of it
        Connection connection = factory.newConnection();
        publishing.add(connection);
        return connection;
    }

    /** On a thread of its own, since a write ends only when the broker reads; completes when all is confirmed, or with the end of the connection. */
    private static CompletableFuture<Void> publish(Connection connection, int publisher, int messages) {
        var done = new CompletableFuture<Void>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                Channel channel = connection.createChannel();
                channel.confirmSelect();
                for (int i = 0; i < messages; i++) {
                    byte[] body = new byte[2 * Integer.BYTES];
                    ByteBuffer.wrap(body).putInt(publisher).putInt(i);
                    channel.basicPublish("", "q", null, body);
                }
                channel.waitForConfirms();
                done.complete(null);
            } catch (Exception failure) {
                done.completeExceptionally(failure);
            }
        });
        return done;
    }

    /** Nothing is said before its end. */
    private static void kill(Connection connection) {
        connection.abort(CLOSE_TIMEOUT_MS);
    }

    private void awaitLength(long messages) throws Exception {
        while (admin.messageCount("q") < messages) {
            Thread.onSpinWait();
        }
    }

    private void awaitBlocked(int publishers) {
        while (gateway.status().blockedPublishers() != publishers) {
            Thread.onSpinWait();
        }
    }
}
