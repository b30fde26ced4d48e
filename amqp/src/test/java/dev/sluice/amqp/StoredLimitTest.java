package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.MessageProperties;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A limit of bytes on a storage that keeps hardly anything in memory: what is dropped has to be read before, to know how large it is. */
@Timeout(60)
@SuppressWarnings("try") // closing blocks, and a test may be interrupted
class StoredLimitTest {
    private static final int BODY_BYTES = 1_000;
    private static final int KEPT = 500;
    private static final int MESSAGES = 3_000;
    private static final int AT_ONCE = 100;
    private static final Map<String, Object> LIMIT = Map.of("x-max-length-bytes", KEPT * BODY_BYTES + BODY_BYTES / 2);

    @TempDir
    Path folder;

    @Test
    void theOldestGiveWayAlsoWhereTheyHaveLeftMemoryAndAfterARestart() throws Exception {
        try (RunningGateway gateway = new RunningGateway(folder, AmqpSettings.DEFAULT, 10_000);
                Connection connection = gateway.connect()) {
            Channel channel = connection.createChannel();
            channel.queueDeclare("q", true, false, false, LIMIT);
            publish(channel, 0, MESSAGES);
            awaitLength(channel);
        }
        try (RunningGateway gateway = new RunningGateway(folder, AmqpSettings.DEFAULT, 10_000);
                Connection connection = gateway.connect()) {
            Channel channel = connection.createChannel();
            assertThat(channel.messageCount("q")).isEqualTo(KEPT);
            publish(channel, MESSAGES, AT_ONCE);
            awaitLength(channel);
            for (int i = MESSAGES + AT_ONCE - KEPT; i < MESSAGES + AT_ONCE; i++) {
                GetResponse got = channel.basicGet("q", true);
                assertThat(ByteBuffer.wrap(got.getBody()).getInt()).isEqualTo(i);
            }
            assertThat(channel.basicGet("q", true)).isNull();
        }
    }

    private static void publish(Channel channel, int first, int count) throws Exception {
        channel.confirmSelect();
        for (int i = 0; i < count; i++) {
            byte[] body = new byte[BODY_BYTES];
            ByteBuffer.wrap(body).putInt(first + i);
            channel.basicPublish("", "q", MessageProperties.PERSISTENT_BASIC, body);
            if (i % AT_ONCE == AT_ONCE - 1) {
                channel.waitForConfirmsOrDie(10_000);
            }
        }
    }

    /** What has to be read first gives way a moment later. */
    private static void awaitLength(Channel channel) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        for (long length = channel.messageCount("q"); length != KEPT; length = channel.messageCount("q")) {
            assertThat(length).isGreaterThan(KEPT);
            assertThat(System.nanoTime()).as("still %d messages", length).isLessThan(deadline);
        }
    }
}
