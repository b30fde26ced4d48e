package dev.sluice.broker;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The consumers of a queue that can be sent a record: one ring for each priority that a consumer has, the highest first. Adding, taking and removing a consumer cost the same for one and for thousands. Confined to
 * the queue's shard.
 */
final class ServableConsumers {
    private static final Comparator<Ring> HIGHEST_FIRST =
            Comparator.comparingInt((Ring ring) -> ring.priority).reversed();

    private final List<Ring> rings = new ArrayList<>(1);
    private final BitSet filled = new BitSet();

    /** Consumers of one priority, linked through themselves: those that can be served, in the order of their turns. */
    static final class Ring {
        private final int priority;
        private int index;
        private int members;
        private @Nullable Consumer first;
        private @Nullable Consumer last;

        Ring(int priority) {
            this.priority = priority;
        }
    }

    /** The ring of a consumer that is new to the queue. */
    Ring join(int priority) {
        var wanted = new Ring(priority);
        int found = Collections.binarySearch(rings, wanted, HIGHEST_FIRST);
        if (found < 0) {
            rings.add(-found - 1, wanted);
            number();
        }
        Ring ring = found < 0 ? wanted : rings.get(found);
        ring.members++;
        return ring;
    }

    /** The consumer leaves the queue. */
    void leave(Consumer consumer, Ring ring) {
        remove(consumer, ring);
        ring.members--;
        if (ring.members == 0) {
            rings.remove(ring.index);
            number();
        }
    }

    private void number() {
        filled.clear();
        for (int i = 0; i < rings.size(); i++) {
            Ring ring = rings.get(i);
            ring.index = i;
            filled.set(i, ring.first != null);
        }
    }

    /** Its turn comes after that of all others of its priority. */
    void addLast(Consumer consumer, Ring ring) {
        Consumer before = ring.last;
        consumer.queued = true;
        consumer.previous = before;
        ring.last = consumer;
        if (before == null) {
            ring.first = consumer;
            filled.set(ring.index);
        } else {
            before.next = consumer;
        }
    }

    /** It is its turn. */
    void addFirst(Consumer consumer, Ring ring) {
        Consumer after = ring.first;
        if (after == null) {
            addLast(consumer, ring);
            return;
        }
        consumer.queued = true;
        consumer.next = after;
        after.previous = consumer;
        ring.first = consumer;
    }

    /** Takes out the consumer whose turn it is; null if there is none. */
    @Nullable
    Consumer take() {
        int highest = filled.nextSetBit(0);
        if (highest < 0) {
            return null;
        }
        Ring ring = rings.get(highest);
        Consumer consumer = ring.first;
        if (consumer != null) {
            remove(consumer, ring);
        }
        return consumer;
    }

    /** Takes the consumer out, if it is in. */
    void remove(Consumer consumer, Ring ring) {
        if (!consumer.queued) {
            return;
        }
        Consumer before = consumer.previous;
        Consumer after = consumer.next;
        if (before == null) {
            ring.first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            ring.last = before;
        } else {
            after.previous = before;
        }
        consumer.queued = false;
        consumer.previous = null;
        consumer.next = null;
        filled.set(ring.index, ring.first != null);
    }
}
