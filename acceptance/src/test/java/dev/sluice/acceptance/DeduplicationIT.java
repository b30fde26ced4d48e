package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Publishers that publish again what was not confirmed, with the header of RabbitMQ's plugin. */
@Timeout(180)
@ExtendWith(AmqpExtension.class)
final class DeduplicationIT {
    private static final int PER_KILL = 1_000;
    private static final int KILLS = 4;
    private static final int MESSAGES = KILLS * PER_KILL;
    private static final String ID = "x-deduplication-header";

    @Test
    void whatIsPublishedAgainAfterAKillIsThereOnce(@TempDir Path data) throws Exception {
        SluiceProcess sluice = SluiceProcess.start(data);
        try {
            try (Connection connection = connect(sluice)) {
                Map<String, Object> window = Map.of("x-deduplication-window", 2 * MESSAGES);
                connection.createChannel().queueDeclare("once", true, false, false, window);
            }
            List<String> received = Collections.synchronizedList(new ArrayList<>());
            NavigableSet<Integer> unconfirmed = new ConcurrentSkipListSet<>();
            for (int i = 0; i < KILLS; i++) {
                IntStream.range(i * PER_KILL, (i + 1) * PER_KILL).forEach(unconfirmed::add);
                sluice = killWhilePublishing(sluice, unconfirmed);
            }
            try (Connection connection = connect(sluice)) {
                publish(connection, unconfirmed, new CountDownLatch(1));
                // Some publishers never know.
                publish(connection, new ConcurrentSkipListSet<>(List.of(0, 1, 2, MESSAGES / 2)), new CountDownLatch(1));
                Inbox inbox = Inbox.manual(connection.createChannel(), "once");
                for (int i = 0; i < MESSAGES; i++) {
                    Delivery next = inbox.next();
                    received.add(Inbox.text(next));
                    inbox.ack(next);
                }
                inbox.expectNothingMore();
                // What is settled is remembered, too.
                publish(connection, new ConcurrentSkipListSet<>(List.of(7, 8, 9)), new CountDownLatch(1));
                inbox.expectNothingMore();
            }
            assertThat(received)
                    .containsExactlyInAnyOrder(IntStream.range(0, MESSAGES)
                            .mapToObj(Integer::toString)
                            .toArray(String[]::new));
        } finally {
            sluice.close();
        }
    }

    private static SluiceProcess killWhilePublishing(SluiceProcess sluice, NavigableSet<Integer> unconfirmed)
            throws Exception {
        var some = new CountDownLatch(PER_KILL / 10);
        Connection connection = connect(sluice);
        Thread publisher = Thread.ofVirtual().start(() -> {
            try {
                publish(connection, unconfirmed, some);
            } catch (Exception killed) {
                assertThat(connection.isOpen()).isFalse();
            }
        });
        assertThat(some.await(20, TimeUnit.SECONDS)).isTrue();
        sluice.kill();
        publisher.join();
        connection.abort();
        return sluice.restart();
    }

    /** Publishes all of them, and takes out what is confirmed; ends when all are. */
    private static void publish(Connection connection, NavigableSet<Integer> unconfirmed, CountDownLatch some)
            throws Exception {
        Channel channel = connection.createChannel();
        channel.confirmSelect();
        var sent = new ConcurrentSkipListMap<Long, Integer>();
        channel.addConfirmListener(
                (tag, multiple) -> {
                    var confirmed = multiple ? sent.headMap(tag, true) : sent.subMap(tag, true, tag, true);
                    confirmed.values().forEach(number -> {
                        unconfirmed.remove(number);
                        some.countDown();
                    });
                    confirmed.clear();
                },
                (tag, multiple) -> {});
        for (int number : unconfirmed) {
            sent.put(channel.getNextPublishSeqNo(), number);
            channel.basicPublish("", "once", withId("id " + number), Publish.bytes(Integer.toString(number)));
        }
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        channel.close();
    }

    @Test
    void refusesAWindowThatMeansNothing(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        assertThat(Closed.by(() -> channel.queueDeclare(
                                "dedup", false, true, true, Map.of("x-deduplication-window-ms", 1_000)))
                        .reason())
                .startsWith("406 PRECONDITION_FAILED")
                .contains("deduplication-window-ms needs deduplication-window");
    }

    @Test
    void takesIdsThatAreNumbers(Amqp amqp) throws Exception {
        Channel channel = amqp.channel();
        String queue = channel.queueDeclare("", false, true, true, Map.of("x-deduplication-window", 10))
                .getQueue();
        channel.confirmSelect();
        for (Object id : List.of(1, "1", 2, 1L)) {
            channel.basicPublish("", queue, withId(id), Publish.bytes(id.toString()));
        }
        channel.waitForConfirmsOrDie(Publish.CONFIRM_LIMIT_MS);
        assertThat(channel.messageCount(queue)).isEqualTo(2);
    }

    private static AMQP.BasicProperties withId(Object id) {
        return Publish.properties().deliveryMode(2).headers(Map.of(ID, id)).build();
    }

    private static Connection connect(SluiceProcess sluice) throws Exception {
        return Amqp.factory(sluice.amqpPort()).newConnection();
    }
}
