package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.impl.AMQImpl;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The broker's memory stays bounded however slowly a peer reads. */
@Timeout(180)
final class MemoryIT {
    private static final int MESSAGES = 100_000;
    private static final int BODY_BYTES = 3_000;
    private static final int CONFIRM_EVERY = 1_000;
    private static final long GROWTH_LIMIT_BYTES = 400L << 20;

    private static final String QUEUE = "flooded";

    @Test
    void keepsNoMoreInMemoryForAConsumerThatDoesNotRead(@TempDir Path data) throws Exception {
        try (SluiceProcess sluice = SluiceProcess.start(data);
                Connection connection = Amqp.factory(sluice.amqpPort()).newConnection()) {
            Channel publisher = connection.createChannel();
            publisher.queueDeclare(QUEUE, true, false, false, null);
            // What one message costs once, such as code that is compiled, is no growth.
            Publish.durable(publisher, QUEUE, "first");
            publisher.basicGet(QUEUE, true);
            long before = sluice.residentBytes();
            try (RawAmqp slow = RawAmqp.open(sluice.amqpPort())) {
                slow.openChannel(1);
                slow.send(1, new AMQImpl.Basic.Consume(0, QUEUE, "", false, true, false, false, Map.of()));
                publish(publisher);
                assertThat(sluice.residentBytes() - before).as("growth").isLessThan(GROWTH_LIMIT_BYTES);

                slow.method();
                for (int i = 0; i < MESSAGES; i++) {
                    slow.method();
                    slow.content();
                    assertThat(ByteBuffer.wrap(slow.content().payload()).getInt())
                            .isEqualTo(i);
                }
                assertThat(sluice.residentBytes() - before).as("growth").isLessThan(GROWTH_LIMIT_BYTES);
            }
        }
    }

    private static void publish(Channel publisher) throws Exception {
        publisher.confirmSelect();
        byte[] body = new byte[BODY_BYTES];
        for (int i = 0; i < MESSAGES; i++) {
            ByteBuffer.wrap(body).putInt(i);
            publisher.basicPublish("", QUEUE, MessageProperties.PERSISTENT_BASIC, body.clone());
            if (i % CONFIRM_EVERY == CONFIRM_EVERY - 1) {
                publisher.waitForConfirmsOrDie(60_000);
            }
        }
        publisher.waitForConfirmsOrDie(60_000);
    }
}
