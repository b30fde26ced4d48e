package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Topics with several partitions that are work queues too. */
@ExtendWith(AmqpExtension.class)
@Timeout(120)
final class CompetingReadersIT {
    private static final Map<String, Object> TOPIC =
            Map.of("x-queue-type", "stream", "x-partitions", 3, "x-readers", "compete");

    @Test
    void workersShareATopicAndAStreamReaderGetsAll(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String topic = declare(amqp, channel);
        publish(channel, topic, 0, 100);
        AMQP.Queue.DeclareOk plain = channel.queueDeclare(topic, true, false, false, null);
        assertThat(plain.getMessageCount()).isEqualTo(100);
        assertThat(channel.queueDeclarePassive(topic).getMessageCount()).isEqualTo(100);

        Inbox one = worker(amqp, topic);
        Inbox other = worker(amqp, topic);
        List<String> done = Inbox.shared(List.of(one, other), 100);
        assertThat(done).containsExactlyInAnyOrder(texts(0, 100));
        while (channel.messageCount(topic) > 0) {
            Thread.onSpinWait();
        }

        Channel stream = amqp.channel();
        stream.basicQos(100);
        assertThat(Inbox.consume(stream, topic, false, false, Map.of("x-stream-offset", "first"))
                        .nextTexts(100))
                .containsExactlyInAnyOrder(texts(0, 100));
        assertThat(channel.queueDelete(topic).getMessageCount()).isZero();
    }

    @Test
    void whatIsPutBackComesAgainAndIsCounted(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String topic = declare(amqp, channel);
        publish(channel, topic, 0, 1);
        GetResponse got = Objects.requireNonNull(channel.basicGet(topic, false));
        assertThat(got.getEnvelope().isRedeliver()).isFalse();
        channel.basicNack(got.getEnvelope().getDeliveryTag(), false, true);
        GetResponse again = Objects.requireNonNull(channel.basicGet(topic, false));
        assertThat(again.getEnvelope().isRedeliver()).isTrue();
        assertThat(again.getProps().getHeaders()).containsEntry("x-delivery-count", 1L);
        channel.basicAck(again.getEnvelope().getDeliveryTag(), false);
        assertThat(channel.basicGet(topic, false)).isNull();

        publish(channel, topic, 1, 8);
        assertThat(channel.queuePurge(topic).getMessageCount()).isEqualTo(7);
        assertThat(channel.basicGet(topic, false)).isNull();
    }

    @Test
    void messagesWithTheSameKeyAreInOrder(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String topic = declare(amqp, channel);
        channel.confirmSelect();
        var properties = new AMQP.BasicProperties.Builder()
                .headers(Map.of("x-key", "customer-7"))
                .build();
        for (String text : texts(0, 200)) {
            channel.basicPublish("", topic, properties, Publish.bytes(text));
        }
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        Inbox inbox = Inbox.automatic(amqp.channel(), topic);
        var got = new ArrayList<String>();
        for (int i = 0; i < 200; i++) {
            Delivery delivery = inbox.next();
            assertThat(String.valueOf(Inbox.properties(delivery).getHeaders().get("x-key")))
                    .isEqualTo("customer-7");
            got.add(new String(delivery.getBody(), StandardCharsets.UTF_8));
        }
        assertThat(got).containsExactly(texts(0, 200));
    }

    @Test
    void acknowledgementsOutliveAKilledBroker(@TempDir Path data) throws Exception {
        SluiceProcess sluice = SluiceProcess.start(data);
        try {
            try (Connection connection = Amqp.factory(sluice.amqpPort()).newConnection()) {
                Channel channel = connection.createChannel();
                channel.queueDeclare("orders", true, false, false, TOPIC);
                Publish.durable(channel, "orders", texts(0, 300));
                Inbox inbox = Inbox.manual(channel, "orders");
                for (int i = 0; i < 100; i++) {
                    inbox.ack(inbox.next());
                }
                Publish.durable(channel, "orders", "last"); // its confirm speaks for the acknowledgements before it
            }
            sluice.kill();
            sluice = sluice.restart();
            try (Connection connection = Amqp.factory(sluice.amqpPort()).newConnection()) {
                Channel channel = connection.createChannel();
                assertThat(channel.queueDeclare("orders", true, false, false, null)
                                .getMessageCount())
                        .isEqualTo(201);
                assertThat(Inbox.automatic(channel, "orders").nextTexts(201)).doesNotHaveDuplicates();
            }
        } finally {
            sluice.close();
        }
    }

    private static String declare(Amqp amqp, Channel channel) throws Exception {
        String topic = amqp.name("orders");
        channel.queueDeclare(topic, true, false, false, TOPIC);
        return topic;
    }

    private static Inbox worker(Amqp amqp, String topic) throws Exception {
        Channel channel = amqp.channel();
        channel.basicQos(1);
        return Inbox.manual(channel, topic);
    }

    /** Each confirmed before the next, so that they are spread. */
    private static void publish(Channel channel, String topic, int from, int to) throws Exception {
        for (String text : texts(from, to)) {
            Publish.confirmed(channel, topic, text);
        }
    }

    private static String[] texts(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toArray(String[]::new);
    }
}
