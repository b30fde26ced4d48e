package dev.sluice.amqp;

import dev.sluice.broker.Consumer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The deliveries of one channel that its client has not settled, in the order of their tags. Three parallel arrays instead of an object per delivery; a settled place in the middle stays as a hole
 * until the holes outnumber the rest, so memory follows what is unsettled and not what was delivered since the oldest of it. Confined to the connection's shard.
 */
final class UnackedDeliveries {
    private static final int FIRST_CAPACITY = 16;

    private long[] tags;
    private long[] deliveries;
    private @Nullable Consumer[] consumers;
    /** Index of the oldest unsettled delivery; equals {@link #end} when there is none. */
    private int head;

    private int end;
    private int count;

    UnackedDeliveries() {
        this(FIRST_CAPACITY);
    }

    private UnackedDeliveries(int capacity) {
        tags = new long[capacity];
        deliveries = new long[capacity];
        consumers = new @Nullable Consumer[capacity];
    }

    /** Receives deliveries that are taken out. */
    interface Visitor {
        void delivery(long tag, Consumer consumer, long delivery);
    }

    int count() {
        return count;
    }

    /** {@code tag} is higher than all before. */
    void add(long tag, Consumer consumer, long delivery) {
        if (end == tags.length) {
            makeRoom();
        }
        tags[end] = tag;
        deliveries[end] = delivery;
        consumers[end] = consumer;
        end++;
        count++;
    }

    /** Takes out one delivery; false if there is none with this tag. */
    boolean take(long tag, Visitor visitor) {
        int i = find(tag);
        if (i < 0) {
            return false;
        }
        takeAt(i, visitor);
        dropHolesAtHead();
        return true;
    }

    /** Takes out all deliveries up to {@code tag}, which has to be among them; false if it is not. */
    boolean takeUpTo(long tag, Visitor visitor) {
        int last = find(tag);
        if (last < 0) {
            return false;
        }
        for (int i = head; i <= last; i++) {
            takeAt(i, visitor);
        }
        head = last + 1;
        dropHolesAtHead();
        return true;
    }

    void takeAll(Visitor visitor) {
        for (int i = head; i < end; i++) {
            takeAt(i, visitor);
        }
        head = 0;
        end = 0;
    }

    /** Takes in again what was taken out; ascending by tag. */
    void putBack(List<Unacked> again) {
        int capacity = Math.max(FIRST_CAPACITY, Integer.highestOneBit(count + again.size()) << 1);
        var merged = new UnackedDeliveries(capacity);
        int at = 0;
        for (int i = head; i < end; i++) {
            Consumer consumer = consumers[i];
            if (consumer == null) {
                continue;
            }
            for (; at < again.size() && again.get(at).tag() < tags[i]; at++) {
                merged.add(again.get(at));
            }
            merged.add(tags[i], consumer, deliveries[i]);
        }
        for (; at < again.size(); at++) {
            merged.add(again.get(at));
        }
        tags = merged.tags;
        deliveries = merged.deliveries;
        consumers = merged.consumers;
        head = 0;
        end = merged.end;
        count = merged.count;
    }

    private void add(Unacked unacked) {
        add(unacked.tag(), unacked.consumer(), unacked.delivery());
    }

    private void takeAt(int i, Visitor visitor) {
        Consumer consumer = consumers[i];
        if (consumer != null) {
            consumers[i] = null;
            count--;
            visitor.delivery(tags[i], consumer, deliveries[i]);
        }
    }

    /** Tags ascend without gaps unless holes were squeezed out, or deliveries without acknowledgement took some: the first guess is nearly always right. */
    private int find(long tag) {
        if (head == end || tag < tags[head] || tag > tags[end - 1]) {
            return -1;
        }
        int guess = (int) Math.min(end - 1, head + (tag - tags[head]));
        int i = tags[guess] == tag ? guess : Arrays.binarySearch(tags, head, end, tag);
        return i >= 0 && consumers[i] != null ? i : -1;
    }

    private void dropHolesAtHead() {
        while (head < end && consumers[head] == null) {
            head++;
        }
        if (head == end) {
            head = 0;
            end = 0;
        }
    }

    private void makeRoom() {
        if (count > tags.length / 2) {
            int capacity = tags.length * 2;
            tags = Arrays.copyOf(tags, capacity);
            deliveries = Arrays.copyOf(deliveries, capacity);
            consumers = Arrays.copyOf(consumers, capacity);
        }
        int to = 0;
        for (int i = head; i < end; i++) {
            if (consumers[i] != null) {
                tags[to] = tags[i];
                deliveries[to] = deliveries[i];
                consumers[to] = consumers[i];
                to++;
            }
        }
        Arrays.fill(consumers, to, end, null);
        head = 0;
        end = to;
    }
}
