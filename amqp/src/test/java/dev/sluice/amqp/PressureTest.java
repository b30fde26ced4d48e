package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.CancelCallback;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.MessageProperties;
import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.DiskAmount;
import dev.sluice.broker.PublishRates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a real client sees when the node gets short of something, or when it may not publish so fast. */
@Timeout(60)
class PressureTest {
    private static final CancelCallback NEVER_CANCELLED = tag -> {};
    private static final int MEMORY_BYTES = 300 << 10;
    private static final int BODY_BYTES = 1_000;
    private static final int CLOSE_TIMEOUT_MS = 200;
    private static final int MOST_MESSAGES = 1_000_000;

    @TempDir
    Path folder;

    private @Nullable RunningGateway gateway;

    @AfterEach
    void stop() throws Exception {
        if (gateway != null) {
            gateway.close();
        }
    }

    @Test
    void aPublisherIsToldWhyItWaitsAndGoesOnWhenConsumersHaveMadeRoom() throws Exception {
        gateway = new RunningGateway(folder, BrokerLimits.defaults().withMemoryBytes(MEMORY_BYTES));
        try (Connection publishing = gateway.connect();
                Connection consuming = gateway.connect()) {
            var told = new Told();
            publishing.addBlockedListener(told);
            Channel publisher = publishing.createChannel();
            publisher.queueDeclare("q", false, false, false, null);
            CompletableFuture<Integer> published = publishUntilBlocked(publisher, told);
            assertThat(told.events.poll(20, TimeUnit.SECONDS))
                    .startsWith("blocked: messages in memory take ")
                    .contains("publishing stops at 300 KiB and goes on at 278 KiB");

            Channel consumer = consuming.createChannel();
            var received = new Semaphore(0);
            consumer.basicConsume(
                    "q",
                    false,
                    (tag, delivery) -> {
                        consumer.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
                        received.release();
                    },
                    NEVER_CANCELLED);
            assertThat(told.events.poll(20, TimeUnit.SECONDS)).isEqualTo("unblocked");
            assertThat(received.tryAcquire(published.get(20, TimeUnit.SECONDS), 20, TimeUnit.SECONDS))
                    .as("all arrive")
                    .isTrue();

            publisher.confirmSelect();
            publisher.basicPublish("", "q", null, new byte[BODY_BYTES]);
            publisher.waitForConfirmsOrDie(10_000);
        }
    }

    @Test
    void aConnectionThatPublishesAndConsumesMakesRoomByItself() throws Exception {
        gateway = new RunningGateway(folder, BrokerLimits.defaults().withMemoryBytes(MEMORY_BYTES));
        try (Connection connection = gateway.connect()) {
            var told = new Told();
            connection.addBlockedListener(told);
            Channel channel = connection.createChannel();
            channel.queueDeclare("q", false, false, false, null);
            var deliveries = new LinkedBlockingQueue<Long>();
            channel.basicConsume(
                    "q",
                    false,
                    (tag, delivery) -> deliveries.add(delivery.getEnvelope().getDeliveryTag()),
                    NEVER_CANCELLED);
            int published = publishUntilBlocked(channel, told).get(20, TimeUnit.SECONDS);
            // Acknowledgements behind publishes that wait: each is reached in the end.
            for (int i = 0; i < published; i++) {
                channel.basicPublish("", "nowhere", null, new byte[10]);
                channel.basicAck(deliveries.take(), false);
            }
            assertThat(told.events.take()).startsWith("blocked");
            assertThat(told.events.poll(20, TimeUnit.SECONDS)).isEqualTo("unblocked");
        }
    }

    @Test
    void aDiskBelowItsLimitStopsPublishersAndNobodyElse() throws Exception {
        gateway = new RunningGateway(folder, BrokerLimits.defaults());
        try (Connection connection = gateway.connect()) {
            Channel channel = connection.createChannel();
            channel.queueDeclare("q", true, false, false, null);
            channel.confirmSelect();
            for (int i = 0; i < 3; i++) {
                channel.basicPublish("", "q", MessageProperties.PERSISTENT_BASIC, new byte[BODY_BYTES]);
            }
            channel.waitForConfirmsOrDie(10_000);
        }
        gateway.close();

        // No disk has so much free.
        var limits = BrokerLimits.defaults().withDiskFreeLimit(new DiskAmount.Percent(100));
        gateway = new RunningGateway(folder, limits);
        while (gateway.status().alerts().isEmpty()) {
            Thread.onSpinWait();
        }
        assertThat(gateway.status().alerts().getFirst().text()).contains("publishers are stopped");
        ConnectionFactory factory = gateway.factory();
        factory.setRequestedHeartbeat(1); // a client that is gone is noticed by them, since nothing is read of it
        Connection publishing = factory.newConnection();
        try (Connection consuming = gateway.connect()) {
            var told = new Told();
            publishing.addBlockedListener(told);
            Channel publisher = publishing.createChannel();
            assertThat(firstOf(publisher, told))
                    .startsWith("blocked: the disk has ")
                    .contains("goes on at");

            Channel consumer = consuming.createChannel();
            for (int i = 0; i < 3; i++) {
                consumer.basicAck(consumer.basicGet("q", false).getEnvelope().getDeliveryTag(), false);
            }
            while (gateway.status().blockedPublishers() != 1) {
                Thread.onSpinWait();
            }
        } finally {
            publishing.abort(CLOSE_TIMEOUT_MS); // its goodbye stands behind a publish that waits
        }
        while (gateway.status().blockedPublishers() != 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aRateSlowsPublishesAndLosesNone() throws Exception {
        long rate = 200;
        gateway = new RunningGateway(folder, BrokerLimits.defaults().withRates(new PublishRates(rate, 0, 0, 0)));
        try (Connection connection = gateway.connect()) {
            Channel channel = connection.createChannel();
            channel.queueDeclare("q", false, false, false, null);
            channel.confirmSelect();
            long begin = System.nanoTime();
            for (int i = 0; i < 2 * rate; i++) {
                channel.basicPublish("", "q", null, new byte[10]);
            }
            channel.waitForConfirmsOrDie(20_000);
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
            assertThat(tookMs).as("two seconds, less what is free at first").isBetween(1_700L, 10_000L);
            assertThat(channel.messageCount("q")).isEqualTo(2 * rate);
        }
    }

    @Test
    void aUsersRateIsSharedByItsConnections() throws Exception {
        gateway = new RunningGateway(folder, BrokerLimits.defaults().withRates(new PublishRates(0, 0, 0, 100_000)));
        try (Connection one = gateway.connect();
                Connection other = gateway.connect()) {
            Channel[] channels = {one.createChannel(), other.createChannel()};
            channels[0].queueDeclare("q", false, false, false, null);
            long begin = System.nanoTime();
            for (Channel channel : channels) {
                channel.confirmSelect();
                for (int i = 0; i < 75; i++) {
                    channel.basicPublish("", "q", null, new byte[BODY_BYTES]);
                }
            }
            for (Channel channel : channels) {
                channel.waitForConfirmsOrDie(20_000);
            }
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
            assertThat(tookMs).as("150,000 bytes, 25,000 of them free").isBetween(1_200L, 10_000L);
        }
    }

    @Test
    void acknowledgementsOfAConnectionThatIsSlowedGoOn() throws Exception {
        long rate = 10;
        gateway = new RunningGateway(folder, BrokerLimits.defaults().withRates(new PublishRates(rate, 0, 0, 0)));
        try (Connection slowed = gateway.connect();
                Connection other = gateway.connect()) {
            Channel filler = other.createChannel();
            filler.queueDeclare("in", false, false, false, null);
            filler.queueDeclare("out", false, false, false, null);
            for (int i = 0; i < 3; i++) {
                filler.basicPublish("", "in", null, new byte[10]);
            }
            Channel channel = slowed.createChannel();
            var deliveries = new LinkedBlockingQueue<Long>();
            channel.basicConsume(
                    "in",
                    false,
                    (tag, delivery) -> deliveries.add(delivery.getEnvelope().getDeliveryTag()),
                    NEVER_CANCELLED);
            long[] tags = {deliveries.take(), deliveries.take(), deliveries.take()};
            for (int i = 0; i < 3 * rate; i++) {
                channel.basicPublish("", "out", null, new byte[10]);
            }
            // On a channel of their own, behind all publishes in the socket: no publish waits for longer than a pause.
            long begin = System.nanoTime();
            for (long tag : tags) {
                channel.basicAck(tag, false);
            }
            assertThat(channel.messageCount("out")).isEqualTo(3 * rate);
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
            assertThat(tookMs).isLessThan(3 * rate * PublishBrake.PAUSE_MS + 5_000);

            // With no publish before them they do not wait at all, however deep the debt.
            assertThat(channel.messageCount("in")).isZero();
        }
    }

    /** Publishes on a thread of its own until the broker says that it waits, since a write ends only when the broker reads; completes with how many messages that took. */
    private static CompletableFuture<Integer> publishUntilBlocked(Channel channel, Told told) {
        var published = new CompletableFuture<Integer>();
        Thread.ofVirtual().start(() -> {
            try {
                int count = 0;
                while (!told.wasBlocked && count < MOST_MESSAGES) {
                    channel.basicPublish("", "q", null, new byte[BODY_BYTES]);
                    count++;
                }
                published.complete(count);
            } catch (IOException failure) {
                published.completeExceptionally(failure);
            }
        });
        return published;
    }

    /** Publishes a few messages, one after another, until the broker says something: the network has room for all of them. */
    private static String firstOf(Channel channel, Told told) throws Exception {
        for (int i = 0; i < 100; i++) {
            channel.basicPublish("", "q", null, new byte[BODY_BYTES]);
            String event = told.events.poll(200, TimeUnit.MILLISECONDS);
            if (event != null) {
                return event;
            }
        }
        throw new AssertionError("a publisher is not told that it waits");
    }
}
