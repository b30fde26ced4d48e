package dev.sluice.broker;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Where one shard writes what its queues have settled: one record per queue and turn, or a few large ones; nobody waits for it. What was settled gives back its storage once the change is durable. When the log is more than
 * twice as large as a snapshot it begins anew with one. Confined to its shard.
 */
final class CursorLog {
    private final BrokerShard shard;
    private final StateLog log;
    private final CursorChangeWriter writer;

    CursorLog(BrokerShard shard) {
        this.shard = shard;
        this.log = new StateLog(shard, "acknowledgements", "after a restart their records will be delivered again");
        this.writer = new CursorChangeWriter(log::add);
    }

    StateLog log() {
        return log;
    }

    /** Writes the changes of these queues, if there are any. Topics may come to the list meanwhile, when a reader gives back what it does not need any more. */
    void write(List<Queue> queues) {
        List<Runnable> whenDurable = new ArrayList<>(0);
        for (int i = 0; i < queues.size(); i++) {
            Queue queue = queues.get(i);
            if (queue.isDeleted() || !queue.isOpen()) {
                continue;
            }
            for (Lane lane : queue.lanes()) {
                Backlog backlog = lane.backlog();
                Cursor cursor = backlog.cursor();
                if (!cursor.isChanged()) {
                    continue;
                }
                if (!queue.isPersistent()) {
                    cursor.forgetChanges();
                    lane.giveBack(cursor.reclaimable());
                    continue;
                }
                cursor.writeChange(writer, lane.id().value(), backlog.deliveredBelow());
                Cursor.Reclaim reclaim = cursor.reclaimable();
                whenDurable.add(() -> giveBack(queue, lane, reclaim));
            }
        }
        if (!whenDurable.isEmpty()) {
            log.whenEverythingIsDurable(() -> whenDurable.forEach(Runnable::run));
            if (log.isLarge()) {
                compact();
            }
        }
    }

    private static void giveBack(Queue queue, Lane lane, Cursor.Reclaim reclaim) {
        if (!queue.isDeleted()) {
            lane.giveBack(reclaim);
        }
    }

    private void compact() {
        long start = log.log().endOffset();
        long _ = snapshot(shard.topology().queues(), () -> log.trim(start));
    }

    /**
     * Writes the whole state of these queues. {@code whenDurable} runs once that is durable; from then on nothing before
     * the offset returned is needed.
     */
    long snapshot(Collection<Queue> queues, Runnable whenDurable) {
        return log.snapshot(() -> queues.forEach(this::writeSnapshot), whenDurable);
    }

    private void writeSnapshot(Queue queue) {
        if (queue.home() == shard && queue.isPersistent() && !queue.isDeleted() && queue.isOpen()) {
            for (Lane lane : queue.lanes()) {
                Backlog backlog = lane.backlog();
                backlog.cursor().writeSnapshot(writer, lane.id().value(), backlog.deliveredBelow());
            }
        }
    }

    void trim(long before) {
        log.trim(before);
    }

    /** Runs {@code action} when all that has been written so far is durable. */
    void whenEverythingIsDurable(Runnable action) {
        log.whenEverythingIsDurable(action);
    }
}
