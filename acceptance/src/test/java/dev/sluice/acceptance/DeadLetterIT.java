package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters arrive once, whatever happens on the way. */
@Timeout(180)
final class DeadLetterIT {
    private static final int MESSAGES = 2_000;
    private static final int KILLS = 3;
    private static final int PREFETCH = 50;

    @Test
    void aKilledBrokerNeitherLosesNorDoublesThem(@TempDir Path data) throws Exception {
        SluiceProcess sluice = SluiceProcess.start(data);
        try {
            String[] texts =
                    IntStream.range(0, MESSAGES).mapToObj(Integer::toString).toArray(String[]::new);
            try (Connection connection = connect(sluice)) {
                Channel channel = connection.createChannel();
                channel.exchangeDeclare("dlx", "fanout", true);
                channel.queueDeclare("dead", true, false, false, null);
                channel.queueDeclare("dead too", true, false, false, null);
                channel.queueBind("dead", "dlx", "");
                channel.queueBind("dead too", "dlx", "");
                channel.queueDeclare("work", true, false, false, Map.of("x-dead-letter-exchange", "dlx"));
                Publish.durable(channel, "work", texts);
            }
            for (int i = 0; i < KILLS; i++) {
                sluice = killWhileRejecting(sluice);
            }
            try (Connection connection = connect(sluice)) {
                reject(connection, new CountDownLatch(Integer.MAX_VALUE));
                for (String queue : List.of("dead", "dead too")) {
                    Inbox inbox = Inbox.automatic(connection.createChannel(), queue);
                    assertThat(inbox.nextTexts(MESSAGES)).containsExactlyInAnyOrder(texts);
                    inbox.expectNothingMore();
                }
            }
        } finally {
            sluice.close();
        }
    }

    private static SluiceProcess killWhileRejecting(SluiceProcess sluice) throws Exception {
        var some = new CountDownLatch(MESSAGES / (KILLS + 1));
        Connection connection = connect(sluice);
        reject(connection, some);
        assertThat(some.await(20, TimeUnit.SECONDS)).isTrue();
        sluice.kill();
        connection.abort();
        return sluice.restart();
    }

    /** Rejects until the latch is at zero, and holds what comes after. */
    private static void reject(Connection connection, CountDownLatch rejected) throws IOException {
        Channel channel = connection.createChannel();
        channel.basicQos(PREFETCH);
        channel.basicConsume(
                "work",
                false,
                (tag, delivery) -> {
                    if (rejected.getCount() > 0) {
                        channel.basicReject(delivery.getEnvelope().getDeliveryTag(), false);
                        rejected.countDown();
                    }
                },
                tag -> {});
    }

    @Test
    void theyKeepTheirHistoryOverAKill(@TempDir Path data) throws Exception {
        try (SluiceProcess first = SluiceProcess.start(data)) {
            try (Connection connection = connect(first)) {
                Channel channel = connection.createChannel();
                channel.queueDeclare("dead", true, false, false, null);
                channel.queueDeclare(
                        "short",
                        true,
                        false,
                        false,
                        Map.of("x-message-ttl", 1, "x-dead-letter-exchange", "", "x-dead-letter-routing-key", "dead"));
                Publish.durable(channel, "short", "late");
                Inbox.manual(channel, "dead").next();
            }
            first.kill();
            try (SluiceProcess second = first.restart();
                    Connection connection = connect(second)) {
                Channel channel = connection.createChannel();
                Delivery late = Inbox.manual(channel, "dead").next();
                assertThat(late.getBody()).isEqualTo(Publish.bytes("late"));
                Map<String, Object> headers = late.getProperties().getHeaders();
                assertThat(headers.get("x-first-death-queue")).hasToString("short");
                Map<?, ?> death = (Map<?, ?>) ((List<?>) Objects.requireNonNull(headers.get("x-death"))).getFirst();
                assertThat(death.get("reason")).hasToString("expired");
                assertThat(death.get("count")).isEqualTo(1L);
                assertThat(channel.messageCount("short")).isZero();
            }
        }
    }

    private static Connection connect(SluiceProcess sluice) throws Exception {
        return Amqp.factory(sluice.amqpPort()).newConnection();
    }
}
