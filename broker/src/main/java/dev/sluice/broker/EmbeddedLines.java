package dev.sluice.broker;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Messages of the embedded API that wait for a queue which is full, or limits its rate: one line for each such queue, in the order in which they came. Threads that publish more to where a long line waits, wait themselves. Confined to the shard, but
 * for {@link #await}.
 */
final class EmbeddedLines {
    /** What one line holds before the threads that make it longer wait. */
    static final int MOST_BYTES = 4 << 20;

    private static final long NS_PER_MS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Shard shard;
    private final BiConsumer<Waiting, Line> publisher;
    private final Map<QueueGate, Line> lines = new HashMap<>();
    /** What leads to lines that are long, and completes when they are shorter. Written on the shard, read by who publishes. */
    private final Map<Destination, CompletableFuture<Void>> longLines = new ConcurrentHashMap<>();

    /** What the publisher of a message says of where it goes. */
    record Destination(String exchange, String routingKey) {}

    /** One message. */
    record Waiting(Destination to, Message message, Publication publication) {}

    /** {@code publisher}: takes a message again that has waited in a line long enough. */
    EmbeddedLines(Shard shard, BiConsumer<Waiting, Line> publisher) {
        this.shard = shard;
        this.publisher = publisher;
    }

    /** Blocks while what was published there before makes a long line. Any thread. */
    void await(Destination to) {
        CompletableFuture<Void> shorter = longLines.isEmpty() ? null : longLines.get(to);
        if (shorter != null) {
            shorter.join();
        }
    }

    /** The line in which a message with this route has to wait; null if it can go. {@code from}: the line that it comes from. */
    @Nullable
    Line lineFor(Route route, @Nullable Line from) {
        for (QueueGate gate : route.gates()) {
            Line line = lines.get(gate);
            if (line == null && (gate.isStopped() || gate.room().waitNs(System.nanoTime()) > 0)) {
                line = new Line(gate);
                lines.put(gate, line);
            }
            if (line != null && line != from) {
                return line;
            }
        }
        return null;
    }

    /** The broker stops: what waits is refused. */
    void close() {
        for (Line line : List.copyOf(lines.values())) {
            line.close();
        }
    }

    /** What waits for one queue. */
    final class Line {
        private final QueueGate gate;
        private final ArrayDeque<Waiting> messages = new ArrayDeque<>();
        private final Set<Destination> blocked = new HashSet<>();
        private final Runnable whenOpen = this::goOn;
        private CompletableFuture<Void> shorter = new CompletableFuture<>();
        private long bytes;

        private Line(QueueGate gate) {
            this.gate = gate;
        }

        void add(Waiting message) {
            messages.addLast(message);
            bytes += message.message().body().length;
            if (bytes > MOST_BYTES && blocked.add(message.to())) {
                longLines.put(message.to(), shorter);
            }
            if (messages.size() == 1) {
                waitOn();
            }
        }

        private void waitOn() {
            if (gate.isStopped()) {
                gate.whenOpen(whenOpen);
            } else {
                long waitNs = gate.room().waitNs(System.nanoTime());
                var _ = shard.schedule(whenOpen, Math.max(1, waitNs / NS_PER_MS));
            }
        }

        /** Lets the first go, and those behind it for which there is room. */
        private void goOn() {
            if (lines.get(gate) != this) {
                return;
            }
            do {
                Waiting first = messages.removeFirst();
                bytes -= first.message().body().length;
                publisher.accept(first, this);
            } while (!messages.isEmpty() && !gate.isStopped() && gate.room().waitNs(System.nanoTime()) == 0);
            if (bytes <= MOST_BYTES / 2) {
                letThreadsGo();
            }
            if (messages.isEmpty()) {
                lines.remove(gate);
            } else {
                waitOn();
            }
        }

        private void letThreadsGo() {
            if (!blocked.isEmpty()) {
                blocked.forEach(longLines::remove);
                blocked.clear();
                shorter.complete(null);
                shorter = new CompletableFuture<>();
            }
        }

        private void close() {
            gate.forget(whenOpen);
            lines.remove(gate);
            letThreadsGo();
            var refusal = new BrokerException(new Refusal(Refusal.Reason.CLOSING, gate.queueName()));
            messages.forEach(message -> message.publication().failed(refusal));
            messages.clear();
        }
    }
}
