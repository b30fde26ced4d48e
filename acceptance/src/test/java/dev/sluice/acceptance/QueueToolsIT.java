package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tools of a queue on the command line, while clients publish and consume. */
@Timeout(180)
final class QueueToolsIT {
    private static final int DEAD_LETTERS = 2_000;
    private static final int KILLS = 3;
    private static final long LIMIT_S = 20;

    @TempDir
    private Path data;

    @Test
    void showsWhatIsInAQueueAndLeavesItThere() throws Exception {
        try (SluiceProcess sluice = SluiceProcess.start(data);
                Connection connection = connect(sluice)) {
            Channel channel = connection.createChannel();
            channel.queueDeclare("jobs", true, false, false, null);
            var properties = new AMQP.BasicProperties.Builder()
                    .headers(Map.of("city", "Wien", "try", 3))
                    .deliveryMode(2)
                    .build();
            channel.confirmSelect();
            channel.basicPublish("", "jobs", properties, Publish.bytes("first"));
            channel.basicPublish("", "jobs", properties, Publish.bytes("second"));
            channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
            assertThat(channel.basicGet("jobs", false).getBody()).isEqualTo(Publish.bytes("first"));
            assertThat(run("peek", "jobs"))
                    .contains("0  in flight, since", "body, 5 bytes: first", "header city: Wien", "header try: 3")
                    .contains("1  ready, since", "body, 6 bytes: second");
            assertThat(run("peek", "jobs", "--header", "city=Graz")).contains("no message of 2");
            assertThat(run("list", "jobs", "--json")).contains("\"ready\":1,\"inFlight\":1,");
            assertThat(channel.basicGet("jobs", true).getBody()).isEqualTo(Publish.bytes("second"));
        }
    }

    @Test
    void tellsWhatHappenedToAMessageThatIsGone() throws Exception {
        try (SluiceProcess sluice = SluiceProcess.start(data);
                Connection connection = connect(sluice)) {
            Channel channel = connection.createChannel();
            channel.queueDeclare("jobs", true, false, false, Map.of("x-story", 3_600_000));
            var properties = new AMQP.BasicProperties.Builder()
                    .contentType("text/plain")
                    .headers(Map.of("city", "Wien"))
                    .deliveryMode(2)
                    .messageId("order-4711")
                    .build();
            channel.confirmSelect();
            channel.basicPublish("", "jobs", properties, Publish.bytes("work"));
            channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
            channel.basicReject(channel.basicGet("jobs", false).getEnvelope().getDeliveryTag(), true);
            channel.basicAck(channel.basicGet("jobs", false).getEnvelope().getDeliveryTag(), false);
            channel.queueDeclarePassive("jobs"); // behind the acknowledgement
            assertThat(run("story", "jobs", "--id", "order-4711").lines())
                    .satisfiesExactly(
                            line -> assertThat(line).contains("stored", "routing key \"jobs\"", "id \"order-4711\""),
                            line -> assertThat(line).endsWith("delivered by get"),
                            line -> assertThat(line).endsWith("released"),
                            line -> assertThat(line).endsWith("delivered by get, came back once"),
                            line -> assertThat(line).endsWith("acknowledged"));
        }
    }

    @Test
    void pausesWhatClientsDo() throws Exception {
        try (SluiceProcess sluice = SluiceProcess.start(data)) {
            try (Connection connection = connect(sluice)) {
                Channel channel = connection.createChannel();
                channel.queueDeclare("jobs", true, false, false, null);
                Inbox inbox = Inbox.manual(channel, "jobs");
                Publish.durable(channel, "jobs", "before");
                Delivery before = inbox.next();
                run("pause", "jobs", "--consuming");
                Publish.durable(channel, "jobs", "waits");
                inbox.expectNothingMore();
                inbox.ack(before);
                assertThat(channel.basicGet("jobs", true)).isNull();
                run("resume", "jobs", "--consuming");
                assertThat(inbox.nextText()).isEqualTo("waits");
                assertThat(run("pause", "jobs")).contains("publishing and consuming are paused");
            }
            try (SluiceProcess again = restartAfterKill(sluice);
                    Connection connection = connect(again)) {
                Channel channel = connection.createChannel();
                Inbox inbox = Inbox.manual(channel, "jobs");
                channel.confirmSelect();
                channel.basicPublish("", "jobs", MessageProperties.PERSISTENT_BASIC, Publish.bytes("refused"));
                assertThat(channel.waitForConfirms(Publish.CONFIRM_LIMIT_MS)).isFalse();
                inbox.expectNothingMore();
                assertThat(run("resume", "jobs")).contains("nothing is paused");
                assertThat(inbox.nextText()).isEqualTo("waits");
                Publish.durable(channel, "jobs", "after");
                assertThat(inbox.nextText()).isEqualTo("after");
            }
        }
    }

    @Test
    void movesMessagesWithAllThatBelongsToThem() throws Exception {
        try (SluiceProcess sluice = SluiceProcess.start(data);
                Connection connection = connect(sluice)) {
            Channel channel = connection.createChannel();
            channel.exchangeDeclare("orders", "topic", true);
            channel.queueDeclare("jobs", true, false, false, null);
            channel.queueDeclare("other", true, false, false, null);
            channel.queueBind("jobs", "orders", "#");
            var properties = new AMQP.BasicProperties.Builder()
                    .contentType("text/plain")
                    .headers(Map.of("shop", "graz"))
                    .deliveryMode(2)
                    .build();
            channel.confirmSelect();
            channel.basicPublish("orders", "eu.new", properties, Publish.bytes("a"));
            channel.basicPublish("orders", "us.new", properties, Publish.bytes("b"));
            channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
            assertThat(run("move", "jobs", "--to", "other", "--routing-key", "eu.new"))
                    .contains("moved 1 message of 2 that were looked at");
            Delivery moved = Inbox.manual(channel, "other").next();
            assertThat(moved.getBody()).isEqualTo(Publish.bytes("a"));
            assertThat(moved.getEnvelope().getExchange()).isEqualTo("orders");
            assertThat(moved.getEnvelope().getRoutingKey()).isEqualTo("eu.new");
            assertThat(moved.getEnvelope().isRedeliver()).isFalse();
            assertThat(moved.getProperties().getContentType()).isEqualTo("text/plain");
            assertThat(moved.getProperties().getHeaders().get("shop")).hasToString("graz");
            assertThat(run("copy", "jobs", "--to", "other")).contains("copied 1 message of 1");
            assertThat(run("purge", "jobs")).contains("dropped 1 message");
            assertThat(channel.messageCount("jobs")).isZero();
        }
    }

    @Test
    void bringsDeadLettersBackOnceThoughItIsKilledMeanwhile() throws Exception {
        SluiceProcess sluice = SluiceProcess.start(data);
        try {
            String[] texts =
                    IntStream.range(0, DEAD_LETTERS).mapToObj(Integer::toString).toArray(String[]::new);
            try (Connection connection = connect(sluice)) {
                makeDeadLetters(connection.createChannel(), texts);
            }
            for (int i = 1; i <= KILLS; i++) {
                run("redrive", "dead", "--rate", "1000", "--background");
                Connection connection = connect(sluice);
                awaitCount(connection.createChannel(), "work", (long) i * DEAD_LETTERS / (KILLS + 1));
                sluice.kill();
                connection.abort();
                sluice = sluice.restart();
            }
            assertThat(run("redrive", "dead")).contains("moved ");
            try (Connection connection = connect(sluice)) {
                Channel channel = connection.createChannel();
                assertThat(channel.messageCount("dead")).isZero();
                Inbox inbox = Inbox.automatic(channel, "work");
                assertThat(inbox.nextTexts(DEAD_LETTERS)).containsExactlyInAnyOrder(texts);
                inbox.expectNothingMore();
            }
        } finally {
            sluice.close();
        }
    }

    private static void makeDeadLetters(Channel channel, String... texts) throws Exception {
        channel.queueDeclare("dead", true, false, false, null);
        channel.queueDeclare(
                "work", true, false, false, Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", "dead"));
        Publish.durable(channel, "work", texts);
        var rejected = new CountDownLatch(texts.length);
        channel.basicQos(100);
        String tag = channel.basicConsume(
                "work",
                false,
                (consumer, delivery) -> {
                    channel.basicReject(delivery.getEnvelope().getDeliveryTag(), false);
                    rejected.countDown();
                },
                consumer -> {});
        assertThat(rejected.await(LIMIT_S, TimeUnit.SECONDS)).isTrue();
        channel.basicCancel(tag);
        awaitCount(channel, "dead", texts.length);
    }

    private static void awaitCount(Channel channel, String queue, long least) throws IOException {
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        while (channel.messageCount(queue) < least) {
            assertThat(System.nanoTime())
                    .as("%d messages in %s within %d s", least, queue, LIMIT_S)
                    .isLessThan(endNs);
        }
    }

    private static SluiceProcess restartAfterKill(SluiceProcess sluice) throws IOException {
        sluice.kill();
        return sluice.restart();
    }

    /** What {@code sluice queue} prints; it has to succeed. */
    private String run(String... words) throws Exception {
        var all = new ArrayList<>(List.of("queue"));
        all.addAll(List.of(words));
        all.addAll(List.of("--data", data.toString()));
        Process process = SluiceProcess.run(all.toArray(String[]::new));
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String error = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output + error).isZero();
        return output;
    }

    private static Connection connect(SluiceProcess sluice) throws Exception {
        return Amqp.factory(sluice.amqpPort()).newConnection();
    }
}
