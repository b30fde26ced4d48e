package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.BuiltinExchangeType;
import com.rabbitmq.client.CancelCallback;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The gateway with a real client over real sockets. */
@Timeout(60)
class AmqpSessionTest {
    private static final CancelCallback NEVER_CANCELLED = tag -> {};

    @TempDir
    Path folder;

    private RunningGateway gateway;
    private Connection connection;
    private Channel channel;

    @BeforeEach
    void start() throws Exception {
        gateway = new RunningGateway(folder);
        connection = gateway.connect();
        channel = connection.createChannel();
    }

    @AfterEach
    void stop() throws Exception {
        connection.abort();
        gateway.close();
    }

    @Test
    void aPublishedMessageReachesAConsumerWithItsProperties() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        Map<String, Object> headers = new LinkedHashMap<>();
        headers.put("text", "value");
        headers.put("number", 42);
        headers.put("long", 42L);
        headers.put("flag", true);
        headers.put("nothing", null);
        headers.put("list", List.of(1, "two"));
        headers.put("table", Map.of("inner", 1.5));
        var sent = new AMQP.BasicProperties.Builder()
                .contentType("text/plain")
                .contentEncoding("utf-8")
                .headers(headers)
                .deliveryMode(2)
                .priority(3)
                .correlationId("c")
                .replyTo("r")
                .expiration("60000")
                .messageId("m")
                .timestamp(Date.from(Instant.ofEpochSecond(1_700_000_000)))
                .type("t")
                .userId("guest")
                .appId("a")
                .build();
        channel.basicPublish("", "q", sent, bytes("hello"));

        Delivery delivery = subscribe("q", true).poll(10, TimeUnit.SECONDS);

        assertThat(delivery.getBody()).isEqualTo(bytes("hello"));
        assertThat(delivery.getEnvelope().getExchange()).isEmpty();
        assertThat(delivery.getEnvelope().getRoutingKey()).isEqualTo("q");
        assertThat(delivery.getEnvelope().isRedeliver()).isFalse();
        assertThat(delivery.getProperties().toString()).isEqualTo(sent.toString());
    }

    @Test
    void aLargeBodyTravelsInManyFrames() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        byte[] body = new byte[5_000_000];
        new Random(1).nextBytes(body);
        channel.basicPublish("", "q", MessageProperties.PERSISTENT_BASIC, body);
        channel.basicPublish("", "q", MessageProperties.PERSISTENT_BASIC, new byte[0]);

        BlockingQueue<Delivery> deliveries = subscribe("q", true);

        assertThat(deliveries.poll(20, TimeUnit.SECONDS).getBody()).isEqualTo(body);
        assertThat(deliveries.poll(10, TimeUnit.SECONDS).getBody()).isEmpty();
    }

    @Test
    void everyPublishIsConfirmed() throws Exception {
        channel.queueDeclare("a", true, false, false, null);
        channel.queueDeclare("b", false, false, false, null);
        channel.exchangeDeclare("both", BuiltinExchangeType.FANOUT);
        channel.queueBind("a", "both", "");
        channel.queueBind("b", "both", "");
        channel.confirmSelect();
        for (int i = 0; i < 3000; i++) {
            String exchange = i % 3 == 0 ? "both" : "";
            String key = i % 5 == 0 ? "nowhere" : "a";
            channel.basicPublish(exchange, key, i % 2 == 0 ? MessageProperties.PERSISTENT_BASIC : null, bytes("m" + i));
        }

        assertThat(channel.waitForConfirms(30_000)).isTrue();
        assertThat(channel.messageCount("b")).isEqualTo(1000);
        assertThat(channel.messageCount("a")).isEqualTo(1000 + 2000 - 400);
    }

    @Test
    void anUnroutableMandatoryMessageIsReturnedBeforeItIsConfirmed() throws Exception {
        List<String> events = new ArrayList<>();
        channel.addReturnListener(returned -> events.add(returned.getReplyCode() + " " + returned.getReplyText() + " "
                + returned.getRoutingKey() + " " + new String(returned.getBody(), StandardCharsets.UTF_8)));
        channel.addConfirmListener((tag, multiple) -> events.add("ack"), (tag, multiple) -> events.add("nack"));
        channel.confirmSelect();

        channel.basicPublish("", "nowhere", true, MessageProperties.PERSISTENT_BASIC, bytes("lost"));
        channel.waitForConfirms(10_000);

        assertThat(events).containsExactly("312 NO_ROUTE nowhere lost", "ack");
    }

    @Test
    void aFullQueueThatRejectsNacks() throws Exception {
        channel.queueDeclare("q", true, false, false, Map.of("x-max-length", 1, "x-overflow", "reject-publish"));
        channel.confirmSelect();
        channel.basicPublish("", "q", MessageProperties.PERSISTENT_BASIC, bytes("1"));
        assertThat(channel.waitForConfirms(10_000)).isTrue();

        channel.basicPublish("", "q", MessageProperties.PERSISTENT_BASIC, bytes("2"));

        assertThat(channel.waitForConfirms(10_000)).isFalse();
    }

    @Test
    void prefetchLimitsWhatIsOutAndAnAckBringsTheNext() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        publish("q", "1", "2", "3");
        channel.basicQos(2);
        BlockingQueue<Delivery> deliveries = subscribe("q", false);

        Delivery first = deliveries.poll(10, TimeUnit.SECONDS);
        assertThat(text(deliveries.poll(10, TimeUnit.SECONDS))).isEqualTo("2");
        assertThat(channel.messageCount("q")).isEqualTo(1);
        assertThat(deliveries).isEmpty();

        channel.basicAck(first.getEnvelope().getDeliveryTag(), false);
        assertThat(text(deliveries.poll(10, TimeUnit.SECONDS))).isEqualTo("3");
    }

    @Test
    void globalPrefetchCoversAllConsumersOfTheChannelAndChangesLive() throws Exception {
        channel.queueDeclare("a", true, false, false, null);
        channel.queueDeclare("b", true, false, false, null);
        publish("a", "1", "2", "3");
        publish("b", "1", "2", "3");
        channel.basicQos(1, true);
        BlockingQueue<Delivery> deliveries = subscribe("a", false);
        channel.basicConsume("b", false, (tag, delivery) -> deliveries.add(delivery), NEVER_CANCELLED);

        Delivery first = deliveries.poll(10, TimeUnit.SECONDS);
        assertThat(channel.messageCount("a") + channel.messageCount("b")).isEqualTo(5);
        assertThat(deliveries).isEmpty();

        channel.basicQos(4, true);
        for (int i = 0; i < 3; i++) {
            assertThat(deliveries.poll(10, TimeUnit.SECONDS)).isNotNull();
        }
        assertThat(channel.messageCount("a") + channel.messageCount("b")).isEqualTo(2);
        channel.basicAck(first.getEnvelope().getDeliveryTag(), false);
        assertThat(deliveries.poll(10, TimeUnit.SECONDS)).isNotNull();
    }

    @Test
    void aRequeuedMessageComesAgainWithItsCount() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        publish("q", "1");
        BlockingQueue<Delivery> deliveries = subscribe("q", false);
        Delivery first = deliveries.poll(10, TimeUnit.SECONDS);
        assertThat(first.getProperties().getHeaders()).isNull();

        channel.basicNack(first.getEnvelope().getDeliveryTag(), false, true);
        Delivery second = deliveries.poll(10, TimeUnit.SECONDS);

        assertThat(second.getEnvelope().isRedeliver()).isTrue();
        assertThat(second.getProperties().getHeaders()).containsEntry("x-delivery-count", 1L);
        channel.basicReject(second.getEnvelope().getDeliveryTag(), false);
        assertThat(channel.messageCount("q")).isZero();
    }

    @Test
    void recoverPutsBackEverythingUnsettled() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        publish("q", "1", "2");
        BlockingQueue<Delivery> deliveries = subscribe("q", false);
        deliveries.poll(10, TimeUnit.SECONDS);
        deliveries.poll(10, TimeUnit.SECONDS);

        channel.basicRecover(true);

        assertThat(text(deliveries.poll(10, TimeUnit.SECONDS))).isEqualTo("1");
        assertThat(deliveries.poll(10, TimeUnit.SECONDS).getEnvelope().isRedeliver())
                .isTrue();
    }

    @Test
    void whatAClosedConnectionDidNotSettleGoesToTheNextInItsOrder() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        publish("q", "1", "2", "3");
        BlockingQueue<Delivery> deliveries = subscribe("q", false);
        deliveries.poll(10, TimeUnit.SECONDS);
        Delivery second = deliveries.poll(10, TimeUnit.SECONDS);
        channel.basicAck(second.getEnvelope().getDeliveryTag(), false);
        deliveries.poll(10, TimeUnit.SECONDS);
        connection.close();

        connection = gateway.connect();
        channel = connection.createChannel();
        BlockingQueue<Delivery> again = subscribe("q", false);

        assertThat(text(again.poll(10, TimeUnit.SECONDS))).isEqualTo("1");
        assertThat(text(again.poll(10, TimeUnit.SECONDS))).isEqualTo("3");
    }

    @Test
    void getTakesOneMessageAndTellsHowManyAreLeft() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        publish("q", "1", "2");

        GetResponse got = channel.basicGet("q", false);
        assertThat(got.getBody()).isEqualTo(bytes("1"));
        assertThat(got.getMessageCount()).isEqualTo(1);
        channel.basicReject(got.getEnvelope().getDeliveryTag(), true);

        assertThat(channel.basicGet("q", true).getEnvelope().isRedeliver()).isTrue();
        assertThat(channel.basicGet("q", true).getBody()).isEqualTo(bytes("2"));
        assertThat(channel.basicGet("q", true)).isNull();
    }

    @Test
    void exchangesOfAllTypesRouteAlsoThroughOneAnother() throws Exception {
        channel.exchangeDeclare("topic", BuiltinExchangeType.TOPIC, true);
        channel.exchangeDeclare("fan", BuiltinExchangeType.FANOUT);
        channel.exchangeDeclare("heads", BuiltinExchangeType.HEADERS);
        channel.queueDeclare("q", false, false, false, null);
        channel.exchangeBind("fan", "topic", "eu.#");
        channel.queueBind("q", "fan", "");
        channel.queueBind("q", "heads", "", Map.of("x-match", "all", "kind", "a"));

        channel.basicPublish("topic", "eu.de", null, bytes("1"));
        channel.basicPublish("topic", "us.ny", null, bytes("2"));
        channel.basicPublish("heads", "", headers("kind", "a"), bytes("3"));
        channel.basicPublish("heads", "", headers("kind", "b"), bytes("4"));

        assertThat(channel.basicGet("q", true).getBody()).isEqualTo(bytes("1"));
        assertThat(channel.basicGet("q", true).getBody()).isEqualTo(bytes("3"));
        assertThat(channel.basicGet("q", true)).isNull();
        channel.exchangeUnbind("fan", "topic", "eu.#");
        channel.basicPublish("topic", "eu.de", null, bytes("5"));
        assertThat(channel.basicGet("q", true)).isNull();
    }

    @Test
    void aServerNamedExclusiveQueueBelongsToItsConnection() throws Exception {
        String name = channel.queueDeclare().getQueue();
        assertThat(name).startsWith("amq.gen-");
        try (Connection other = gateway.connect()) {
            Channel theirs = other.createChannel();
            assertThatThrownBy(() -> theirs.queueDeclarePassive(name))
                    .satisfies(failure -> assertThat(replyText(failure))
                            .startsWith("RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + name));
        }
    }

    @Test
    void aQueueOfOneConnectionGoesWithIt() throws Exception {
        String name = channel.queueDeclare().getQueue();
        connection.close();
        connection = gateway.connect();
        channel = connection.createChannel();
        channel.queueDelete(name);
        assertChannelError("NOT_FOUND - no queue '" + name + "' in vhost '/'", c -> c.queueDeclarePassive(name));
    }

    @Test
    void consumersAreToldWhenTheirQueueIsDeleted() throws Exception {
        channel.queueDeclare("q", false, false, false, null);
        var cancelled = new CompletableFuture<String>();
        String tag = channel.basicConsume("q", false, (t, delivery) -> {}, cancelled::complete);

        connection.createChannel().queueDelete("q");

        assertThat(cancelled.get(10, TimeUnit.SECONDS)).isEqualTo(tag);
        assertThat(tag).startsWith("amq.ctag-");
    }

    @Test
    void errorsHaveTheCodesAndTextsOfRabbitMq() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        channel.exchangeDeclare("e", BuiltinExchangeType.DIRECT, true);

        assertChannelError("NOT_FOUND - no queue 'none' in vhost '/'", c -> c.basicGet("none", true));
        assertChannelError("NOT_FOUND - no exchange 'none' in vhost '/'", c -> {
            c.basicPublish("none", "", null, bytes("x"));
            c.queueDeclarePassive("q");
        });
        assertChannelError(
                "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'",
                c -> c.queueDeclare("q", false, false, false, null));
        assertChannelError(
                "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'q' in vhost '/': received the value '5' of type 'signedint' but current is none",
                c -> c.queueDeclare("q", true, false, false, Map.of("x-max-length", 5)));
        assertChannelError(
                "PRECONDITION_FAILED - inequivalent arg 'x-durability' for queue 'q' in vhost '/': received the value 'interval=50ms' of type 'longstr' but current is none",
                c -> c.queueDeclare("q", true, false, false, Map.of("x-durability", "interval=50ms")));
        assertChannelError(
                "PRECONDITION_FAILED - invalid arg 'x-durability' for queue 'z' in vhost '/': expected sync, interval=100ms or none",
                c -> c.queueDeclare("z", true, false, false, Map.of("x-durability", "fast")));
        assertChannelError(
                "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'e' in vhost '/': received 'fanout' but current is 'direct'",
                c -> c.exchangeDeclare("e", BuiltinExchangeType.FANOUT, true));
        assertChannelError("PRECONDITION_FAILED - unknown delivery tag 7", c -> {
            c.basicAck(7, false);
            c.queueDeclarePassive("q");
        });
        assertChannelError(
                "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
                c -> c.queueDeclare("amq.mine", true, false, false, null));
        assertChannelError(
                "ACCESS_REFUSED - operation not permitted on the default exchange", c -> c.queueBind("q", "", "k"));
        assertChannelError(
                "PRECONDITION_FAILED - invalid arg 'x-message-ttl' for queue 'z' in vhost '/': {unacceptable_type,longstr}",
                c -> c.queueDeclare("z", true, false, false, Map.of("x-message-ttl", "soon")));
        assertChannelError(
                "PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'z' in vhost '/': {unacceptable_type,longstr}",
                c -> c.queueDeclare("z", true, false, false, Map.of("x-max-age", "soon")));
        assertThat(connection.isOpen()).isTrue();
    }

    @Test
    void anExclusiveConsumerIsAlone() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        channel.basicConsume("q", false, "", false, true, null, (tag, delivery) -> {}, NEVER_CANCELLED);

        assertChannelError(
                "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use",
                c -> c.basicConsume("q", false, (tag, delivery) -> {}, NEVER_CANCELLED));
    }

    @Test
    void aMessageAboveTheLimitIsRefused() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        byte[] tooLarge = new byte[AmqpSettings.DEFAULT.maxMessageBytes() + 1];

        assertChannelError(
                "PRECONDITION_FAILED - message size 16777217 is larger than configured max size 16777216", c -> {
                    c.basicPublish("", "q", null, tooLarge);
                    c.queueDeclarePassive("q");
                });
    }

    @Test
    void wrongPasswordsAndOtherVirtualHostsAreRefused() {
        var wrongPassword = gateway.factory();
        wrongPassword.setPassword("wrong");
        assertThatThrownBy(wrongPassword::newConnection)
                .hasMessageContaining("ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN");
        var otherHost = gateway.factory();
        otherHost.setVirtualHost("other");
        assertThatThrownBy(otherHost::newConnection)
                .satisfies(failure -> assertThat(replyText(failure)).isEqualTo("NOT_ALLOWED - vhost other not found"));
    }

    @Test
    void methodsThatDoNotWaitTakeEffectInTheirOrder() throws Exception {
        for (int i = 0; i < 100; i++) {
            String queue = "q" + i;
            channel.queueDeclareNoWait(queue, false, false, false, null);
            channel.queueBindNoWait(queue, "amq.fanout", "", null);
            channel.basicPublish("", queue, null, bytes("x"));
            channel.queuePurge(queue);
            channel.basicPublish("amq.fanout", "", null, bytes("y"));
        }

        assertThat(channel.messageCount("q99")).isEqualTo(1);
        assertThat(channel.messageCount("q98")).isEqualTo(2);
    }

    @Test
    void manyConsumersShareAQueueAndEachMessageIsProcessedOnce() throws Exception {
        channel.queueDeclare("q", true, false, false, null);
        Set<String> seen = new HashSet<>();
        BlockingQueue<String> all = new LinkedBlockingQueue<>();
        for (int i = 0; i < 4; i++) {
            Channel worker = gateway.connect().createChannel();
            worker.basicQos(10);
            worker.basicConsume(
                    "q",
                    false,
                    (tag, delivery) -> {
                        all.add(text(delivery));
                        worker.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
                    },
                    NEVER_CANCELLED);
        }
        for (int i = 0; i < 2000; i++) {
            channel.basicPublish("", "q", MessageProperties.PERSISTENT_BASIC, bytes("m" + i));
        }
        for (int i = 0; i < 2000; i++) {
            seen.add(all.poll(10, TimeUnit.SECONDS));
        }

        assertThat(seen).hasSize(2000);
        assertThat(all).isEmpty();
    }

    @Test
    void aConsumerThatDoesNotReadDoesNotHoldUpOthers() throws Exception {
        channel.queueDeclare("big", false, false, false, null);
        Channel slow = gateway.connect().createChannel();
        var release = new CompletableFuture<Void>();
        slow.basicConsume("big", true, (tag, delivery) -> release.join(), NEVER_CANCELLED);
        byte[] body = new byte[1_000_000];
        for (int i = 0; i < 60; i++) {
            channel.basicPublish("", "big", null, body);
        }

        assertThat(channel.messageCount("big")).isPositive();
        channel.queueDeclare("q", true, false, false, null);
        publish("q", "1");
        assertThat(subscribe("q", true).poll(10, TimeUnit.SECONDS)).isNotNull();
        release.complete(null);
    }

    @Test
    void aStoppingNodeSaysSo() throws Exception {
        gateway.disconnectAll();

        assertThatThrownBy(connection::createChannel)
                .isInstanceOf(AlreadyClosedException.class)
                .satisfies(failure -> assertThat(replyText(failure)).startsWith("CONNECTION_FORCED - "));
    }

    @Test
    void aRejectedMessageComesBackAsADeadLetter() throws Exception {
        channel.exchangeDeclare("dlx", BuiltinExchangeType.DIRECT, false, false, true, null);
        channel.queueDeclare("dead", true, false, false, null);
        channel.queueBind("dead", "dlx", "rejects");
        channel.queueDeclare(
                "work",
                true,
                false,
                false,
                Map.of("x-dead-letter-exchange", "dlx", "x-dead-letter-routing-key", "rejects"));
        var sent = new AMQP.BasicProperties.Builder()
                .contentType("text/plain")
                .headers(Map.of("mine", 5))
                .deliveryMode(2)
                .expiration("60000")
                .messageId("m")
                .build();
        channel.basicPublish("", "work", sent, bytes("hello"));
        Delivery first = subscribe("work", false).poll(10, TimeUnit.SECONDS);
        long before = Instant.now().getEpochSecond();
        channel.basicReject(first.getEnvelope().getDeliveryTag(), false);

        Delivery dead = subscribe("dead", true).poll(10, TimeUnit.SECONDS);

        assertThat(text(dead)).isEqualTo("hello");
        assertThat(dead.getEnvelope().getExchange()).isEqualTo("dlx");
        assertThat(dead.getEnvelope().getRoutingKey()).isEqualTo("rejects");
        assertThat(dead.getEnvelope().isRedeliver()).isFalse();
        assertThat(dead.getProperties().getExpiration()).isNull();
        assertThat(dead.getProperties().getContentType()).isEqualTo("text/plain");
        assertThat(dead.getProperties().getMessageId()).isEqualTo("m");
        assertThat(dead.getProperties().getDeliveryMode()).isEqualTo(2);
        Map<String, Object> headers = dead.getProperties().getHeaders();
        assertThat(headers.get("mine")).isEqualTo(5);
        assertThat(headers.get("x-first-death-queue")).hasToString("work");
        assertThat(headers.get("x-first-death-reason")).hasToString("rejected");
        assertThat(headers.get("x-first-death-exchange")).hasToString("");
        assertThat(headers.get("x-last-death-queue")).hasToString("work");
        assertThat(headers.get("x-last-death-reason")).hasToString("rejected");
        assertThat(headers.get("x-last-death-exchange")).hasToString("");
        Map<?, ?> death = deaths(headers).getFirst();
        assertThat(death.get("count")).isEqualTo(1L);
        assertThat(death.get("reason")).hasToString("rejected");
        assertThat(death.get("queue")).hasToString("work");
        assertThat(death.get("exchange")).hasToString("");
        assertThat(death.get("routing-keys")).hasToString("[work]");
        assertThat(death.get("time"))
                .isInstanceOfSatisfying(
                        Date.class,
                        time -> assertThat(time.toInstant().getEpochSecond()).isBetween(before, before + 10));
    }

    @Test
    void aMessageThatDiesOftenCountsItsDeaths() throws Exception {
        channel.queueDeclare(
                "work", true, false, false, Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", "pause"));
        channel.queueDeclare(
                "pause",
                true,
                false,
                false,
                Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", "work", "x-message-ttl", 1));
        publish("work", "again");
        BlockingQueue<Delivery> deliveries = subscribe("work", false);
        for (int i = 0; i < 2; i++) {
            Delivery delivery = deliveries.poll(10, TimeUnit.SECONDS);
            channel.basicNack(delivery.getEnvelope().getDeliveryTag(), false, false);
        }

        Delivery third = deliveries.poll(10, TimeUnit.SECONDS);

        Map<String, Object> headers = third.getProperties().getHeaders();
        assertThat(headers.get("x-first-death-queue")).hasToString("work");
        assertThat(headers.get("x-last-death-queue")).hasToString("pause");
        List<Map<?, ?>> deaths = deaths(headers);
        assertThat(deaths).hasSize(2);
        Map<?, ?> last = deaths.getFirst();
        assertThat(last.get("reason")).hasToString("expired");
        assertThat(last.get("count")).isEqualTo(2L);
        assertThat(last.get("routing-keys")).hasToString("[pause]");
    }

    @Test
    void aDeadLetterRoutingKeyNeedsAnExchange() throws Exception {
        assertChannelError(
                "PRECONDITION_FAILED - invalid arg 'x-dead-letter-routing-key' for queue 'z' in vhost '/': routing_key_but_no_dlx_defined",
                c -> c.queueDeclare("z", true, false, false, Map.of("x-dead-letter-routing-key", "key")));
    }

    private static List<Map<?, ?>> deaths(Map<String, Object> headers) {
        var deaths = new ArrayList<Map<?, ?>>();
        for (Object death : (List<?>) Objects.requireNonNull(headers.get("x-death"))) {
            deaths.add((Map<?, ?>) death);
        }
        return deaths;
    }

    private interface Use {
        void of(Channel channel) throws Exception;
    }

    private void assertChannelError(String text, Use use) throws Exception {
        Channel used = connection.createChannel();
        assertThatThrownBy(() -> use.of(used))
                .satisfies(failure -> assertThat(replyText(failure)).isEqualTo(text));
        assertThat(used.isOpen()).isFalse();
        assertThat(connection.isOpen()).isTrue();
    }

    private static @Nullable String replyText(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ShutdownSignalException signal) {
                return switch (signal.getReason()) {
                    case AMQP.Channel.Close close -> close.getReplyText();
                    case AMQP.Connection.Close close -> close.getReplyText();
                    default -> String.valueOf(signal.getReason());
                };
            }
        }
        return String.valueOf(failure);
    }

    private BlockingQueue<Delivery> subscribe(String queue, boolean autoAck) throws IOException {
        BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
        channel.basicConsume(queue, autoAck, (tag, delivery) -> deliveries.add(delivery), NEVER_CANCELLED);
        return deliveries;
    }

    private void publish(String queue, String... bodies) throws IOException {
        for (String body : bodies) {
            channel.basicPublish("", queue, MessageProperties.PERSISTENT_BASIC, bytes(body));
        }
    }

    private static AMQP.BasicProperties headers(String name, Object value) {
        return new AMQP.BasicProperties.Builder().headers(Map.of(name, value)).build();
    }

    private static String text(Delivery delivery) {
        return new String(delivery.getBody(), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
