package dev.sluice.broker;

import java.util.Arrays;
import java.util.Comparator;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds records that waited too long in a lower lane. Knows of every lane with something ready since when its head waits, or less: a head is looked at only when it may be due. Confined to the queue's shard.
 */
final class LaneAging {
    private static final long UNKNOWN = Long.MIN_VALUE;

    private final long limitMs;
    private final Head[] heads;
    private final TreeSet<Head> oldestFirst =
            new TreeSet<>(Comparator.comparingLong((Head head) -> head.sinceMs).thenComparingInt(head -> head.lane));

    /** The head of a lane. {@code sinceMs} changes only while it is in no set. */
    private static final class Head {
        final int lane;
        long sinceMs = UNKNOWN;

        Head(int lane) {
            this.lane = lane;
        }
    }

    /** That of a queue with these settings; null if no record is served before others for its age. */
    static @Nullable LaneAging of(QueueSettings settings, int laneCount) {
        long limitMs = settings.priorityAgingMs();
        return limitMs < 0 || laneCount == 1 ? null : new LaneAging(limitMs, laneCount);
    }

    /** {@code limitMs}: so long a record waits at the most before it is due, at least 1. */
    private LaneAging(long limitMs, int laneCount) {
        this.limitMs = limitMs;
        this.heads = new Head[laneCount];
        Arrays.setAll(heads, Head::new);
    }

    /** What was known of the lane's head no longer holds. */
    void headChanged(int lane) {
        put(heads[lane], UNKNOWN);
    }

    private void put(Head head, long sinceMs) {
        oldestFirst.remove(head);
        head.sinceMs = sinceMs;
        oldestFirst.add(head);
    }

    /**
     * The lane whose head waits longest, if that is too long; null if none does.
     *
     * @param toNext brings a lane to the next record that can be delivered, and says whether there is one
     */
    @Nullable
    Lane overdue(Lane[] lanes, long nowMs, Predicate<Lane> toNext) {
        while (!oldestFirst.isEmpty()) {
            Head head = oldestFirst.first();
            if (head.sinceMs != UNKNOWN && head.sinceMs + limitMs > nowMs) {
                return null;
            }
            Lane lane = lanes[head.lane];
            if (toNext.test(lane)) {
                long sinceMs = lane.backlog().record().timestampMs();
                if (sinceMs == head.sinceMs) {
                    return lane;
                }
                put(head, sinceMs);
            } else if (lane.isBeingRead()) {
                return null; // the next look is worth more
            } else if (lane.backlog().ready() == 0) {
                oldestFirst.remove(head);
            } else {
                put(head, nowMs); // not durable yet, so it came just now
            }
        }
        return null;
    }
}
