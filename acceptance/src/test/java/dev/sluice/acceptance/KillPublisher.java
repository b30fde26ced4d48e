package dev.sluice.acceptance;

import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.MessageProperties;
import java.io.IOException;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Publishes persistent messages to one queue over one connection after the other and notes which were confirmed. What
 * was not confirmed when a connection died is not published again. Confined to its thread, but for the confirms.
 */
final class KillPublisher implements Runnable {
    private static final int WINDOW = 200;
    private static final int LARGEST_PADDING = 1_000;
    private static final int BACKLOG_LIMIT = 5_000;
    private static final long PAUSE_NS = 1_000_000;

    private final int number;
    private final String queue;
    private final KillHistory history;
    private final KillConnections connections;
    private final AtomicBoolean stopped;
    private final Random random;

    KillPublisher(
            int number,
            String queue,
            KillHistory history,
            KillConnections connections,
            AtomicBoolean stopped,
            Random random) {
        this.number = number;
        this.queue = queue;
        this.history = history;
        this.connections = connections;
        this.stopped = stopped;
        this.random = random;
    }

    @Override
    public void run() {
        while (!stopped.get()) {
            try (Connection connection = connections.open()) {
                publish(connection.createChannel());
            } catch (IOException | AlreadyClosedException | TimeoutException e) {
                // The broker was killed: connect again.
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void publish(Channel channel) throws IOException, InterruptedException {
        channel.confirmSelect();
        Semaphore window = new Semaphore(WINDOW);
        int first = history.nextToPublish();
        Confirms confirms = new Confirms(first, window);
        channel.addConfirmListener(confirms::acknowledged, confirms::refused);
        int sequence = first;
        while (!stopped.get()) {
            while (!window.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                if (!channel.isOpen()) {
                    return;
                }
            }
            byte[] body =
                    Publish.bytes(KillMessage.text(number, sequence) + "x".repeat(random.nextInt(LARGEST_PADDING)));
            channel.basicPublish("", queue, MessageProperties.PERSISTENT_BASIC, body);
            while (history.waiting() > BACKLOG_LIMIT && channel.isOpen() && !stopped.get()) {
                LockSupport.parkNanos(PAUSE_NS);
            }
            sequence = history.nextToPublish();
        }
        // What is still on its way counts where its confirm arrives.
        window.tryAcquire(WINDOW, 10, TimeUnit.SECONDS);
    }

    /** Turns delivery tags of one channel into sequence numbers. Confined to the connection's thread. */
    private final class Confirms {
        private final int first;
        private final Semaphore window;
        private final BitSet settled = new BitSet();

        /** Everything below is settled. */
        private int floor = 1;

        Confirms(int first, Semaphore window) {
            this.first = first;
            this.window = window;
        }

        void acknowledged(long tag, boolean multiple) {
            settle((int) tag, multiple, true);
        }

        void refused(long tag, boolean multiple) {
            settle((int) tag, multiple, false);
        }

        private void settle(int upTo, boolean multiple, boolean confirmed) {
            for (int tag = settled.nextClearBit(multiple ? floor : upTo);
                    tag <= upTo;
                    tag = settled.nextClearBit(tag)) {
                settled.set(tag);
                window.release();
                if (confirmed) {
                    history.confirmed(first + tag - 1);
                }
            }
            floor = settled.nextClearBit(floor);
        }
    }
}
