package dev.sluice.broker;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a queue holds, and what happened to its records so far, between two tasks of its shard. Immutable. Lets a simulation see each single change, which the {@link QueueStatistics} that clients ask for do not; to look changes nothing.
 *
 * @param aside so many records wait for their time
 * @param isBusy whether the shard comes by at the end of the turn, and keeps the limits then
 * @param cannotDrop whether the record that would have to give way first cannot yet: it is not durable, or has still to be read, or the storage is out of order
 * @param readyBytes {@link QueueStatistics#NOT_COUNTED} where no limit says how many there may be
 * @param lanes lowest priority first
 */
public record QueueLook(
        long published,
        long delivered,
        long acknowledged,
        long expired,
        long purged,
        long dropped,
        long aside,
        long ready,
        long readyBytes,
        boolean isBusy,
        boolean cannotDrop,
        List<Lane> lanes) {

    /**
     * One lane.
     *
     * @param isOutOfReach whether its storage cannot be read now
     * @param end the offset of its next record
     * @param ready offsets of the records that are ready
     * @param unsettled offsets of these and of those that are with somebody or put aside
     */
    @SuppressWarnings("BadImport") // the other one has no other name here
    public record Lane(boolean isOutOfReach, long end, BitSet ready, BitSet unsettled) {
        private static Lane of(dev.sluice.broker.Lane lane) {
            Backlog backlog = lane.backlog();
            long end = lane.log().endOffset();
            var ready = new BitSet();
            var unsettled = new BitSet();
            Cursor cursor = backlog.cursor();
            for (long offset = cursor.nextUnsettled(0); offset < end; offset = cursor.nextUnsettled(offset + 1)) {
                unsettled.set((int) offset);
                ready.set((int) offset, backlog.isReady(offset));
            }
            return new Lane(lane.partition().isOutOfReach(), end, ready, unsettled);
        }
    }

    /** What the queue is like now; {@code before} itself if nothing has changed, and null if there is no such queue. */
    public static @Nullable QueueLook at(Broker broker, String name, @Nullable QueueLook before) {
        Queue queue = broker.on(broker.shards().at(0)).topology().queue(name);
        if (queue == null || queue.isDeleted() || queue.unavailable() != null || !queue.isOpen()) {
            return null;
        }
        QueueLook now = of(queue, List.of());
        return before != null && now.equals(before.without()) ? before : of(queue, lanes(queue));
    }

    /** The queue for which publishers wait there. */
    public static String queueOf(Gate gate) {
        return gate instanceof QueueGate its ? its.queueName() : "";
    }

    private static QueueLook of(Queue queue, List<Lane> lanes) {
        QueueCounters counters = queue.counters();
        ReadyBytes bytes = queue.readyBytes();
        return new QueueLook(
                counters.published,
                counters.delivered,
                counters.acknowledged,
                counters.expired,
                counters.purged,
                counters.droppedAtLimit,
                aside(queue),
                queue.readyLanes().total(),
                bytes == null ? QueueStatistics.NOT_COUNTED : bytes.total(),
                queue.dirty,
                cannotDrop(queue),
                lanes);
    }

    private static long aside(Queue queue) {
        long aside = 0;
        for (dev.sluice.broker.Lane lane : queue.lanes()) {
            aside += lane.backlog().aside();
        }
        return aside;
    }

    private QueueLook without() {
        return new QueueLook(
                published,
                delivered,
                acknowledged,
                expired,
                purged,
                dropped,
                aside,
                ready,
                readyBytes,
                isBusy,
                cannotDrop,
                List.of());
    }

    private static boolean cannotDrop(Queue queue) {
        int lowest = queue.readyLanes().lowestFrom(0);
        if (lowest < 0) {
            return false;
        }
        dev.sluice.broker.Lane lane = queue.lanes()[lowest];
        Backlog backlog = lane.backlog();
        long oldest = backlog.cursor().nextUnsettled(0);
        while (!backlog.isReady(oldest)) {
            oldest = backlog.cursor().nextUnsettled(oldest + 1);
        }
        return oldest >= lane.log().durableOffset()
                || lane.isBeingRead()
                || lane.partition().refusal() != null
                || queue.settling().mayLetNoneGo();
    }

    private static List<Lane> lanes(Queue queue) {
        var lanes = new ArrayList<Lane>();
        for (dev.sluice.broker.Lane lane : queue.lanes()) {
            lanes.add(Lane.of(lane));
        }
        return List.copyOf(lanes);
    }
}
