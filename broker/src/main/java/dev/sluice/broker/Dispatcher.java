package dev.sluice.broker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The consumers of one queue and whose turn it is. Those that can be served wait in a ring, so that finding the next costs the same for one consumer and for a thousand. Confined to the queue's shard.
 */
final class Dispatcher {
    private final Set<Consumer> consumers = new LinkedHashSet<>();
    private final ArrayDeque<Consumer> servable = new ArrayDeque<>();
    private final List<Consumer> touched = new ArrayList<>();
    private boolean exclusive;

    int size() {
        return consumers.size();
    }

    /** Whether a consumer with this wish has to be refused. */
    boolean conflictsWith(ConsumerSpec spec) {
        return exclusive || (spec.exclusive() && !consumers.isEmpty());
    }

    void add(Consumer consumer) {
        consumers.add(consumer);
        exclusive |= consumer.spec().exclusive();
        offer(consumer);
    }

    void remove(Consumer consumer) {
        if (consumers.remove(consumer) && consumer.spec().exclusive()) {
            exclusive = false;
        }
    }

    List<Consumer> all() {
        return List.copyOf(consumers);
    }

    /** The consumer may have become able to take a record. */
    void offer(Consumer consumer) {
        if (!consumer.queued && consumer.isServable()) {
            consumer.queued = true;
            servable.addLast(consumer);
        }
    }

    /** Whose turn it is, with one of its shared limit taken; null if nobody can take a record. */
    @Nullable
    Consumer next() {
        while (true) {
            Consumer consumer = servable.pollFirst();
            if (consumer == null) {
                return null;
            }
            consumer.queued = false;
            if (consumer.isServable() && consumer.acquireShared()) {
                return consumer;
            }
        }
    }

    /** There was nothing for it: it is its turn again. */
    void unserved(Consumer consumer) {
        if (!consumer.queued && consumer.isServable()) {
            consumer.queued = true;
            servable.addFirst(consumer);
        }
    }

    /** The consumer got a record: it goes to the end of the ring if it can take more. */
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
