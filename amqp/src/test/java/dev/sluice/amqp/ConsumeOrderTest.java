package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.CancelCallback;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** In which order messages come, and to whom, with a real client. */
@Timeout(60)
class ConsumeOrderTest {
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
    void messagesOfHigherPriorityComeFirst() throws Exception {
        declare(Map.of("x-max-priority", 10));
        channel.confirmSelect();
        publish("none", null);
        publish("low", 1);
        publish("high", 9);
        publish("above", 77);
        publish("top", 10);
        assertThat(channel.waitForConfirms(10_000)).isTrue();

        for (String expected : new String[] {"above", "top", "high", "low", "none"}) {
            assertThat(channel.basicGet("q", true).getBody()).isEqualTo(expected.getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void aPriorityBeyondTheLastIsRefusedAsByRabbitMq() {
        assertThatThrownBy(() -> declare(Map.of("x-max-priority", 256)))
                .cause()
                .hasMessageContaining(
                        "invalid arg 'x-max-priority' for queue 'q' in vhost '/': {max_value_exceeded,256}");
    }

    @Test
    void aConsumerOfHigherPriorityIsServedWhileItCanTakeMore() throws Exception {
        declare(Map.of());
        channel.basicQos(1);
        BlockingQueue<Delivery> low = consume(channel, Map.of());
        BlockingQueue<Delivery> high = consume(channel, Map.of("x-priority", 10));

        publish("1", null);
        publish("2", null);

        assertThat(text(high)).isEqualTo("1");
        assertThat(text(low)).isEqualTo("2");
    }

    @Test
    void aConsumerPriorityThatIsNoNumberIsRefusedAsByRabbitMq() throws Exception {
        declare(Map.of());
        assertThatThrownBy(() -> consume(channel, Map.of("x-priority", "high")))
                .cause()
                .hasMessageContaining(
                        "invalid arg 'x-priority' for queue 'q' in vhost '/': {unacceptable_type,longstr}");
    }

    @Test
    void aSingleActiveConsumerIsFollowedByTheNextWhenItsConnectionGoes() throws Exception {
        declare(Map.of("x-single-active-consumer", true));
        Connection first = gateway.connect();
        BlockingQueue<Delivery> active = consume(first.createChannel(), Map.of());
        BlockingQueue<Delivery> standby = consume(channel, Map.of());
        publish("1", null);
        publish("2", null);
        assertThat(text(active)).isEqualTo("1");
        assertThat(text(active)).isEqualTo("2");
        assertThat(standby).isEmpty();

        first.close();

        assertThat(text(standby)).isEqualTo("1");
        assertThat(text(standby)).isEqualTo("2");
    }

    @Test
    void anExclusiveConsumerOfASingleActiveQueueIsRefusedAsByRabbitMq() throws Exception {
        declare(Map.of("x-single-active-consumer", true));
        assertThatThrownBy(() ->
                        channel.basicConsume("q", false, "", false, true, null, (tag, delivery) -> {}, NEVER_CANCELLED))
                .cause()
                .hasMessageContaining("ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use");
    }

    private void declare(Map<String, Object> arguments) throws Exception {
        channel.queueDeclare("q", true, false, false, arguments);
    }

    private void publish(String body, @Nullable Integer priority) throws Exception {
        var properties = new AMQP.BasicProperties.Builder()
                .deliveryMode(2)
                .priority(priority)
                .build();
        channel.basicPublish("", "q", properties, body.getBytes(StandardCharsets.UTF_8));
    }

    private static BlockingQueue<Delivery> consume(Channel on, Map<String, Object> arguments) throws Exception {
        BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
        on.basicConsume("q", false, arguments, (tag, delivery) -> deliveries.add(delivery), NEVER_CANCELLED);
        return deliveries;
    }

    private static String text(BlockingQueue<Delivery> deliveries) throws InterruptedException {
        Delivery delivery = deliveries.poll(10, TimeUnit.SECONDS);
        assertThat(delivery).as("a delivery within 10 s").isNotNull();
        return new String(delivery.getBody(), StandardCharsets.UTF_8);
    }
}
