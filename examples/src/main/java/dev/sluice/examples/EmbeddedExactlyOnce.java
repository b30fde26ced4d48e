package dev.sluice.examples;

import dev.sluice.broker.Delivery;
import dev.sluice.broker.EmbeddedBroker;
import dev.sluice.broker.Message;
import dev.sluice.broker.Transaction;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** Each order becomes one invoice and one parcel, although processing fails now and then. Run it with a folder for its data. */
public final class EmbeddedExactlyOnce {
    private static final int ORDERS = 100;
    private static final int EVERY = 5;

    private EmbeddedExactlyOnce() {}

    public static void main(String[] arguments) throws InterruptedException {
        Path folder = Path.of(arguments.length > 0 ? arguments[0] : "embedded-data");
        var done = new CountDownLatch(ORDERS);
        var failed = new AtomicInteger();
        try (var broker = EmbeddedBroker.open(folder)) {
            broker.declareQueue("orders");
            broker.declareQueue("invoices");
            broker.declareQueue("parcels");
            CompletableFuture<?>[] stored = IntStream.range(0, ORDERS)
                    .mapToObj(i -> broker.publish("orders", Message.of("order " + i)))
                    .toArray(CompletableFuture[]::new);
            CompletableFuture.allOf(stored).join();

            try (var _ = broker.consume("orders", 10, order -> {
                if (process(broker, order)) {
                    done.countDown();
                } else {
                    failed.incrementAndGet();
                }
            })) {
                done.await();
            }
            System.out.println(ORDERS + " orders became "
                    + broker.statistics("invoices").ready() + " invoices and "
                    + broker.statistics("parcels").ready() + " parcels; " + failed + " attempts failed on the way");
        }
    }

    /** False if it failed, which is as if it had not begun: the order comes again. */
    private static boolean process(EmbeddedBroker broker, Delivery order) {
        boolean fails = order.offset() % EVERY == 0 && order.deliveryCount() == 0;
        try (Transaction tx = broker.beginTransaction()) {
            tx.publish("invoices", Message.of("invoice for " + order.message().text()));
            if (!fails) {
                tx.publish("parcels", Message.of("parcel for " + order.message().text()));
                tx.ack(order);
                tx.commit();
            }
        }
        if (fails) {
            order.release();
        }
        return !fails;
    }
}
