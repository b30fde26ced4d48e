package dev.sluice.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** Several workers share a queue: each job goes to one of them, and is done once. */
public final class WorkQueue {
    private static final String QUEUE = "examples.work-queue";
    private static final int JOBS = 1_000;
    private static final int WORKERS = 4;

    /** A worker is given this many jobs at a time, so that a slow one does not keep jobs from the others. */
    private static final int PREFETCH = 5;

    private WorkQueue() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, LongAdder> timesDone = new ConcurrentHashMap<>();
        CountDownLatch acknowledged = new CountDownLatch(JOBS);
        try (Connection connection = Clients.factory(arguments).newConnection()) {
            Channel publisher = connection.createChannel();
            publisher.queueDeclare(QUEUE, true, false, false, null);
            publisher.queuePurge(QUEUE); // what an interrupted run left

            for (int worker = 0; worker < WORKERS; worker++) {
                startWorker(connection.createChannel(), timesDone, acknowledged);
            }
            publisher.confirmSelect();
            for (int job = 0; job < JOBS; job++) {
                publisher.basicPublish(
                        "", QUEUE, MessageProperties.PERSISTENT_TEXT_PLAIN, ("job " + job).getBytes(UTF_8));
            }
            publisher.waitForConfirmsOrDie(); // every job is on disk from here on
            boolean complete = acknowledged.await(30, TimeUnit.SECONDS);

            long once = timesDone.values().stream()
                    .filter(times -> times.sum() == 1)
                    .count();
            System.out.printf("work-queue: %d of %d jobs done exactly once by %d workers%n", once, JOBS, WORKERS);
            if (!complete || once != JOBS) {
                throw new IllegalStateException("some jobs were not done, or twice: " + timesDone);
            }
        }
    }

    private static void startWorker(Channel channel, Map<String, LongAdder> timesDone, CountDownLatch acknowledged)
            throws IOException {
        channel.basicQos(PREFETCH);
        channel.basicConsume(
                QUEUE,
                false,
                (tag, delivery) -> {
                    String job = new String(delivery.getBody(), UTF_8);
                    timesDone.computeIfAbsent(job, name -> new LongAdder()).increment(); // the work itself
                    channel.basicAck(delivery.getEnvelope().getDeliveryTag(), false);
                    acknowledged.countDown();
                },
                tag -> {});
    }
}
