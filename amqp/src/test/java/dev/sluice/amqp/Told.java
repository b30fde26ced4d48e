package dev.sluice.amqp;

import com.rabbitmq.client.BlockedListener;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** What a connection was told about its publishes. Thread-safe. */
final class Told implements BlockedListener {
    final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    volatile boolean wasBlocked; // written by the client's reader, read by who publishes

    @Override
    public void handleBlocked(String reason) {
        wasBlocked = true;
        events.add("blocked: " + reason);
    }

    @Override
    public void handleUnblocked() {
        events.add("unblocked");
    }
}
