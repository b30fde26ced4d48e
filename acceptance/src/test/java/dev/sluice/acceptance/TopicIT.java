package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.MessageProperties;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Topics, declared as RabbitMQ's streams are, and queues that subscribe to them. */
@ExtendWith(AmqpExtension.class)
@Timeout(120)
final class TopicIT {
    @Test
    void aStreamIsReadByEachConsumerFromWhereItAsks(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String topic = declareStream(amqp, channel);
        Publish.confirmed(channel, topic, texts(0, 10));
        Instant middle = Instant.now().plusSeconds(1);
        while (Instant.now().isBefore(middle)) {
            Thread.onSpinWait();
        }
        Publish.confirmed(channel, topic, texts(10, 20));

        assertThat(read(amqp, topic, "first", 20)).containsExactly(texts(0, 20));
        assertThat(read(amqp, topic, "last", 1)).containsExactly("19");
        assertThat(read(amqp, topic, 15, 5)).containsExactly(texts(15, 20));
        assertThat(read(amqp, topic, Date.from(middle), 10)).containsExactly(texts(10, 20));
        assertThat(read(amqp, topic, "1h", 20)).containsExactly(texts(0, 20));
        assertThat(channel.messageCount(topic)).isEqualTo(20);
    }

    @Test
    void queuesSubscribeAndEachGetsEverything(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String topic = declareStream(amqp, channel);
        String exchange = amqp.name("fanout");
        channel.exchangeDeclare(exchange, "fanout");
        channel.queueBind(topic, exchange, "");
        String billing = subscribe(amqp, channel, topic, "billing");
        String shipping = subscribe(amqp, channel, topic, "shipping");
        channel.confirmSelect();
        for (String text : texts(0, 100)) {
            channel.basicPublish(exchange, "", null, Publish.bytes(text));
        }
        channel.waitForConfirmsOrDie(10_000);

        assertThat(Inbox.automatic(amqp.channel(), billing).nextTexts(100)).containsExactly(texts(0, 100));
        Inbox one = Inbox.manual(amqp.channel(), shipping);
        var shipped = new ArrayList<String>();
        for (int i = 0; i < 100; i++) {
            Delivery delivery = one.next();
            assertThat(Inbox.properties(delivery).getHeaders()).containsEntry("x-stream-offset", (long) i);
            shipped.add(Inbox.text(delivery));
            one.ack(delivery);
        }
        assertThat(shipped).containsExactly(texts(0, 100));
        assertThat(channel.messageCount(topic)).isEqualTo(100);
        Closed refused = Closed.by(() -> channel.queueBind(shipping, exchange, ""));
        assertThat(refused.code()).isEqualTo(406);
    }

    @Test
    void keepsTheLastMessageOfEachRoutingKey(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String topic = amqp.name("prices");
        channel.queueDeclare(
                topic,
                true,
                false,
                false,
                Map.of("x-queue-type", "stream", "x-keep", "last-per-key", "x-partitions", 4));
        String exchange = amqp.name("ticker");
        channel.exchangeDeclare(exchange, "fanout");
        channel.queueBind(topic, exchange, "");
        channel.confirmSelect();
        for (int i = 0; i < 50; i++) {
            channel.basicPublish(
                    exchange, "share" + i % 10, MessageProperties.PERSISTENT_BASIC, Publish.bytes(String.valueOf(i)));
        }
        channel.waitForConfirmsOrDie(10_000);
        while (channel.messageCount(topic) != 10) {
            Thread.onSpinWait();
        }
        assertThat(read(amqp, topic, "first", 10)).containsExactlyInAnyOrder(texts(40, 50));
    }

    @Test
    void aSubscriptionOutlivesAKilledBroker(@TempDir Path data) throws Exception {
        SluiceProcess sluice = SluiceProcess.start(data);
        try {
            try (Connection connection = Amqp.factory(sluice.amqpPort()).newConnection()) {
                Channel channel = connection.createChannel();
                channel.queueDeclare("orders", true, false, false, Map.of("x-queue-type", "stream", "x-partitions", 3));
                channel.queueDeclare("mail", true, false, false, Map.of("x-topic", "orders"));
                Publish.durable(channel, "orders", texts(0, 300));
                Inbox inbox = Inbox.manual(channel, "mail");
                for (int i = 0; i < 100; i++) {
                    inbox.ack(inbox.next());
                }
                channel.queueDeclarePassive("mail"); // the acknowledgements before it have arrived
            }
            sluice.kill();
            sluice = sluice.restart();
            try (Connection connection = Amqp.factory(sluice.amqpPort()).newConnection()) {
                Channel channel = connection.createChannel();
                long left = channel.messageCount("mail");
                assertThat(left).isBetween(200L, 300L);
                assertThat(Inbox.automatic(channel, "mail").nextTexts((int) left))
                        .doesNotHaveDuplicates();
                assertThat(channel.messageCount("orders")).isEqualTo(300);
            }
        } finally {
            sluice.close();
        }
    }

    private static String declareStream(Amqp amqp, Channel channel) throws Exception {
        String topic = amqp.name("topic");
        channel.queueDeclare(topic, true, false, false, Map.of("x-queue-type", "stream"));
        return topic;
    }

    private static String subscribe(Amqp amqp, Channel channel, String topic, String purpose) throws Exception {
        String name = amqp.name(purpose);
        channel.queueDeclare(name, true, false, false, Map.of("x-topic", topic, "x-start", "first"));
        return name;
    }

    private static List<String> read(Amqp amqp, String topic, Object offset, int count) throws Exception {
        Channel channel = amqp.channel();
        channel.basicQos(100);
        Map<String, Object> arguments = new HashMap<>(Map.of("x-stream-offset", Objects.requireNonNull(offset)));
        Inbox inbox = Inbox.consume(channel, topic, false, false, arguments);
        List<String> texts = inbox.nextTexts(count);
        channel.close();
        return texts;
    }

    private static String[] texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }
}
