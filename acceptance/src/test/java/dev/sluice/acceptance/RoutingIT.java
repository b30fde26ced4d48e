package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which queues a message reaches, for each type of exchange. */
@ExtendWith(AmqpExtension.class)
@Timeout(60)
final class RoutingIT {
    @Test
    void theDefaultExchangeRoutesByQueueName(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String first = amqp.exclusiveQueue(channel, "first");
        String second = amqp.exclusiveQueue(channel, "second");
        Publish.confirmed(channel, first, "one");
        assertThat(channel.messageCount(first)).isEqualTo(1);
        assertThat(channel.messageCount(second)).isZero();
    }

    @Test
    void aDirectExchangeRoutesByTheWholeKey(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = exchange(amqp, channel, "direct");
        String queue = amqp.exclusiveQueue(channel, "direct");
        channel.queueBind(queue, exchange, "red");
        channel.queueBind(queue, exchange, "green");
        assertThat(routed(channel, exchange, queue, "red", "green", "blue", "re", "redd", ""))
                .containsExactly("red", "green");
    }

    @Test
    void aFanoutExchangeIgnoresTheKey(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = exchange(amqp, channel, "fanout");
        String first = amqp.exclusiveQueue(channel, "first");
        String second = amqp.exclusiveQueue(channel, "second");
        channel.queueBind(first, exchange, "some key");
        channel.queueBind(second, exchange, "");
        assertThat(routed(channel, exchange, first, "a", "b")).containsExactly("a", "b");
        assertThat(channel.messageCount(second)).isEqualTo(2);
    }

    @Test
    void deliversOnceWhereSeveralBindingsMatch(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = exchange(amqp, channel, "topic");
        String queue = amqp.exclusiveQueue(channel, "once");
        channel.queueBind(queue, exchange, "a.*");
        channel.queueBind(queue, exchange, "*.b");
        channel.queueBind(queue, exchange, "#");
        assertThat(routed(channel, exchange, queue, "a.b")).containsExactly("a.b");
    }

    @ParameterizedTest
    @CsvSource({
        "news.*, news.today, true",
        "news.*, news, false",
        "news.*, news.today.late, false",
        "news.*, news., true",
        "news.#, news, true",
        "news.#, news.today.late, true",
        "news.#, newspaper, false",
        "#, anything.at.all, true",
        "#, '', true",
        "*, one, true",
        "*, one.two, false",
        "*, '', false",
        "#.error, error, true",
        "#.error, a.b.error, true",
        "#.error, a.b.errors, false",
        "*.*.c, a.b.c, true",
        "a.#.c, a.c, true",
        "a.#.c, a.b.b.c, true",
        "a.#.c, a.b.b, false",
        "a.#.#.c, a.c, true",
        "#.b.#, a.b.c, true",
        "#.b.#, b, true",
        "#.b.#, a.c, false",
        "*.#, '', false",
        "*.#, a, true",
        "#.*, a.b, true",
        "a..b, a..b, true",
        "a.*.b, a..b, true",
        "a*, ab, false",
        "a#, ab, false",
        "'', '', true",
        "'', a, false",
    })
    void aTopicExchangeMatchesWordByWord(String pattern, String key, boolean matches, Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = exchange(amqp, channel, "topic");
        String queue = amqp.exclusiveQueue(channel, "topic");
        channel.queueBind(queue, exchange, pattern);
        assertThat(routed(channel, exchange, queue, key)).isEqualTo(matches ? List.of(key) : List.of());
    }

    @Test
    void aTopicExchangeForgetsAnUnboundPattern(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = exchange(amqp, channel, "topic");
        String queue = amqp.exclusiveQueue(channel, "topic");
        channel.queueBind(queue, exchange, "a.#");
        channel.queueBind(queue, exchange, "a.*");
        channel.queueUnbind(queue, exchange, "a.#");
        assertThat(routed(channel, exchange, queue, "a.b", "a", "a.b.c")).containsExactly("a.b");
    }

    @Test
    void aHeadersExchangeMatchesAllByDefault(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = exchange(amqp, channel, "headers");
        String queue = amqp.exclusiveQueue(channel, "headers");
        channel.queueBind(queue, exchange, "", Map.of("colour", "red", "size", 3));
        assertThat(matches(channel, exchange, queue, Map.of("colour", "red", "size", 3)))
                .isTrue();
        assertThat(matches(channel, exchange, queue, Map.of("colour", "red", "size", 3, "more", true)))
                .isTrue();
        assertThat(matches(channel, exchange, queue, Map.of("colour", "red"))).isFalse();
        assertThat(matches(channel, exchange, queue, Map.of("colour", "blue", "size", 3)))
                .isFalse();
        assertThat(matches(channel, exchange, queue, Map.of())).isFalse();
    }

    @Test
    void aHeadersExchangeMatchesAnyWhereAskedTo(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = exchange(amqp, channel, "headers");
        String queue = amqp.exclusiveQueue(channel, "headers");
        channel.queueBind(queue, exchange, "", Map.of("x-match", "any", "colour", "red", "size", 3));
        assertThat(matches(channel, exchange, queue, Map.of("colour", "red"))).isTrue();
        assertThat(matches(channel, exchange, queue, Map.of("colour", "blue", "size", 3)))
                .isTrue();
        assertThat(matches(channel, exchange, queue, Map.of("colour", "blue"))).isFalse();
        assertThat(matches(channel, exchange, queue, Map.of())).isFalse();
    }

    @Test
    void aHeadersExchangeLeavesOutHeadersThatBeginWithX(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = exchange(amqp, channel, "headers");
        String queue = amqp.exclusiveQueue(channel, "headers");
        channel.queueBind(queue, exchange, "", Map.of("x-match", "all", "x-kind", "a", "colour", "red"));
        assertThat(matches(channel, exchange, queue, Map.of("colour", "red"))).isTrue();
    }

    @Test
    void aHeadersExchangeMatchesNumbersOfOtherWidths(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String exchange = exchange(amqp, channel, "headers");
        String queue = amqp.exclusiveQueue(channel, "headers");
        channel.queueBind(queue, exchange, "", Map.of("size", 3));
        assertThat(matches(channel, exchange, queue, Map.of("size", 3L))).isTrue();
    }

    private static String exchange(Amqp amqp, Channel channel, String type) throws Exception {
        String exchange = amqp.name(type);
        channel.exchangeDeclare(exchange, type);
        return exchange;
    }

    /** Publishes one message with each key; those that reached the queue. */
    private static List<String> routed(Channel channel, String exchange, String queue, String... keys)
            throws Exception {
        channel.confirmSelect();
        for (String key : keys) {
            channel.basicPublish(exchange, key, null, Publish.bytes(key));
        }
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        List<String> reached = new ArrayList<>();
        for (var got = channel.basicGet(queue, true); got != null; got = channel.basicGet(queue, true)) {
            reached.add(got.getEnvelope().getRoutingKey());
        }
        return reached;
    }

    private static boolean matches(Channel channel, String exchange, String queue, Map<String, Object> headers)
            throws Exception {
        channel.confirmSelect();
        channel.basicPublish(exchange, "", Publish.properties().headers(headers).build(), new byte[1]);
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        return channel.basicGet(queue, true) != null;
    }
}
