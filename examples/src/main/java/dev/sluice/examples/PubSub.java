package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Two subscribers of a topic: both receive every message, in the order in which it was published. */
public final class PubSub {
    private static final String TOPIC = "examples.news";
    private static final int MESSAGES = 100;

    private PubSub() {}

    public static void main(String[] arguments) throws Exception {
        try (Connection connection = Clients.factory(arguments).newConnection()) {
            Channel channel = connection.createChannel();
            channel.exchangeDeclare(TOPIC, "topic", true);
            BlockingQueue<String> first = subscribe(connection.createChannel());
            BlockingQueue<String> second = subscribe(connection.createChannel());

            List<String> published =
                    IntStream.range(0, MESSAGES).mapToObj(i -> "news " + i).toList();
            for (String message : published) {
                channel.basicPublish(TOPIC, "news.today", null, message.getBytes(UTF_8));
            }
            boolean complete = published.equals(take(first)) && published.equals(take(second));
            System.out.printf("pub-sub: %d messages, both subscribers received all: %b%n", MESSAGES, complete);
            if (!complete) {
                throw new IllegalStateException("a subscriber missed a message");
            }
        }
    }

    /** Each subscriber has a queue of its own, which the broker names and which goes away with the connection. */
    private static BlockingQueue<String> subscribe(Channel channel) throws IOException {
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        String queue = channel.queueDeclare().getQueue();
        channel.queueBind(queue, TOPIC, "news.#");
        channel.basicConsume(
                queue, true, (tag, delivery) -> received.add(new String(delivery.getBody(), UTF_8)), tag -> {});
        return received;
    }

    private static List<String> take(BlockingQueue<String> received) throws InterruptedException {
        List<String> messages = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            String message = received.poll(10, TimeUnit.SECONDS);
            messages.add(message == null ? "nothing" : message);
        }
        return messages;
    }
}
