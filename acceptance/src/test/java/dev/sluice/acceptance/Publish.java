package dev.sluice.acceptance;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeoutException;

/** Publishing in one line. Not instantiable. */
final class Publish {
    static final int CONFIRM_LIMIT_MS = 10_000;

    private Publish() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Publishes transient messages through the default exchange. */
    static void toQueue(Channel channel, String queue, String... texts) throws IOException {
        for (String text : texts) {
            channel.basicPublish("", queue, null, bytes(text));
        }
    }

    /** Publishes and waits until the queue has the messages, so that whoever looks next will see them. */
    static void confirmed(Channel channel, String queue, String... texts)
            throws IOException, InterruptedException, TimeoutException {
        channel.confirmSelect();
        toQueue(channel, queue, texts);
        channel.waitForConfirmsOrDie(CONFIRM_LIMIT_MS);
    }

    /** Publishes persistent messages and waits until they are safe. */
    static void durable(Channel channel, String queue, String... texts)
            throws IOException, InterruptedException, TimeoutException {
        channel.confirmSelect();
        for (String text : texts) {
            channel.basicPublish("", queue, MessageProperties.PERSISTENT_BASIC, bytes(text));
        }
        channel.waitForConfirmsOrDie(CONFIRM_LIMIT_MS);
    }

    static AMQP.BasicProperties.Builder properties() {
        return new AMQP.BasicProperties.Builder();
    }
}
