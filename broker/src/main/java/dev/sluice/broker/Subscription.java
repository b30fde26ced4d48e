package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A consumer of the embedded API. Its handler runs on one virtual thread of its own, one delivery after another; several subscriptions of one queue share its messages. A handler that throws releases its
 * delivery. Thread-safe.
 */
public final class Subscription implements AutoCloseable, DeliverySink {
    private static final Logger LOG = LoggerFactory.getLogger(Subscription.class);

    private final Shard home;
    private final java.util.function.Consumer<Delivery> handler;
    /** At most the prefetch, which the queue keeps; then an end mark. */
    private final BlockingQueue<Next> next = new LinkedBlockingQueue<>();

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable Consumer consumer; // written on the shard, read by who closes

    private sealed interface Next {
        record Arrived(Delivery delivery) implements Next {}

        record End() implements Next {}
    }

    Subscription(Shard home, java.util.function.Consumer<Delivery> handler) {
        this.home = home;
        this.handler = handler;
    }

    void begin(Consumer itsConsumer) {
        consumer = itsConsumer;
        Thread.ofVirtual().name("sluice-subscription-" + itsConsumer.queue()).start(this::handleAll);
    }

    private void handleAll() {
        try {
            while (true) {
                switch (next.take()) {
                    case Next.Arrived(Delivery delivery) -> handle(delivery);
                    case Next.End() -> {
                        return;
                    }
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } finally {
            ended.countDown();
        }
    }

    private void handle(Delivery delivery) {
        try {
            handler.accept(delivery);
        } catch (RuntimeException failed) {
            LOG.warn("a handler failed; its message goes back to the queue", failed);
            delivery.release();
        }
    }

    /** Waits until the delivery at hand is processed; what was not settled goes back to the queue. */
    @Override
    public void close() {
        Consumer open = consumer;
        if (open == null) {
            return;
        }
        home.execute(() -> open.cancel(() -> {
            next.removeIf(waiting -> waiting instanceof Next.Arrived);
            next.add(new Next.End());
        }));
        try {
            ended.await();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        home.execute(open::close);
    }

    @Override
    public boolean ready() {
        return true;
    }

    @Override
    public void deliver(Consumer itsConsumer, long id, RecordCursor record, int deliveryCount, boolean redelivered) {
        next.add(new Next.Arrived(new Delivery(
                RecordCodec.message(record), deaths(record), id, deliveryCount, redelivered, itsConsumer, home)));
    }

    private static List<Death> deaths(RecordCursor record) {
        DeathHistory history = DeathHistory.of(record);
        return history == null ? List.of() : history.deaths();
    }

    @Override
    public void flush() {}

    @Override
    public void cancelled(Consumer itsConsumer) {
        next.add(new Next.End());
    }
}
