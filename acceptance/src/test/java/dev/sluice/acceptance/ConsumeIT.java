package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.impl.AMQImpl;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Consumers: who gets what, in which order, and how they end. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class ConsumeIT {
    @Test
    void deliversInOrderWithTheirEnvelopes(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "order");
        channel.queueBind(queue, "amq.direct", queue);
        Publish.confirmed(channel, queue, "a");
        channel.basicPublish("amq.direct", queue, null, Publish.bytes("b"));
        Inbox inbox = Inbox.automatic(channel, queue);
        Delivery first = inbox.next();
        assertThat(Inbox.text(first)).isEqualTo("a");
        assertThat(first.getEnvelope().getExchange()).isEmpty();
        assertThat(first.getEnvelope().getRoutingKey()).isEqualTo(queue);
        assertThat(first.getEnvelope().getDeliveryTag()).isEqualTo(1);
        assertThat(first.getEnvelope().isRedeliver()).isFalse();
        Delivery second = inbox.next();
        assertThat(Inbox.text(second)).isEqualTo("b");
        assertThat(second.getEnvelope().getExchange()).isEqualTo("amq.direct");
        assertThat(second.getEnvelope().getDeliveryTag()).isEqualTo(2);
    }

    @Test
    void keepsTheOrderOfThousands(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "thousands");
        Channel publisher = amqp.channel();
        List<String> texts =
                IntStream.range(0, 5_000).mapToObj(i -> "message " + i).toList();
        Inbox inbox = Inbox.automatic(channel, queue);
        Publish.toQueue(publisher, queue, texts.toArray(String[]::new));
        assertThat(inbox.nextTexts(5_000)).isEqualTo(texts);
    }

    @Test
    void getsOneByOne(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "get");
        assertThat(channel.basicGet(queue, true)).isNull();
        Publish.confirmed(channel, queue, "a", "b", "c");
        GetResponse first = channel.basicGet(queue, false);
        assertThat(first.getBody()).isEqualTo(Publish.bytes("a"));
        assertThat(first.getMessageCount()).isEqualTo(2);
        assertThat(first.getEnvelope().isRedeliver()).isFalse();
        GetResponse second = channel.basicGet(queue, true);
        assertThat(second.getBody()).isEqualTo(Publish.bytes("b"));
        assertThat(second.getMessageCount()).isEqualTo(1);
        channel.basicAck(first.getEnvelope().getDeliveryTag(), false);
        assertThat(channel.basicGet(queue, true).getMessageCount()).isZero();
        assertThat(channel.basicGet(queue, true)).isNull();
    }

    @Test
    void sharesAQueueFairlyBetweenConsumers(Amqp amqp) throws Exception {
        Channel first = amqp.channel();
        Channel second = amqp.channel();
        String queue = amqp.name("shared");
        first.queueDeclare(queue, false, false, true, null);
        first.basicQos(1);
        second.basicQos(1);
        Inbox one = Inbox.manual(first, queue);
        Inbox two = Inbox.manual(second, queue);
        Publish.toQueue(amqp.channel(), queue, "a", "b", "c", "d");
        // With one unacknowledged message allowed to each, both have one and nobody has two.
        Delivery toOne = one.next();
        Delivery toTwo = two.next();
        assertThat(List.of(Inbox.text(toOne), Inbox.text(toTwo))).containsExactlyInAnyOrder("a", "b");
        one.ack(toOne);
        assertThat(one.nextText()).isEqualTo("c");
        two.ack(toTwo);
        assertThat(two.nextText()).isEqualTo("d");
    }

    @Test
    void takesTurnsBetweenConsumersWithoutLimits(Amqp amqp) throws Exception {
        Channel first = amqp.channel();
        Channel second = amqp.channel();
        String queue = amqp.name("turns");
        first.queueDeclare(queue, false, false, true, null);
        Inbox one = Inbox.manual(first, queue);
        Inbox two = Inbox.manual(second, queue);
        Channel publisher = amqp.channel();
        for (int i = 0; i < 10; i++) {
            Publish.confirmed(publisher, queue, "message " + i);
        }
        assertThat(one.nextTexts(5)).hasSize(5);
        assertThat(two.nextTexts(5)).hasSize(5);
    }

    @Test
    void letsAnExclusiveConsumerBeAlone(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("exclusive-consumer");
        channel.queueDeclare(queue, false, false, false, null);
        Inbox.consume(channel, queue, true, true, Map.of());
        Channel other = amqp.channel();
        Closed refused = Closed.channel(403, "ACCESS_REFUSED - queue '" + queue + "' in vhost '/' in exclusive use");
        assertThat(Closed.by(() -> Inbox.manual(other, queue))).isEqualTo(refused);
    }

    @Test
    void refusesAnExclusiveConsumerWhereThereIsAnother(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("exclusive-consumer");
        channel.queueDeclare(queue, false, false, false, null);
        Inbox.manual(channel, queue);
        Channel other = amqp.channel();
        assertThat(Closed.by(() -> Inbox.consume(other, queue, true, true, Map.of())))
                .isEqualTo(Closed.channel(403, "ACCESS_REFUSED - queue '" + queue + "' in vhost '/' in exclusive use"));
    }

    @Test
    void refusesAConsumerTagThatIsInUse(Amqp amqp) throws Exception {
        String queue = amqp.name("tag");
        amqp.channel().queueDeclare(queue, false, false, false, null);
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            for (int i = 0; i < 2; i++) {
                raw.send(1, new AMQImpl.Basic.Consume(0, queue, "mine", false, true, false, false, Map.of()));
            }
            assertThat(raw.closed())
                    .isEqualTo(Closed.connection(530, "NOT_ALLOWED - attempt to reuse consumer tag 'mine'"));
        }
    }

    @Test
    void namesAConsumerWhereTheClientDoesNot(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "tag");
        assertThat(channel.basicConsume(queue, true, "", (tag, delivery) -> {}, tag -> {}))
                .startsWith("amq.ctag-");
        assertThat(channel.basicConsume(queue, true, "mine", (tag, delivery) -> {}, tag -> {}))
                .isEqualTo("mine");
    }

    @Test
    void sendsNothingToACancelledConsumerAndKeepsItsUnacknowledgedMessages(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "cancel");
        List<Delivery> received = new ArrayList<>();
        Inbox inbox = Inbox.manual(channel, queue);
        Publish.confirmed(channel, queue, "a");
        received.add(inbox.next());
        channel.basicCancel(inbox.tag());
        Publish.confirmed(channel, queue, "b");
        inbox.expectNothingMore();
        assertThat(channel.queueDeclarePassive(queue).getConsumerCount()).isZero();
        inbox.ack(received.getFirst());
        assertThat(channel.basicGet(queue, true).getBody()).isEqualTo(Publish.bytes("b"));
    }

    @Test
    void tellsAConsumerThatItsQueueIsGone(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.name("gone");
        channel.queueDeclare(queue, false, false, false, null);
        Inbox inbox = Inbox.manual(channel, queue);
        amqp.channel().queueDelete(queue);
        assertThat(inbox.cancelledTag()).isEqualTo(inbox.tag());
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void deliversToTheConnectionThatPublishedEvenWithNoLocal(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = amqp.exclusiveQueue(channel, "no-local");
        Inbox inbox = Inbox.noLocal(channel, queue);
        Publish.toQueue(channel, queue, "mine");
        assertThat(inbox.nextText()).isEqualTo("mine");
    }

    @Test
    void givesBackWhatALostConnectionHasNotAcknowledged(Amqp amqp) throws Exception {
        String queue = amqp.name("lost");
        Channel channel = amqp.channel();
        channel.queueDeclare(queue, true, false, false, null);
        Publish.durable(channel, queue, "a", "b", "c");
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.consume(1, queue);
            raw.skipDeliveries(3);
        }
        Inbox inbox = Inbox.automatic(channel, queue);
        for (String text : List.of("a", "b", "c")) {
            Delivery delivery = inbox.next();
            assertThat(Inbox.text(delivery)).isEqualTo(text);
            assertThat(Inbox.redelivered(delivery)).isTrue();
        }
    }

    @Test
    void doesNotLetAConsumerThatStopsReadingHoldUpOthers(Amqp amqp) throws Exception {
        String flooded = amqp.name("flooded");
        String other = amqp.name("other");
        Channel publisher = amqp.channel();
        publisher.queueDeclare(flooded, false, false, true, null);
        publisher.queueDeclare(other, false, false, true, null);
        try (RawAmqp raw = RawAmqp.open(amqp.port())) {
            raw.openChannel(1);
            raw.consumeWithoutAcknowledging(1, flooded);
            Connection fast = amqp.connection();
            Inbox fromFlooded = Inbox.automatic(fast.createChannel(), flooded);
            Inbox fromOther = Inbox.automatic(fast.createChannel(), other);
            publisher.confirmSelect();
            for (int i = 0; i < 200; i++) {
                publisher.basicPublish("", flooded, MessageProperties.MINIMAL_BASIC, new byte[100_000]);
            }
            Publish.toQueue(publisher, other, "in time");
            publisher.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
            assertThat(fromOther.nextText()).isEqualTo("in time");
            assertThat(fromFlooded.nextTexts(50)).hasSize(50);
        }
    }
}
