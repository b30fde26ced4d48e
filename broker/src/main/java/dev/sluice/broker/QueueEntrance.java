package dev.sluice.broker;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where publishers wait for room in a queue whose owner wants that: says what room there is, and lets as many go on as there is room for. Confined to the queue's shard, but for the room, which any thread may read.
 */
final class QueueEntrance {
    private final Queue queue;
    /** Set by the queue's shard, read by all; null as long as nobody ever had to wait. */
    private volatile @Nullable QueueRoom room;

    /** Null as long as there is no room. */
    private @Nullable WaitingPublishers waiting;
    /** Those at which publishers wait; null if there are none. */
    private @Nullable QueueLimits limits;

    QueueEntrance(Queue queue) {
        this.queue = queue;
        follow(queue.spec().settings());
    }

    /** The queue is about to have these settings. Publishers that look at a room go on doing so, whether or not they may have to wait. */
    void follow(QueueSettings settings) {
        limits = settings.blocksAtLimit() ? QueueLimits.of(queue, settings) : null;
        QueueRoom present = room;
        if (present != null) {
            present.follow(settings, System.nanoTime());
            return;
        }
        QueueRoom created = QueueRoom.of(queue.name(), settings, System.nanoTime());
        if (created != null) {
            created.pause(queue.pauses().publishing());
            waiting = new WaitingPublishers(created);
            room = created;
        }
    }

    /** What publishers look at before they publish; null if they never wait for this queue. Any thread. */
    @Nullable
    QueueRoom room() {
        return room;
    }

    /** Whether nobody may come in, whatever room there is. */
    void pause(boolean isPaused) {
        QueueRoom present = room;
        if (present != null) {
            present.pause(isPaused);
        }
    }

    /** Tells publishers what is in the queue. */
    void show() {
        QueueRoom present = room;
        if (present != null) {
            ReadyBytes bytes = queue.readyBytes();
            boolean isTooOld = limits != null && limits.isTooOld(queue.waitedMs());
            present.set(queue.length(), bytes == null ? 0 : bytes.total(), isTooOld);
        }
    }

    /** At the end of a turn: as many publishers go on as there is room for. */
    void endTurn() {
        if (waiting != null) {
            show();
            waiting.letGo();
        }
    }

    /** One more publisher waits at the gate until there is room. */
    void publisherWaits(QueueGate gate) {
        waiting().add(gate);
        lookForRoom();
    }

    /** One publisher less waits at the gate. */
    void publisherGone(QueueGate gate) {
        waiting().remove(gate);
    }

    /** A publisher that was let go has sent what it had: if there is room left, the next one comes. */
    void publisherLetGo() {
        waiting().heardOf();
        lookForRoom();
    }

    private void lookForRoom() {
        if (queue.isDeleted()) {
            waiting().letGo();
        } else {
            queue.wake();
        }
    }

    private WaitingPublishers waiting() {
        return Objects.requireNonNull(waiting);
    }

    /** The queue is deleted: whoever waits goes on, and hears of it with the next publish. */
    void close() {
        QueueRoom present = room;
        if (present != null) {
            present.close();
            waiting().letGo();
        }
    }
}
