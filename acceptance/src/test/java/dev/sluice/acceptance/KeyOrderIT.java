package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Queues that keep the order of each key, whoever consumes them. */
@ExtendWith(AmqpExtension.class)
@Timeout(120)
final class KeyOrderIT {
    private static final int KEYS = 50;
    private static final int MESSAGES = 3_000;
    private static final int CONSUMERS = 6;

    @Test
    void deliversTheNextOfARoutingKeyWhenTheOneBeforeIsAcknowledged(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("orders");
        channel.exchangeDeclare(exchange, "topic");
        String queue = declare(amqp, channel, Map.of("x-ordering", "key"));
        channel.queueBind(queue, exchange, "#");
        Inbox first = Inbox.manual(channel, queue);
        Inbox second = Inbox.manual(amqp.channel(), queue);
        for (String text : new String[] {"anna 1", "anna 2", "bert 1"}) {
            channel.basicPublish(exchange, text.substring(0, 4), null, Publish.bytes(text));
        }
        Delivery anna = first.next();
        assertThat(Inbox.text(anna)).isEqualTo("anna 1");
        assertThat(second.nextText()).isEqualTo("bert 1");
        first.expectNothingMore();
        second.expectNothingMore();
        channel.basicCancel(first.tag());
        channel.basicNack(Inbox.tag(anna), false, true);
        Delivery again = second.next();
        assertThat(Inbox.text(again)).isEqualTo("anna 1");
        second.expectNothingMore();
        second.ack(again);
        assertThat(second.nextText()).isEqualTo("anna 2");
    }

    @Test
    void theHeaderThatIsNamedHasTheKey(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = declare(amqp, channel, Map.of("x-ordering", "key", "x-ordering-key-header", "customer"));
        Inbox inbox = Inbox.manual(channel, queue);
        publish(channel, queue, 7, "7 first");
        publish(channel, queue, 7, "7 second");
        publish(channel, queue, 8, "8 first");
        Publish.toQueue(channel, queue, "nobody's", "nobody's too");
        Delivery seven = inbox.next();
        assertThat(Inbox.text(seven)).isEqualTo("7 first");
        assertThat(inbox.nextTexts(3)).containsExactly("8 first", "nobody's", "nobody's too");
        inbox.expectNothingMore();
        inbox.ack(seven);
        assertThat(inbox.nextText()).isEqualTo("7 second");
    }

    @Test
    void aGetFindsNothingBehindALockedKey(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = declare(amqp, channel, Map.of("x-ordering", "key", "x-ordering-key-header", "customer"));
        channel.confirmSelect();
        publish(channel, queue, 7, "first");
        publish(channel, queue, 7, "second");
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        GetResponse first = channel.basicGet(queue, false);
        assertThat(channel.basicGet(queue, false)).isNull();
        assertThat(channel.messageCount(queue)).isEqualTo(1);
        channel.basicAck(first.getEnvelope().getDeliveryTag(), false);
        assertThat(channel.basicGet(queue, true).getBody()).isEqualTo(Publish.bytes("second"));
    }

    @Test
    void refusesAKeyForAQueueWithoutOrderByKey(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        assertThatThrownBy(() -> declare(amqp, channel, Map.of("x-ordering-key-header", "customer")))
                .hasStackTraceContaining("ordering-key-header means nothing where ordering is fifo");
        Channel other = amqp.channel();
        assertThatThrownBy(() -> declare(amqp, other, Map.of("x-ordering", "random")))
                .hasStackTraceContaining("expected one of fifo, key, fair");
    }

    private record Out(Channel channel, Delivery delivery) {}

    /** Each settles what it has in whatever order, gives some of it back, and goes away now and then. */
    @Test
    void consumersThatComeAndGoNeitherStallNorReorder(Amqp amqp) throws Exception {
        Channel publisher = amqp.channel();
        String queue = declare(
                amqp,
                publisher,
                Map.of("x-ordering", "key", "x-ordering-key-header", "customer", "x-delivery-limit", -1));
        for (int i = 0; i < MESSAGES; i++) {
            publish(publisher, queue, i % KEYS, String.valueOf(i));
        }
        BlockingQueue<Out> out = new LinkedBlockingQueue<>();
        var channels = new HashSet<Channel>();
        for (int i = 0; i < CONSUMERS; i++) {
            channels.add(consume(amqp, queue, out));
        }
        var nextOf = new HashMap<Integer, Integer>();
        for (int acknowledged = 0; acknowledged < MESSAGES; ) {
            Out next = out.poll(20, TimeUnit.SECONDS);
            assertThat(next).as("a delivery within 20 s after %d", acknowledged).isNotNull();
            if (!channels.contains(next.channel)) {
                continue; // it went back with its channel
            }
            int number = Integer.parseInt(Inbox.text(next.delivery));
            int key = number % KEYS;
            assertThat(number).isEqualTo(key + KEYS * nextOf.getOrDefault(key, 0));
            int chance = ThreadLocalRandom.current().nextInt(100);
            if (chance == 0) {
                channels.remove(next.channel);
                next.channel.close();
                channels.add(consume(amqp, queue, out));
            } else if (chance < 10) {
                next.channel.basicNack(Inbox.tag(next.delivery), false, true);
            } else {
                next.channel.basicAck(Inbox.tag(next.delivery), false);
                nextOf.merge(key, 1, Integer::sum);
                acknowledged++;
            }
        }
        assertThat(publisher.messageCount(queue)).isZero();
    }

    private static Channel consume(Amqp amqp, String queue, BlockingQueue<Out> out) throws Exception {
        Channel channel = amqp.channel();
        channel.basicQos(10);
        channel.basicConsume(queue, false, (tag, delivery) -> out.add(new Out(channel, delivery)), tag -> {});
        return channel;
    }

    private static String declare(Amqp amqp, Channel channel, Map<String, Object> arguments) throws IOException {
        String queue = amqp.name("by-key");
        channel.queueDeclare(queue, true, false, false, arguments);
        return queue;
    }

    private static void publish(Channel channel, String queue, int customer, String text) throws IOException {
        channel.basicPublish(
                "",
                queue,
                Publish.properties().headers(Map.of("customer", customer)).build(),
                Publish.bytes(text));
    }
}
