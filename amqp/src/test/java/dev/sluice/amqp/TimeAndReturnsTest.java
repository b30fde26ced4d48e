package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.ShutdownSignalException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Messages that may wait only so long, and messages that come back, with a real client. */
@Timeout(60)
class TimeAndReturnsTest {
    private static final int HOUR_MS = 3_600_000;

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
    void aMessageExpiresByItsOwnProperty() throws Exception {
        declare(Map.of());
        publish("gone", "0");
        publish("short", "1");
        publish("long", String.valueOf(HOUR_MS));
        while (channel.messageCount("q") > 1) {
            Thread.onSpinWait();
        }
        GetResponse left = channel.basicGet("q", true);
        assertThat(left.getBody()).isEqualTo(bytes("long"));
        assertThat(left.getProps().getExpiration()).isEqualTo(String.valueOf(HOUR_MS));
    }

    @Test
    void anExpirationThatIsNoNumberClosesTheChannel() throws Exception {
        declare(Map.of());
        var closed = new CompletableFuture<ShutdownSignalException>();
        channel.addShutdownListener(closed::complete);
        publish("never", "1 minute");
        assertThat(((AMQP.Channel.Close) closed.get(10, TimeUnit.SECONDS).getReason()).getReplyText())
                .isEqualTo("PRECONDITION_FAILED - invalid expiration '1 minute': {leftover_string,\" minute\"}");
        assertThat(connection.isOpen()).isTrue();
    }

    @Test
    void aMessageThatComesBackTooOftenIsDropped() throws Exception {
        declare(Map.of("x-delivery-limit", 1));
        publish("poison", null);
        giveBack(channel.basicGet("q", false));
        GetResponse second = channel.basicGet("q", false);
        assertThat(second.getProps().getHeaders()).containsEntry("x-delivery-count", 1L);
        giveBack(second);
        assertThat(channel.basicGet("q", false)).isNull();
    }

    @Test
    void aQueueMayGoWithoutDeliveryLimit() throws Exception {
        declare(Map.of("x-delivery-limit", -1));
        publish("patient", null);
        for (int i = 0; i < 50; i++) {
            giveBack(channel.basicGet("q", false));
        }
        assertThat(channel.basicGet("q", true).getProps().getHeaders()).containsEntry("x-delivery-count", 50L);
    }

    @Test
    void rabbitMqsDelayedRetriesHoldAMessageBack() throws Exception {
        declare(Map.of("x-delayed-retry-type", "all", "x-delayed-retry-min", HOUR_MS, "x-delayed-retry-max", HOUR_MS));
        publish("again", null);
        giveBack(channel.basicGet("q", false));
        assertThat(channel.basicGet("q", false)).isNull();
        assertThat(channel.messageCount("q")).isZero();
        assertThat(channel.queuePurge("q").getMessageCount()).isEqualTo(1);
    }

    @Test
    void aDelayedRetryComesWhenItsTimeIsOver() throws Exception {
        declare(Map.of("x-delayed-retry-type", "exponential", "x-delayed-retry-min", 20));
        publish("again", null);
        giveBack(channel.basicGet("q", false));
        GetResponse again = channel.basicGet("q", true);
        while (again == null) {
            again = channel.basicGet("q", true);
        }
        assertThat(again.getProps().getHeaders()).containsEntry("x-delivery-count", 1L);
    }

    @Test
    void aDeliveryThatIsNotSettledInTimeComesAgainAndItsLateAckIsIgnored() throws Exception {
        declare(Map.of("x-consumer-timeout", 20));
        publish("slow", null);
        GetResponse late = channel.basicGet("q", false);
        GetResponse again = channel.basicGet("q", true);
        while (again == null) {
            again = channel.basicGet("q", true);
        }
        assertThat(again.getProps().getHeaders()).containsEntry("x-delivery-count", 1L);
        channel.basicAck(late.getEnvelope().getDeliveryTag(), false);
        assertThat(channel.messageCount("q")).isZero();
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void aDelayedExchangeHoldsMessagesBack() throws Exception {
        declare(Map.of());
        channel.exchangeDeclare("later", "x-delayed-message", true, false, Map.of("x-delayed-type", "topic"));
        channel.queueBind("q", "later", "order.#");
        publishDelayed("order.1", HOUR_MS);
        publishDelayed("order.2", -5);
        publishDelayed("user.1", 0);
        assertThat(nextBody()).isEqualTo("order.2");
        publishDelayed("order.3", 20);
        assertThat(nextBody()).isEqualTo("order.3");
        assertThat(channel.basicGet("q", true)).isNull();
        assertThat(channel.queuePurge("q").getMessageCount()).isEqualTo(1);
    }

    @Test
    void otherExchangesDoNotHeedADelay() throws Exception {
        declare(Map.of());
        var properties = new AMQP.BasicProperties.Builder().headers(Map.of("x-delay", HOUR_MS));
        channel.basicPublish("", "q", properties.build(), bytes("now"));
        assertThat(nextBody()).isEqualTo("now");
    }

    @Test
    void aDelayedExchangeNeedsAType() {
        assertThatThrownBy(() -> channel.exchangeDeclare("later", "x-delayed-message", true))
                .cause()
                .hasMessageContaining("Invalid argument, 'x-delayed-type' must be an existing exchange type");
    }

    private void publishDelayed(String key, int delayMs) throws Exception {
        var properties = new AMQP.BasicProperties.Builder().headers(Map.of("x-delay", delayMs));
        channel.basicPublish("later", key, properties.build(), bytes(key));
    }

    private String nextBody() throws Exception {
        GetResponse got = channel.basicGet("q", true);
        while (got == null) {
            got = channel.basicGet("q", true);
        }
        return new String(got.getBody(), StandardCharsets.UTF_8);
    }

    private void declare(Map<String, Object> arguments) throws Exception {
        channel.queueDeclare("q", true, false, false, arguments);
    }

    private void publish(String body, @Nullable String expiration) throws Exception {
        var properties = new AMQP.BasicProperties.Builder()
                .deliveryMode(2)
                .expiration(expiration)
                .build();
        channel.basicPublish("", "q", properties, bytes(body));
    }

    private void giveBack(GetResponse got) throws Exception {
        channel.basicNack(got.getEnvelope().getDeliveryTag(), false, true);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
