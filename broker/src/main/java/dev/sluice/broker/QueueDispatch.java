package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Which record of a queue is next, and who gets it: subscribers whose turn it is, and those who ask for one record at a time. Confined to the queue's shard. */
final class QueueDispatch {
    /** Deliveries in one turn, so that one queue does not keep a shard from the others. */
    private static final int DELIVERIES_PER_TURN = 1024;

    private final Queue queue;
    private final QueueSettling settling;
    private final QueueCounters counters;
    private final ReadyLanes readyLanes;
    private final @Nullable LaneAging aging;
    /** The lanes are partitions of a topic, of which none comes before the others. */
    private boolean rotates;

    /** The lane whose turn it is then. */
    private int turn;

    private final Dispatcher dispatcher;
    private final @Nullable QueueStory story;
    private final ArrayDeque<Consumer> getters = new ArrayDeque<>(0);
    /** That of each lane. */
    private LaneHead[] heads;

    private long maxAgeMs;
    /** Since when the oldest ready record waits; {@link Long#MAX_VALUE} if nothing is ready, or nobody wants to know. */
    private long oldestSinceMs = Long.MAX_VALUE;

    /** Somebody got a record since the last look at the heads, and may come for the next. */
    private boolean polled;

    QueueDispatch(Queue queue, QueueSettling settling, QueueCounters counters, @Nullable LaneAging aging) {
        this.queue = queue;
        this.settling = settling;
        this.counters = counters;
        this.readyLanes = queue.readyLanes();
        this.aging = aging;
        this.story = queue.story();
        this.dispatcher = new Dispatcher(queue.spec().settings().singleActiveConsumer());
        settingsChanged();
    }

    /** The queue has other settings or more lanes now, or its partitions keep something else. */
    void settingsChanged() {
        Lane[] lanes = queue.lanes();
        heads = new LaneHead[lanes.length];
        Arrays.setAll(heads, i -> new LaneHead(queue, lanes[i]));
        maxAgeMs = queue.spec().maxWaitMs();
        rotates = lanes.length > 1 && lanes[0].partition().isOfTopic();
    }

    /** The subscribers. */
    Dispatcher consumers() {
        return dispatcher;
    }

    /** What was held back until now is ready. */
    void beginTurn() {
        for (LaneHead head : heads) {
            head.beginTurn();
        }
    }

    /** Serves everybody, within a turn's measure. */
    void serve() {
        serveGetters();
        int budget = DELIVERIES_PER_TURN;
        while (budget > 0 && !deliversNothing() && serveOne()) {
            budget--;
        }
        dispatcher.flush();
        if (budget == 0) {
            queue.wake();
        }
    }

    /** A consumer gets nothing, for now or until consuming is resumed. */
    private boolean deliversNothing() {
        return queue.pauses().consuming() || settling.mayLetNoneGo();
    }

    private boolean serveOne() {
        Consumer consumer = dispatcher.next();
        if (consumer == null) {
            return false;
        }
        Lane lane = nextReadable();
        if (lane == null) {
            consumer.releaseShared(1);
            dispatcher.unserved(consumer);
            return false;
        }
        deliver(consumer, lane, null);
        dispatcher.served(consumer);
        return true;
    }

    /** The lane whose backlog stands at the record that is next; null if there is none that may be delivered now. While the next record of a lane is being read, lower lanes wait: what was read later must not go ahead of it. */
    private @Nullable Lane nextReadable() {
        Lane[] lanes = queue.lanes();
        if (rotates) {
            Lane next = nextReadable(turn, lanes.length);
            return next == null ? nextReadable(0, turn) : next;
        }
        Lane overdue = aging == null ? null : aging.overdue(lanes, queue.home().turnTimeMs(), this::toNext);
        if (overdue != null) {
            return overdue;
        }
        for (int i = readyLanes.highestBelow(lanes.length); i >= 0; i = readyLanes.highestBelow(i)) {
            if (toNext(lanes[i])) {
                return lanes[i];
            }
            if (lanes[i].isBeingRead()) {
                return null;
            }
        }
        return null;
    }

    /** As {@link #nextReadable()}, of the lanes from one to before another; then it is the next one's turn. */
    private @Nullable Lane nextReadable(int from, int before) {
        Lane[] lanes = queue.lanes();
        for (int i = readyLanes.lowestFrom(from); i >= 0 && i < before; i = readyLanes.lowestFrom(i + 1)) {
            if (toNext(lanes[i])) {
                turn = i + 1;
                return lanes[i];
            }
        }
        return null;
    }

    /** Whether the lane stands at a record that may be delivered now, to somebody who takes it. */
    private boolean toNext(Lane lane) {
        return heads[lane.index()].toNext();
    }

    /** The record that the lane stands at goes to the consumer; {@code get}: what it asked for; null for a subscriber. */
    private void deliver(Consumer consumer, Lane lane, Consumer.@Nullable PendingGet get) {
        RecordCursor record = lane.backlog().record();
        Cursor cursor = lane.backlog().cursor();
        long offset = record.offset();
        int count = cursor.deliveryCount(offset);
        boolean redelivered = cursor.mayHaveBeenDelivered(offset);
        long delivery = DeliveryId.of(lane.index(), offset, count);
        if (get == null) {
            consumer.sink.deliver(consumer, delivery, record, count, redelivered);
        } else {
            get.reply().got(consumer, delivery, record, count, redelivered, readyLanes.total() - 1);
        }
        counters.delivered++;
        if (redelivered) {
            counters.redelivered++;
        }
        if (story != null) {
            story.delivered(consumer, lane, offset, count);
        }
        heads[lane.index()].take(offset);
        if (get == null ? consumer.noAck() : get.noAck()) {
            settling.beginAndEnd(lane, offset);
        } else {
            settling.begin(consumer, delivery);
        }
    }

    /** {@code get} is the consumer's: it is answered after what was asked for before it. */
    void get(Consumer consumer, Consumer.PendingGet get) {
        consumer.gets.addLast(get);
        getters.addLast(consumer);
        polled = true;
        if (queue.order() instanceof FairOrder) {
            beginTurn(); // nothing was read ahead while nobody wanted anything, and what came back is before what was
            // read
        }
        serveGetters();
    }

    private void serveGetters() {
        while (!getters.isEmpty()) {
            Lane lane = deliversNothing() ? null : nextReadable();
            if (lane == null
                    && isBeingRead()
                    && !settling.isHeldUp()
                    && !queue.pauses().consuming()) {
                return; // the get waits for it
            }
            Consumer consumer = getters.removeFirst();
            Consumer.PendingGet get = consumer.gets.pollFirst();
            if (get == null) {
                continue;
            }
            if (lane == null) {
                get.reply().empty();
                continue;
            }
            deliver(consumer, lane, get);
        }
    }

    /** Whether a record is on its way from the storage, or into it. */
    private boolean isBeingRead() {
        Lane[] lanes = queue.lanes();
        for (int i = readyLanes.lowestFrom(0); i >= 0; i = readyLanes.lowestFrom(i + 1)) {
            if (lanes[i].partition().refusal() == null && heads[i].isComing()) {
                return true;
            }
        }
        return false;
    }

    /** Looks at what has a time of its own, whether or not somebody consumes; returns when to look again, {@link Long#MAX_VALUE} if no time comes by itself. */
    long lookAtHeads() {
        long dueMs = Long.MAX_VALUE;
        for (LaneHead head : heads) {
            dueMs = Math.min(dueMs, head.look());
        }
        polled = false;
        return maxAgeMs < 0 ? dueMs : Math.min(dueMs, lookAtAge());
    }

    /** Finds the oldest ready record; returns when it is too old, {@link Long#MAX_VALUE} if it is, or if there is none. */
    private long lookAtAge() {
        oldestSinceMs = Long.MAX_VALUE;
        for (LaneHead head : heads) {
            oldestSinceMs = Math.min(oldestSinceMs, head.waitsSinceMs());
        }
        long tooOldMs = Times.plus(oldestSinceMs, maxAgeMs);
        return tooOldMs > queue.home().turnTimeMs() ? tooOldMs : Long.MAX_VALUE;
    }

    /** How long the oldest ready record has waited, by the last look; 0 if nothing is ready. Only known where it is limited. */
    long waitedMs() {
        return Math.max(0, queue.home().turnTimeMs() - oldestSinceMs);
    }

    /** Whether nobody is likely to take the next record soon. */
    boolean isIdle() {
        return dispatcher.size() == 0 && !polled;
    }
}
