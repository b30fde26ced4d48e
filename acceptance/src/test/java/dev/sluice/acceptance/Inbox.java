package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.Envelope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What a consumer received, in order. Thread-safe: a blocking queue between the client's threads and the test's. */
final class Inbox {
    /** How long to wait for what must come. */
    private static final int LIMIT_SECONDS = 10;

    /** How long to wait for what must not come. */
    private static final int QUIET_MS = 150;

    private final Channel channel;
    private final BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
    private final CompletableFuture<String> cancelled = new CompletableFuture<>();

    /** Set and read by the test's thread only. */
    private String tag = "";

    private Inbox(Channel channel) {
        this.channel = channel;
    }

    /** Consumes and acknowledges by hand. */
    static Inbox manual(Channel channel, String queue) throws IOException {
        return consume(channel, queue, false, false, Map.of());
    }

    /** Consumes what the broker takes as acknowledged when it is sent. */
    static Inbox automatic(Channel channel, String queue) throws IOException {
        return consume(channel, queue, true, false, Map.of());
    }

    static Inbox consume(
            Channel channel, String queue, boolean autoAck, boolean exclusive, Map<String, Object> arguments)
            throws IOException {
        Inbox inbox = new Inbox(channel);
        inbox.consume(queue, autoAck, false, exclusive, arguments);
        return inbox;
    }

    /** Asks not to be sent what its own connection publishes. */
    static Inbox noLocal(Channel channel, String queue) throws IOException {
        Inbox inbox = new Inbox(channel);
        inbox.consume(queue, true, true, false, Map.of());
        return inbox;
    }

    private void consume(
            String queue, boolean autoAck, boolean noLocal, boolean exclusive, Map<String, Object> arguments)
            throws IOException {
        tag = channel.basicConsume(
                queue,
                autoAck,
                "",
                noLocal,
                exclusive,
                arguments,
                (consumerTag, delivery) -> deliveries.add(delivery),
                cancelled::complete);
    }

    /** The consumer's tag. */
    String tag() {
        return tag;
    }

    Delivery next() throws InterruptedException {
        Delivery delivery = deliveries.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (delivery == null) {
            throw new AssertionError("no delivery within " + LIMIT_SECONDS + " s");
        }
        return delivery;
    }

    String nextText() throws InterruptedException {
        return text(next());
    }

    /** The texts of the next deliveries, without acknowledging them. */
    List<String> nextTexts(int count) throws InterruptedException {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(nextText());
        }
        return texts;
    }

    /** Takes and acknowledges deliveries from whichever inbox has one, until they are so many; their texts. */
    static List<String> shared(List<Inbox> inboxes, int count) throws IOException, InterruptedException {
        List<String> texts = new ArrayList<>();
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (texts.size() < count) {
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError(texts.size() + " deliveries within " + LIMIT_SECONDS + " s");
            }
            for (Inbox inbox : inboxes) {
                if (inbox.size() > 0) {
                    Delivery delivery = inbox.next();
                    texts.add(text(delivery));
                    inbox.ack(delivery);
                }
            }
        }
        return texts;
    }

    void ack(Delivery delivery) throws IOException {
        channel.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
    }

    void expectNothingMore() throws InterruptedException {
        Delivery delivery = deliveries.poll(QUIET_MS, TimeUnit.MILLISECONDS);
        assertThat(delivery == null ? "nothing" : text(delivery)).isEqualTo("nothing");
    }

    /** Waits until the broker has cancelled the consumer; its tag. */
    String cancelledTag() throws Exception {
        return cancelled.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** How many deliveries wait here. */
    int size() {
        return deliveries.size();
    }

    static String text(Delivery delivery) {
        return new String(delivery.getBody(), StandardCharsets.UTF_8);
    }

    static boolean redelivered(Delivery delivery) {
        return delivery.getEnvelope().isRedeliver();
    }

    static long tag(Delivery delivery) {
        Envelope envelope = delivery.getEnvelope();
        return envelope.getDeliveryTag();
    }

    static AMQP.BasicProperties properties(Delivery delivery) {
        return delivery.getProperties();
    }
}
