package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * A consumer that is slower than the publisher: the queue keeps the newest messages and drops the oldest. Everything that
 * was published was either received or dropped, so the difference is the number of drops.
 */
public final class SlowConsumer {
    private static final String QUEUE = "examples.slow-consumer";
    private static final int MESSAGES = 1_000;
    private static final int LIMIT = 100;

    private SlowConsumer() {}

    public static void main(String[] arguments) throws Exception {
        List<Integer> received = new CopyOnWriteArrayList<>();
        CountDownLatch newestReceived = new CountDownLatch(1);
        try (Connection connection = Clients.factory(arguments).newConnection()) {
            Channel consumer = connection.createChannel();
            consumer.queueDelete(QUEUE); // what an interrupted run left
            consumer.queueDeclare(QUEUE, true, false, false, Map.of("x-max-length", LIMIT, "x-overflow", "drop-head"));
            consumer.basicQos(1);
            consumer.basicConsume(
                    QUEUE,
                    false,
                    (tag, delivery) -> {
                        int message = Integer.parseInt(new String(delivery.getBody(), UTF_8));
                        work();
                        received.add(message);
                        consumer.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
                        if (message == MESSAGES - 1) {
                            newestReceived.countDown();
                        }
                    },
                    tag -> {});

            Channel publisher = connection.createChannel();
            publisher.confirmSelect();
            for (int message = 0; message < MESSAGES; message++) {
                publisher.basicPublish(
                        "", QUEUE, null, Integer.toString(message).getBytes(UTF_8));
            }
            publisher.waitForConfirmsOrDie();
            boolean complete = newestReceived.await(60, TimeUnit.SECONDS)
                    && received.containsAll(
                            IntStream.range(MESSAGES - LIMIT, MESSAGES).boxed().toList());

            System.out.printf(
                    "slow-consumer: %d published, %d received, %d dropped, the newest %d received: %b%n",
                    MESSAGES, received.size(), MESSAGES - received.size(), LIMIT, complete);
            if (!complete) {
                throw new IllegalStateException("the queue dropped something else than its oldest messages");
            }
        }
    }

    /** Takes longer than publishing does. */
    private static void work() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
