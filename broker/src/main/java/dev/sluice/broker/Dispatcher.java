package dev.sluice.broker;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The consumers of one queue and whose turn it is: the highest priority first, in turn among equals. In a queue with a single active consumer it is always that one's. Finding the next costs the same for one consumer and
 * for a thousand. Confined to the queue's shard.
 */
final class Dispatcher {
    private static final Comparator<Consumer> HIGHEST_AND_FIRST = Comparator.comparingInt(
                    (Consumer consumer) -> consumer.spec().priority())
            .reversed()
            .thenComparingLong(consumer -> consumer.number);

    private final boolean singleActive;
    private final TreeSet<Consumer> consumers = new TreeSet<>(HIGHEST_AND_FIRST);
    private final ServableConsumers servable = new ServableConsumers();
    private final List<Consumer> touched = new ArrayList<>();
    private long numbered;
    private boolean exclusive;
    /** The only one that is served, where only one is to be; null while there is no consumer. */
    private @Nullable Consumer active;

    Dispatcher(boolean singleActive) {
        this.singleActive = singleActive;
    }

    int size() {
        return consumers.size();
    }

    /** Whether a consumer with this wish has to be refused. */
    boolean conflictsWith(ConsumerSpec spec) {
        return exclusive || (spec.exclusive() && (singleActive || !consumers.isEmpty()));
    }

    void add(Consumer consumer) {
        consumer.number = numbered++;
        consumer.ring = servable.join(consumer.spec().priority());
        consumers.add(consumer);
        exclusive |= consumer.spec().exclusive();
        if (active == null) {
            active = consumer;
        }
        offer(consumer);
    }

    /** The queue is to be served again: another consumer may be the active one now. */
    void remove(Consumer consumer) {
        if (!consumers.remove(consumer)) {
            return;
        }
        servable.leave(consumer, consumer.ring());
        if (consumer.spec().exclusive()) {
            exclusive = false;
        }
        if (active == consumer) {
            active = consumers.isEmpty() ? null : consumers.first();
            if (active != null) {
                offer(active);
            }
        }
    }

    List<Consumer> all() {
        return List.copyOf(consumers);
    }

    /** The consumer may have become able to take a record. */
    void offer(Consumer consumer) {
        if (mayQueue(consumer)) {
            servable.addLast(consumer, consumer.ring());
        }
    }

    private boolean mayQueue(Consumer consumer) {
        return !consumer.queued && (!singleActive || consumer == active) && consumer.isServable();
    }

    /** Whose turn it is, with one of its shared limit taken; null if nobody can take a record. */
    @Nullable
    Consumer next() {
        while (true) {
            Consumer consumer = servable.take();
            if (consumer == null) {
                return null;
            }
            if (consumer.isServable() && consumer.acquireShared()) {
                return consumer;
            }
        }
    }

    /** There was nothing for it: it is its turn again. */
    void unserved(Consumer consumer) {
        if (mayQueue(consumer)) {
            servable.addFirst(consumer, consumer.ring());
        }
    }

    /** The consumer got a record: it goes to the end of its ring if it can take more. */
    void served(Consumer consumer) {
        if (!consumer.touched) {
            consumer.touched = true;
            touched.add(consumer);
        }
        offer(consumer);
    }

    /** Lets everything that was served since the last call be written. */
    void flush() {
        for (Consumer consumer : touched) {
            consumer.touched = false;
            consumer.sink.flush();
        }
        touched.clear();
    }
}
