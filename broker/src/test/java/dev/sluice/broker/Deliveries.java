package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What a consumer got. Thread-safe. */
final class Deliveries {
    private final BlockingQueue<Delivery> all = new LinkedBlockingQueue<>();

    /** A handler that leaves its deliveries to the test. */
    void take(Delivery delivery) {
        all.add(delivery);
    }

    void takeAndAck(Delivery delivery) {
        all.add(delivery);
        delivery.ack();
    }

    Delivery next() throws InterruptedException {
        Delivery delivery = all.poll(10, TimeUnit.SECONDS);
        assertThat(delivery).as("a delivery within 10 s").isNotNull();
        return delivery;
    }

    List<String> texts(int count) throws InterruptedException {
        var texts = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            texts.add(next().message().text());
        }
        return texts;
    }

    int waiting() {
        return all.size();
    }
}
