package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Queues that are limited by bytes, by age or by rate, and those whose publishers wait. */
@ExtendWith(AmqpExtension.class)
@Timeout(90)
final class QueueLimitIT {
    private static final int LIMIT_SECONDS = 20;

    @Test
    void dropsTheOldestWhereBodiesTakeTooMuch(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = declare(amqp, channel, Map.of("x-max-length-bytes", 10));
        Publish.confirmed(channel, queue, "aaaa", "bbbb", "cccc", "d");
        assertThat(channel.messageCount(queue)).isEqualTo(3);
        assertThat(Inbox.automatic(channel, queue).nextTexts(3)).containsExactly("bbbb", "cccc", "d");
    }

    @Test
    void refusesWhatDoesNotFit(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = declare(amqp, channel, Map.of("x-max-length-bytes", 10, "x-overflow", "reject-publish"));
        Publish.confirmed(channel, queue, "aaaa", "bbbb");
        assertThat(isTaken(channel, queue, "cccc")).isFalse();
        assertThat(isTaken(channel, queue, "dd")).isTrue();
        channel.basicGet(queue, true);
        assertThat(isTaken(channel, queue, "cccc")).isTrue();
    }

    @Test
    void sendsWhatDoesNotFitToTheDeadLetterExchange(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String dead = amqp.exclusiveQueue(channel, "dead");
        String queue = declare(
                amqp,
                channel,
                Map.of(
                        "x-max-length-bytes",
                        4,
                        "x-overflow",
                        "reject-publish-dlx",
                        "x-dead-letter-exchange",
                        "",
                        "x-dead-letter-routing-key",
                        dead));
        Publish.confirmed(channel, queue, "aaaa");
        assertThat(isTaken(channel, queue, "b")).isFalse();
        Delivery delivery = Inbox.automatic(channel, dead).next();
        assertThat(delivery.getBody()).isEqualTo(Publish.bytes("b"));
        assertThat(delivery.getProperties().getHeaders().get("x-first-death-reason"))
                .hasToString("maxlen");
    }

    @Test
    void knowsTheBytesAgainAfterAKill(@TempDir Path data) throws Exception {
        Map<String, Object> limit = Map.of("x-max-length-bytes", 10_000, "x-overflow", "reject-publish");
        SluiceProcess sluice = SluiceProcess.start(data);
        try {
            try (Connection connection = Amqp.factory(sluice.amqpPort()).newConnection()) {
                Channel channel = connection.createChannel();
                channel.queueDeclare("q", true, false, false, limit);
                String[] texts =
                        IntStream.range(0, 10).mapToObj(i -> "x".repeat(1_000)).toArray(String[]::new);
                Publish.durable(channel, "q", texts);
                channel.basicGet("q", true);
                channel.basicGet("q", true);
                channel.basicGet("q", false); // comes back
                Publish.durable(channel, "q", "x"); // is as durable as the acknowledgements before it
            }
            sluice.kill();
            sluice = sluice.restart();
            try (Connection connection = Amqp.factory(sluice.amqpPort()).newConnection()) {
                Channel channel = connection.createChannel();
                channel.queueDeclare("q", true, false, false, limit);
                assertThat(channel.messageCount("q")).isEqualTo(9);
                assertThat(isTaken(channel, "q", "x".repeat(2_000)))
                        .as("8,001 bytes are there")
                        .isFalse();
                assertThat(isTaken(channel, "q", "x".repeat(1_999))).isTrue();
                assertThat(isTaken(channel, "q", "x")).isFalse();
            }
        } finally {
            sluice.close();
        }
    }

    @Test
    void dropsWhatWaitsTooLong(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String dead = amqp.exclusiveQueue(channel, "dead");
        String queue = declare(
                amqp,
                channel,
                Map.of("x-max-age", 300, "x-dead-letter-exchange", "", "x-dead-letter-routing-key", dead));
        Publish.confirmed(channel, queue, "old");
        Delivery delivery = Inbox.automatic(channel, dead).next();
        assertThat(delivery.getBody()).isEqualTo(Publish.bytes("old"));
        assertThat(delivery.getProperties().getHeaders().get("x-first-death-reason"))
                .hasToString("maxlen");
        assertThat(channel.messageCount(queue)).isZero();
    }

    @Test
    void refusesPublishersWhileTheOldestWaitsTooLong(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = declare(amqp, channel, Map.of("x-max-age", 300, "x-overflow", "reject-publish"));
        Publish.confirmed(channel, queue, "old");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        int taken = 0;
        while (isTaken(channel, queue, "young")) {
            taken++;
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
        assertThat(channel.messageCount(queue)).as("nothing is dropped").isEqualTo(taken + 1L);
        channel.queuePurge(queue);
        assertThat(isTaken(channel, queue, "young")).isTrue();
    }

    @Test
    void letsPublishersWaitWhereTheQueueIsFullAndNobodyElse(Amqp amqp) throws Exception {
        int limit = 50;
        int messages = 2_000;
        Channel admin = amqp.channel();
        String queue = declare(amqp, admin, Map.of("x-max-length", limit, "x-overflow", "block"));
        String other = amqp.exclusiveQueue(admin, "other");
        Connection publishing = amqp.connection();
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        publishing.addBlockedListener(reason -> told.add("blocked: " + reason), () -> told.add("unblocked"));
        CompletableFuture<Boolean> published = publish(publishing, queue, messages);
        assertThat(told.poll(LIMIT_SECONDS, TimeUnit.SECONDS))
                .isEqualTo("blocked: queue " + queue + " is full: it holds 50 of 50 messages; publishing goes on as its"
                        + " consumers make room");
        assertThat(admin.messageCount(queue)).isEqualTo(limit);
        assertThat(isTaken(admin, other, "at once")).isTrue();

        Channel consumer = amqp.channel();
        consumer.basicQos(10);
        Inbox inbox = Inbox.manual(consumer, queue);
        for (int i = 0; i < messages; i++) {
            Delivery delivery = inbox.next();
            assertThat(delivery.getBody()).isEqualTo(Publish.bytes(String.valueOf(i)));
            consumer.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
            if (i % 100 == 0) {
                assertThat(admin.messageCount(queue)).isLessThanOrEqualTo(limit);
            }
        }
        assertThat(published.get(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(told).first().isEqualTo("unblocked");
    }

    @Test
    void aConnectionThatConsumesFromTheFullQueueThatItPublishesToGoesOn(Amqp amqp) throws Exception {
        Channel admin = amqp.channel();
        String queue = declare(amqp, admin, Map.of("x-max-length", 1, "x-overflow", "block"));
        Connection connection = amqp.connection();
        Channel channel = connection.createChannel();
        channel.basicQos(1);
        Inbox inbox = Inbox.manual(channel, queue);
        CompletableFuture<Boolean> published = publish(connection, queue, 20);
        for (int i = 0; i < 20; i++) {
            // The acknowledgement stands behind publishes that wait.
            channel.basicAck(inbox.next().getEnvelope().getDeliveryTag(), false);
        }
        assertThat(published.get(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aPublisherThatIsKilledWhileItWaitsLeavesTheQueueInOrder(Amqp amqp) throws Exception {
        Channel admin = amqp.channel();
        String queue = declare(amqp, admin, Map.of("x-max-length", 1, "x-overflow", "block"));
        Connection killed = amqp.connection(factory -> factory.setRequestedHeartbeat(1));
        CompletableFuture<Boolean> lost = publish(killed, queue, 10);
        awaitLength(admin, queue, 1);
        killed.abort(200);
        assertThat(lost).failsWithin(LIMIT_SECONDS, TimeUnit.SECONDS);
        CompletableFuture<Boolean> published = publish(amqp.connection(), queue, 2);
        while (!published.isDone()) {
            admin.basicGet(queue, true);
        }
        assertThat(published.get()).isTrue();
    }

    @Test
    void slowsPublishersToTheRateOfTheQueue(Amqp amqp) throws Exception {
        int rate = 100;
        Channel admin = amqp.channel();
        String queue = declare(amqp, admin, Map.of("x-max-publish-rate", rate));
        long begin = System.nanoTime();
        List<CompletableFuture<Boolean>> published =
                List.of(publish(amqp.connection(), queue, rate), publish(amqp.connection(), queue, rate));
        for (CompletableFuture<Boolean> each : published) {
            assertThat(each.get(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin))
                .as("a second, and one that is free")
                .isBetween(900L, 10_000L);
        assertThat(admin.messageCount(queue)).isEqualTo(2L * rate);
    }

    private static String declare(Amqp amqp, Channel channel, Map<String, Object> arguments) throws IOException {
        String queue = amqp.name("limited");
        channel.queueDeclare(queue, true, false, false, arguments);
        return queue;
    }

    private static boolean isTaken(Channel channel, String queue, String text) throws Exception {
        channel.confirmSelect();
        AMQP.BasicProperties properties = Publish.properties().deliveryMode(2).build();
        channel.basicPublish("", queue, properties, Publish.bytes(text));
        return channel.waitForConfirms(Publish.CONFIRM_LIMIT_MS);
    }

    /** The numbers from 0 on, on a thread of its own, since a write ends only when the broker reads; completes with whether all were confirmed. */
    private static CompletableFuture<Boolean> publish(Connection connection, String queue, int messages) {
        var published = new CompletableFuture<Boolean>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                Channel channel = Objects.requireNonNull(connection.createChannel());
                channel.confirmSelect();
                for (int i = 0; i < messages; i++) {
                    Publish.toQueue(channel, queue, String.valueOf(i));
                }
                published.complete(channel.waitForConfirms());
            } catch (Exception failure) {
                published.completeExceptionally(failure);
            }
        });
        return published;
    }

    private static void awaitLength(Channel channel, String queue, long messages) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (channel.messageCount(queue) < messages) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }
}
