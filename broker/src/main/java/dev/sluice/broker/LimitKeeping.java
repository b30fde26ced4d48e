package dev.sluice.broker;

import org.jspecify.annotations.Nullable;

/** Which records a queue gives up so that it keeps its limits of number and size: the oldest that are ready, of the lowest priority first. What a topic stores is given up by its {@link TopicKeeping}. Confined to the queue's shard. */
final class LimitKeeping {
    /** Records dropped in one go, so that a large one which takes the place of many small ones does not keep a shard from its other queues. */
    static final int MOST_DROPPED_AT_ONCE = 16 * 1024;

    private final Queue queue;
    private final ReadyLanes readyLanes;
    /** Null where nothing is dropped at a limit. */
    private @Nullable QueueLimits limits;

    LimitKeeping(Queue queue) {
        this.queue = queue;
        this.readyLanes = queue.readyLanes();
        settingsChanged();
    }

    /** The queue's settings are others now. */
    void settingsChanged() {
        QueueSettings settings = queue.spec().settings();
        boolean drops = settings.overflow().isDrop() && !queue.spec().isTopic();
        limits = drops ? QueueLimits.of(queue, settings) : null;
    }

    /** Dropping is no way out while the dead letters do not go on; while they do, the queue is over its limit for a moment. */
    boolean isHeldUp() {
        return limits != null && queue.settling().isHeldUp();
    }

    /** Whether something has still to give way: what is read of it is needed. */
    boolean isOverLimit() {
        return limits != null && limits.isExceeded();
    }

    /** Gives up what is too much, as far as that can be had now. */
    void drop() {
        int left = MOST_DROPPED_AT_ONCE;
        while (isOverLimit()) {
            if (left-- == 0) {
                queue.wake();
                return;
            }
            if (!dropLowest()) {
                return;
            }
        }
    }

    /** Gives up the oldest ready record of the lowest priority; false if it cannot be dropped yet. What the storage gave up, or cannot read, does not stand in the way; while it only takes nothing more, the queue does not get longer, and waits. */
    private boolean dropLowest() {
        for (int i = readyLanes.lowestFrom(0); i >= 0; i = readyLanes.lowestFrom(i + 1)) {
            if (dropOldest(queue.lanes()[i])) {
                return true;
            }
            if (!queue.partitions()[i].isOutOfReach()) {
                return false;
            }
        }
        return false;
    }

    /** Takes the oldest ready record out of the lane, for good; false if it stays for now. */
    private boolean dropOldest(Lane lane) {
        if (queue.readyBytes() != null) {
            return readAndDropOldest(lane);
        }
        long offset = queue.settling().mayLetNoneGo() ? -1 : lane.backlog().takeOldest();
        if (offset >= 0) {
            queue.settling().giveUp(lane, offset, DeathReason.LENGTH_LIMIT);
        }
        return offset >= 0;
    }

    /** It has to be known how large it is. */
    private boolean readAndDropOldest(Lane lane) {
        if (queue.settling().mayLetNoneGo() || !lane.toOldestReadable()) {
            return false;
        }
        long offset = lane.backlog().record().offset();
        lane.backlog().take();
        queue.settling().giveUp(lane, offset, DeathReason.LENGTH_LIMIT);
        return true;
    }
}
