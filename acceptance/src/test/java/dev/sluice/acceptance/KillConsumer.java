package dev.sluice.acceptance;

import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Delivery;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableSet;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Consumes one queue over one connection after the other, notes what it got and acknowledges it: one by one, several at
 * once, and now and then it gives one back. Confined to its thread, but for the deliveries that wait in a queue.
 */
final class KillConsumer implements Runnable {
    private static final int PREFETCH = 100;
    private static final int SMALLEST_GROUP = 1;
    private static final int LARGEST_GROUP = 40;
    private static final int GIVE_BACK_ONE_OF = 200;

    private final String queue;
    private final List<KillHistory> histories;
    private final KillConnections connections;
    private final AtomicBoolean stopped;
    private final NavigableSet<Long> killsNs;
    private final Random random;

    KillConsumer(
            String queue,
            List<KillHistory> histories,
            KillConnections connections,
            AtomicBoolean stopped,
            NavigableSet<Long> killsNs,
            Random random) {
        this.queue = queue;
        this.histories = histories;
        this.connections = connections;
        this.stopped = stopped;
        this.killsNs = killsNs;
        this.random = random;
    }

    @Override
    public void run() {
        while (!stopped.get()) {
            try (Connection connection = connections.open()) {
                consume(connection.createChannel());
            } catch (IOException | AlreadyClosedException | TimeoutException e) {
                // The broker was killed: connect again.
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void consume(Channel channel) throws IOException, InterruptedException {
        BlockingQueue<Delivery> deliveries = new LinkedBlockingQueue<>();
        channel.basicQos(PREFETCH);
        channel.basicConsume(queue, false, (tag, delivery) -> deliveries.add(delivery), tag -> {});
        int[] previous = new int[histories.size()];
        Arrays.fill(previous, -1);
        List<Delivery> open = new ArrayList<>();
        int group = SMALLEST_GROUP;
        while (!stopped.get() || !deliveries.isEmpty()) {
            Delivery delivery = deliveries.poll(50, TimeUnit.MILLISECONDS);
            if (delivery != null) {
                note(delivery, previous);
                open.add(delivery);
            }
            if (open.size() >= group || (delivery == null && !open.isEmpty())) {
                settle(channel, open);
                open.clear();
                group = random.nextInt(SMALLEST_GROUP, LARGEST_GROUP);
            }
            if (delivery == null && !channel.isOpen()) {
                return;
            }
        }
        settle(channel, open);
    }

    private void note(Delivery delivery, int[] previous) {
        KillMessage message = KillMessage.of(delivery.getBody());
        int publisher = message.publisher();
        boolean redelivered = Inbox.redelivered(delivery);
        histories.get(publisher).delivered(message.sequence(), previous[publisher], redelivered, killsNs);
        if (!redelivered) {
            previous[publisher] = message.sequence();
        }
    }

    private void settle(Channel channel, List<Delivery> open) throws IOException {
        if (open.isEmpty()) {
            return;
        }
        if (random.nextInt(GIVE_BACK_ONE_OF) == 0) {
            channel.basicNack(Inbox.tag(open.removeFirst()), false, true);
        }
        if (random.nextBoolean() && !open.isEmpty()) {
            channel.basicAck(Inbox.tag(open.getLast()), true);
        } else {
            for (Delivery delivery : open) {
                channel.basicAck(Inbox.tag(delivery), false);
            }
        }
        long now = System.nanoTime();
        for (Delivery delivery : open) {
            KillMessage message = KillMessage.of(delivery.getBody());
            histories.get(message.publisher()).acknowledged(message.sequence(), now);
        }
    }
}
