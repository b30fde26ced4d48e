package dev.sluice.testkit;

import static dev.sluice.testkit.BrokerModel.require;

import dev.sluice.broker.Broker;
import dev.sluice.broker.QueueLook;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Confined to the thread of the simulation. Looks at every queue with limits after every single step, and compares with how it was before:
 *
 * <ul>
 *   <li>What comes in finds room: a queue goes over its limit by what one turn adds at the most. Only what comes back, from consumers or at its time, may make it longer still.
 *   <li>Where what is there gives way, the limit is kept whenever the queue has had its turn.
 *   <li>What is dropped is the oldest of the lowest priority at that very moment, and no more than has to be.
 * </ul>
 */
final class LimitCheck {
    private final Map<QueueModel, QueueLook> looks = new HashMap<>();
    /** Records that were stored in this life and have been ready ever since: nothing but a publisher has made the queue that long. */
    private final Map<QueueModel, BitSet[]> fresh = new HashMap<>();
    /** Of queues that get dead letters: the most records that came into a lane at once. */
    private final Map<QueueModel, Long> letterBatches = new HashMap<>();

    /** Another process has the queues. */
    void begun() {
        looks.clear();
        fresh.clear();
        letterBatches.clear();
    }

    void look(Broker broker, BrokerModel model) {
        for (QueueModel queue : model.limited()) {
            @Nullable QueueLook before = looks.get(queue);
            @Nullable QueueLook now = queue.isThere() ? QueueLook.at(broker, queue.name, before) : null;
            if (now == null) {
                looks.remove(queue);
                fresh.remove(queue);
            } else if (!now.equals(before)) {
                looks.put(queue, now);
                compare(queue, before, now);
            }
        }
    }

    private void compare(QueueModel queue, @Nullable QueueLook before, QueueLook now) {
        if (before == null) {
            fresh.put(queue, noneOf(now));
            return;
        }
        try {
            if (queue.dropsAtLimit()) {
                requireKept(queue, now);
                requireRightDrops(queue, before, now);
            } else {
                requireRoom(queue, before, now);
            }
        } catch (AssertionError found) {
            throw new AssertionError(
                    queue + ": " + found.getMessage() + "\n  before " + before + "\n  now " + now, found);
        }
    }

    private static BitSet[] noneOf(QueueLook look) {
        var none = new BitSet[look.lanes().size()];
        for (int i = 0; i < none.length; i++) {
            none[i] = new BitSet();
        }
        return none;
    }

    // ---- what comes finds room ----

    private void requireRoom(QueueModel queue, QueueLook before, QueueLook now) {
        long freshNow = countFresh(queue, before, now);
        if (now.published() == before.published()) {
            return;
        }
        if (queue.blocksAtLimit()) {
            requireRoomForWaiting(queue, before, now, freshNow);
        } else {
            requireRoomForBatches(queue, before, now);
        }
    }

    private static long largestArrival(QueueLook before, QueueLook now) {
        long largest = 0;
        for (int i = 0; i < now.lanes().size(); i++) {
            largest = Math.max(
                    largest, now.lanes().get(i).end() - before.lanes().get(i).end());
        }
        return largest;
    }

    /** Each batch is taken as a whole, if there is room for its first record; a turn of a publisher makes one for each lane. */
    private static void requireRoomForBatches(QueueModel queue, QueueLook before, QueueLook now) {
        long came = now.published() - before.published();
        long largest = largestArrival(before, now);
        long left = left(before, now);
        long maxLength = queue.settings.maxLength();
        long found = before.ready() - left + came - largest;
        require(maxLength < 0 || found < maxLength, "it took a batch with " + found + " records ready");
        long maxBytes = queue.settings.maxLengthBytes();
        require(
                maxBytes < 0 || left > 0 || before.readyBytes() + Payload.LEAST_BYTES <= maxBytes,
                "it took a batch with " + before.readyBytes() + " bytes ready");
    }

    /** Publishers look before each record: each of those that wait may go over the limit by one. Dead letters come in batches. */
    private void requireRoomForWaiting(QueueModel queue, QueueLook before, QueueLook now, long freshNow) {
        long letters = queue.isTarget ? letterBatches.merge(queue, largestArrival(before, now), Math::max) : 0;
        long maxLength = queue.settings.maxLength();
        require(
                maxLength < 0 || freshNow <= Math.max(1, maxLength) + queue.mostWaiting + letters,
                "publishers have made it " + freshNow + " long, " + queue.mostWaiting + " of them having waited");
        long maxBytes = queue.settings.maxLengthBytes();
        long mostOver = (1 + queue.mostWaiting + letters) * PublishOps.LARGEST_BYTES;
        require(
                maxBytes < 0 || now.ready() > freshNow || now.readyBytes() < maxBytes + mostOver,
                "publishers have filled it with " + now.readyBytes() + " bytes");
    }

    private long countFresh(QueueModel queue, QueueLook before, QueueLook now) {
        BitSet[] known = fresh.computeIfAbsent(queue, any -> noneOf(now));
        long count = 0;
        for (int i = 0; i < known.length; i++) {
            QueueLook.Lane lane = now.lanes().get(i);
            known[i].set((int) before.lanes().get(i).end(), (int) lane.end());
            known[i].and(lane.ready());
            count += known[i].cardinality();
        }
        return count;
    }

    /** Of the records that were ready, so many are not any more. */
    private static long left(QueueLook before, QueueLook now) {
        long left = 0;
        for (int i = 0; i < now.lanes().size(); i++) {
            left += gone(before.lanes().get(i).ready(), now.lanes().get(i).ready())
                    .cardinality();
        }
        return left;
    }

    private static BitSet gone(BitSet before, BitSet now) {
        var gone = (BitSet) before.clone();
        gone.andNot(now);
        return gone;
    }

    // ---- what is there gives way ----

    private static void requireKept(QueueModel queue, QueueLook now) {
        if (!now.isBusy() && !now.cannotDrop()) {
            require(!isOver(queue, now.ready(), now.readyBytes()), "it is over its limit, and drops nothing");
        }
    }

    private static boolean isOver(QueueModel queue, long ready, long readyBytes) {
        long maxLength = queue.settings.maxLength();
        long maxBytes = queue.settings.maxLengthBytes();
        return (maxLength >= 0 && ready > maxLength) || (maxBytes >= 0 && readyBytes > maxBytes);
    }

    private static void requireRightDrops(QueueModel queue, QueueLook before, QueueLook now) {
        boolean isPlain = now.expired() == before.expired() && now.purged() == before.purged();
        boolean isDropOnly = isPlain && now.delivered() == before.delivered() && now.aside() <= before.aside();
        boolean areSettled = isPlain && !queue.hasDeadLetterExchange() && now.acknowledged() == before.acknowledged();
        boolean isByAge = queue.settings.maxAgeMs() >= 0;
        if (now.dropped() == before.dropped() || isByAge || !(isDropOnly || areSettled)) {
            return; // nothing went, or nobody can tell what
        }
        int lowestSpared = Integer.MAX_VALUE;
        for (int i = 0; i < now.lanes().size(); i++) {
            BitSet spared = (BitSet) before.lanes().get(i).ready().clone();
            spared.and(now.lanes().get(i).ready());
            QueueLook.Lane lane = now.lanes().get(i);
            BitSet dropped = gone(before.lanes().get(i).ready(), isDropOnly ? lane.ready() : lane.unsettled());
            require(
                    dropped.isEmpty() || lowestSpared > i,
                    "it dropped " + dropped + " of lane " + i + ", and lane " + lowestSpared + " has something ready");
            require(
                    dropped.isEmpty() || spared.isEmpty() || spared.nextSetBit(0) > dropped.length() - 1,
                    "it dropped " + dropped + " of lane " + i + ", which has " + spared);
            lowestSpared = spared.isEmpty() || lane.isOutOfReach() ? lowestSpared : Math.min(lowestSpared, i);
        }
        boolean isOneTooMany =
                isDropOnly && queue.settings.maxLengthBytes() < 0 && now.ready() < queue.settings.maxLength();
        require(!isOneTooMany, "it dropped more than it had to");
    }
}
