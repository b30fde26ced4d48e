package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Declaring, binding and deleting exchanges. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class ExchangeIT {
    @Test
    void hasThePredeclaredExchanges(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        for (String name : List.of("amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match")) {
            channel.exchangeDeclarePassive(name);
        }
        channel.exchangeDeclare("amq.direct", "direct", true);
        channel.exchangeDeclare("amq.fanout", "fanout", true);
        channel.exchangeDeclare("amq.topic", "topic", true);
        channel.exchangeDeclare("amq.headers", "headers", true);
        channel.exchangeDeclare("amq.match", "headers", true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "fanout", "topic", "headers"})
    void declaresTheSameExchangeTwice(String type, Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name(type);
        channel.exchangeDeclare(exchange, type, true, false, null);
        channel.exchangeDeclare(exchange, type, true, false, null);
        channel.exchangeDeclarePassive(exchange);
    }

    @Test
    void declaresWithoutWaiting(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("nowait");
        channel.exchangeDeclareNoWait(exchange, "fanout", false, false, false, Map.of());
        channel.exchangeDeclarePassive(exchange);
        channel.exchangeDeleteNoWait(exchange, false);
        assertThat(Closed.by(() -> channel.exchangeDeclarePassive(exchange)).code())
                .isEqualTo(404);
    }

    @Test
    void refusesAnotherType(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("type");
        channel.exchangeDeclare(exchange, "direct");
        assertThat(Closed.by(() -> channel.exchangeDeclare(exchange, "fanout")))
                .isEqualTo(Closed.channel(
                        406,
                        "PRECONDITION_FAILED - inequivalent arg 'type' for exchange '" + exchange
                                + "' in vhost '/': received 'fanout' but current is 'direct'"));
    }

    @Test
    void refusesAnotherDurability(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("durable");
        channel.exchangeDeclare(exchange, "direct", true);
        assertThat(Closed.by(() -> channel.exchangeDeclare(exchange, "direct", false)))
                .isEqualTo(Closed.channel(
                        406,
                        "PRECONDITION_FAILED - inequivalent arg 'durable' for exchange '" + exchange
                                + "' in vhost '/': received 'false' but current is 'true'"));
    }

    @Test
    void refusesAnUnknownType(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        assertThat(Closed.by(() -> channel.exchangeDeclare(amqp.name("odd"), "x-odd")))
                .isEqualTo(Closed.connection(503, "COMMAND_INVALID - unknown exchange type 'x-odd'"));
    }

    @Test
    void refusesReservedNames(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        assertThat(Closed.by(() -> channel.exchangeDeclare("amq.mine", "direct")))
                .isEqualTo(Closed.channel(
                        403, "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'"));
    }

    @Test
    void refusesToDeclareTheDefaultExchange(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        assertThat(Closed.by(() -> channel.exchangeDeclare("", "direct", true)))
                .isEqualTo(Closed.channel(403, "ACCESS_REFUSED - operation not permitted on the default exchange"));
    }

    @Test
    void refusesToDeleteAPredeclaredExchange(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        assertThat(Closed.by(() -> channel.exchangeDelete("amq.topic")))
                .isEqualTo(Closed.channel(
                        403, "ACCESS_REFUSED - deletion of system exchange 'amq.topic' in vhost '/' not allowed"));
    }

    @Test
    void saysThatAMissingExchangeIsMissing(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("missing");
        assertThat(Closed.by(() -> channel.exchangeDeclarePassive(exchange)))
                .isEqualTo(Closed.channel(404, "NOT_FOUND - no exchange '" + exchange + "' in vhost '/'"));
    }

    @Test
    void deletesAMissingExchangeGladly(Amqp amqp) throws Exception {
        amqp.channel().exchangeDelete(amqp.name("missing"));
    }

    @Test
    void deletesOnlyAnUnusedExchangeWhereAskedTo(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("used");
        String queue = amqp.exclusiveQueue(channel, "user");
        channel.exchangeDeclare(exchange, "fanout");
        channel.queueBind(queue, exchange, "");
        Channel deleting = amqp.channel();
        assertThat(Closed.by(() -> deleting.exchangeDelete(exchange, true)))
                .isEqualTo(
                        Closed.channel(406, "PRECONDITION_FAILED - exchange '" + exchange + "' in vhost '/' in use"));
        channel.queueUnbind(queue, exchange, "");
        channel.exchangeDelete(exchange, true);
        assertThat(Closed.by(() -> channel.exchangeDeclarePassive(exchange)).code())
                .isEqualTo(404);
    }

    @Test
    void deletesAnAutoDeleteExchangeWithItsLastBinding(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("auto-delete");
        String queue = amqp.exclusiveQueue(channel, "bound");
        channel.exchangeDeclare(exchange, "direct", false, true, null);
        channel.queueBind(queue, exchange, "a");
        channel.queueBind(queue, exchange, "b");
        channel.queueUnbind(queue, exchange, "a");
        channel.exchangeDeclarePassive(exchange);
        channel.queueUnbind(queue, exchange, "b");
        assertThat(Closed.by(() -> channel.exchangeDeclarePassive(exchange)).code())
                .isEqualTo(404);
    }

    @Test
    void deletesTheBindingsWithTheirExchange(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("again");
        String queue = amqp.exclusiveQueue(channel, "bound");
        channel.exchangeDeclare(exchange, "fanout");
        channel.queueBind(queue, exchange, "");
        channel.exchangeDelete(exchange);
        channel.exchangeDeclare(exchange, "fanout");
        channel.confirmSelect();
        channel.basicPublish(exchange, "", null, new byte[1]);
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        assertThat(channel.messageCount(queue)).isZero();
    }

    @Test
    void refusesToPublishToAnInternalExchange(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("internal");
        channel.exchangeDeclare(exchange, "fanout", false, false, true, null);
        channel.basicPublish(exchange, "", null, new byte[1]);
        assertThat(Closed.of(channel))
                .isEqualTo(Closed.channel(
                        403, "ACCESS_REFUSED - cannot publish to internal exchange '" + exchange + "' in vhost '/'"));
    }

    @Test
    void routesFromExchangeToExchange(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String source = amqp.name("source");
        String target = amqp.name("target");
        String queue = amqp.exclusiveQueue(channel, "end");
        channel.exchangeDeclare(source, "topic");
        channel.exchangeDeclare(target, "fanout");
        channel.exchangeBind(target, source, "news.#");
        channel.queueBind(queue, target, "");
        Inbox inbox = Inbox.automatic(channel, queue);
        channel.basicPublish(source, "weather.today", null, Publish.bytes("no"));
        channel.basicPublish(source, "news.today", null, Publish.bytes("yes"));
        assertThat(inbox.nextText()).isEqualTo("yes");

        channel.exchangeUnbind(target, source, "news.#");
        channel.basicPublish(source, "news.today", null, Publish.bytes("no more"));
        channel.basicPublish(target, "", null, Publish.bytes("direct"));
        assertThat(inbox.nextText()).isEqualTo("direct");
    }

    @Test
    void routesOnceThroughACircleOfExchanges(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String first = amqp.name("first");
        String second = amqp.name("second");
        String queue = amqp.exclusiveQueue(channel, "end");
        channel.exchangeDeclare(first, "fanout");
        channel.exchangeDeclare(second, "fanout");
        channel.exchangeBind(first, second, "");
        channel.exchangeBind(second, first, "");
        channel.queueBind(queue, first, "");
        channel.queueBind(queue, second, "");
        Inbox inbox = Inbox.automatic(channel, queue);
        channel.basicPublish(first, "", null, Publish.bytes("once"));
        assertThat(inbox.nextText()).isEqualTo("once");
        inbox.expectNothingMore();
    }

    @Test
    void refusesToBindMissingExchanges(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = amqp.name("missing");
        assertThat(Closed.by(() -> channel.exchangeBind("amq.fanout", exchange, "")))
                .isEqualTo(Closed.channel(404, "NOT_FOUND - no exchange '" + exchange + "' in vhost '/'"));
    }
}
