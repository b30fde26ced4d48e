package dev.sluice.log;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * Keeps the batches in memory, of all logs together, within their budget: above it the coldest tails are written to
 * segments, at twice as much the storage stalls until there is room. Thread-safe.
 */
final class TailBudget {
    /** Of what is left: a tail with less is small. */
    private static final int SMALL_SHARE = 256;

    private final long budgetBytes;
    private final LongAdder tailBytes = new LongAdder();
    private final Stalls stalls;
    private final List<OwnerLane> lanes = new CopyOnWriteArrayList<>();

    /** Owners that have been asked to write tails and have not done so yet. */
    private final AtomicInteger asked = new AtomicInteger();

    /** Somebody found too much while owners were still asked: what they did may have been too early. */
    private final AtomicBoolean askAgain = new AtomicBoolean();

    /** Written under the lock, read by any thread. */
    private volatile boolean stalled;

    TailBudget(long budgetBytes, Stalls stalls) {
        this.budgetBytes = budgetBytes;
        this.stalls = stalls;
    }

    void add(OwnerLane lane) {
        lanes.add(lane);
    }

    void take(int bytes) {
        tailBytes.add(bytes);
    }

    void release(long bytes) {
        tailBytes.add(-bytes);
        if (stalled) {
            check();
        }
    }

    long tailBytes() {
        return tailBytes.sum();
    }

    /** Looks at the sum; cheap when all is well. Any thread. */
    void check() {
        long bytes = tailBytes.sum();
        if (bytes > 2 * budgetBytes && !stalled) {
            setStalled(true);
            bytes = tailBytes.sum(); // whoever released before that has not looked
        }
        if (bytes > budgetBytes) {
            askOwners();
        } else if (stalled) {
            setStalled(false);
        }
    }

    /** One at a time: the storage hears of the changes in their order. */
    private synchronized void setStalled(boolean now) {
        if (stalled == now) {
            return;
        }
        stalled = now;
        if (now) {
            stalls.raise(Stalls.Cause.MEMORY, "batches wait in memory faster than they can be written to segments");
        } else {
            stalls.clear(Stalls.Cause.MEMORY);
        }
    }

    /** Has all owners write their coldest tails, once at a time; if that is under way, once more after it. */
    private void askOwners() {
        askAgain.set(true);
        List<OwnerLane> owners = List.copyOf(lanes); // one that is added meanwhile is not counted, and not asked
        if (owners.isEmpty() || !asked.compareAndSet(0, owners.size())) {
            return;
        }
        askAgain.set(false);
        long leave = budgetBytes / 4 * 3 / owners.size();
        for (OwnerLane lane : owners) {
            boolean isAlive = lane.execute(() -> {
                writeColdest(lane.logs(), leave);
                answered();
            });
            if (!isAlive) {
                answered();
            }
        }
    }

    private void answered() {
        if (asked.decrementAndGet() == 0 && askAgain.getAndSet(false)) {
            check();
        }
    }

    /**
     * Starts to write tails of one owner until what is left is small enough: those that were not used for longest first. Small ones come last,
     * by their size, since each would take a file for little. Owner thread.
     */
    private static void writeColdest(List<PartitionLog> logs, long leaveBytes) {
        long sum = 0;
        for (PartitionLog log : logs) {
            sum += log.tailBytes();
        }
        if (sum <= leaveBytes) {
            return;
        }
        List<PartitionLog> order = new ArrayList<>(logs);
        order.removeIf(PartitionLog::isInMemoryOnly);
        long small = leaveBytes / SMALL_SHARE;
        order.sort(Comparator.comparing((PartitionLog log) -> log.tailBytes() < small)
                .thenComparing(Comparator.comparingLong(
                        (PartitionLog log) -> log.tailBytes() < small ? -log.tailBytes() : log.lastUse())));
        for (PartitionLog log : order) {
            if (sum <= leaveBytes || log.tailBytes() == 0) {
                return;
            }
            sum -= log.tailBytes();
            log.store().moveTail();
        }
    }
}
