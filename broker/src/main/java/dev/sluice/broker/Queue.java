package dev.sluice.broker;

import dev.sluice.broker.Outcome.Reply;
import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.log.AppendGroup;
import dev.sluice.log.LogId;
import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A queue: lanes of records, and the consumers that compete for them. Confined to its shard, but for what it was declared as, which never changes, and the inlets, of which each belongs to the shard it is
 * for.
 */
final class Queue {
    /** Deliveries in one turn, so that one queue does not keep a shard from the others. */
    private static final int DELIVERIES_PER_TURN = 1024;

    private static final long READ_AGAIN_MS = 1_000;

    private final LogId id;
    private final QueueSpec spec;
    private final long owner;
    private final BrokerShard shard;
    private final Inlet[] inlets;
    private final long maxLength;
    private final Overflow overflow;
    private final long deliveryLimit;
    private final RetryDelay retryDelay;
    private final long leaseMs;

    private final Lane[] lanes;
    /** That of each lane. */
    private final LaneHead[] heads;

    private final @Nullable LaneAging aging;
    private final ReadyLanes readyLanes;
    private final Dispatcher dispatcher;
    private final QueueCounters counters = new QueueCounters();
    private final ArrayDeque<Consumer> getters = new ArrayDeque<>(0);
    private final Leases<Consumer> leases = new Leases<>();
    private final QueueTimers timers = new QueueTimers(this);
    private final @Nullable DeadLetters deadLetters;
    /** Its storage is damaged. Written before any other thread knows the queue. */
    private @Nullable Refusal unavailable;

    private boolean hadConsumer;
    /** Somebody got a record since the last look at the heads, and may come for the next. */
    private boolean polled;

    private boolean deleted;
    /** Whether the shard will come by at the end of the turn. */
    boolean dirty;

    /** {@code owner}: the connection that an exclusive queue belongs to; 0 for none. */
    Queue(LogId id, QueueSpec spec, long owner, BrokerShard shard, int shardCount) {
        this.id = id;
        this.spec = spec;
        this.owner = owner;
        this.shard = shard;
        this.inlets = new Inlet[shardCount];
        this.maxLength = spec.settings().maxLength();
        this.overflow = spec.settings().overflow();
        this.deliveryLimit = spec.settings().deliveryLimit();
        this.retryDelay = spec.settings().retryDelay();
        this.leaseMs = spec.settings().consumerTimeoutMs();
        this.lanes = new Lane[spec.laneCount()];
        this.heads = new LaneHead[lanes.length];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(this, i);
            heads[i] = new LaneHead(this, lanes[i], counters, spec.settings().messageTtlMs());
        }
        long agingMs = spec.settings().priorityAgingMs();
        this.aging = agingMs < 0 || lanes.length == 1 ? null : new LaneAging(agingMs, lanes.length);
        this.readyLanes = new ReadyLanes(aging);
        this.dispatcher = new Dispatcher(spec.settings().singleActiveConsumer());
        this.deadLetters = DeadLetters.of(this, counters);
    }

    // What any thread may read.

    LogId id() {
        return id;
    }

    String name() {
        return spec.name();
    }

    QueueSpec spec() {
        return spec;
    }

    /** Whether its records outlive the process. A queue of one connection goes with the connection, and so never does. */
    boolean isPersistent() {
        return spec.durable() && !spec.exclusive();
    }

    boolean isLockedFor(long connection) {
        return owner != 0 && owner != connection;
    }

    long owner() {
        return owner;
    }

    Shard shard() {
        return shard.shard();
    }

    BrokerShard home() {
        return shard;
    }

    /** The way in for publishers on {@code from}; call on that shard. */
    Inlet inletOf(BrokerShard from) {
        int index = from.shard().index();
        Inlet inlet = inlets[index];
        if (inlet == null) {
            inlet = new Inlet(this, from);
            inlets[index] = inlet;
        }
        return inlet;
    }

    // What belongs to the queue's shard.

    /** All lanes are open: the queue begins to work. */
    void opened() {
        shard.shard().assertOwner();
        timers.touch();
    }

    boolean isOpen() {
        for (Lane lane : lanes) {
            if (!lane.isOpen()) {
                return false;
            }
        }
        return true;
    }

    /** In the order of their indices; not to be written to. */
    Lane[] lanes() {
        return lanes;
    }

    /** What the backlogs of its lanes keep true. */
    ReadyLanes readyLanes() {
        return readyLanes;
    }

    /** Its storage is damaged: the name stays taken and everything but deletion is refused. To be called before any shard knows the queue. */
    void markUnavailable(String reason) {
        unavailable = new Refusal(Refusal.Reason.STORAGE, name(), reason);
    }

    /** Why it can only be deleted; null for a queue in order. Any thread. */
    @Nullable
    Refusal unavailable() {
        return unavailable;
    }

    /** Takes over {@code batch}, which is for the lane. */
    void append(
            int laneIndex,
            ByteBuf batch,
            int count,
            @Nullable Confirms taken,
            @Nullable Confirms stored,
            BrokerShard publisher) {
        Lane lane = lanes[laneIndex];
        Refusal refusal = refusal(lane, count);
        if (refusal != null) {
            if (overflow == Overflow.REJECT_DEAD_LETTER
                    && refusal.reason() == Refusal.Reason.QUEUE_FULL
                    && deadLetters != null) {
                deadLetters.sendRefused(lane, batch);
            }
            batch.release();
            refuse(taken, refusal, publisher);
            refuse(stored, refusal, publisher);
            return;
        }
        counters.published += count;
        lane.append(batch, count, taken, stored, publisher);
        wake();
    }

    /** Takes over {@code batch}, with which the move's dead letters come here. It hears of the decision, and then of what it decided. */
    void appendMoved(DeadLetterMove move, int number, ByteBuf batch, @Nullable AppendGroup group) {
        Lane lane = lanes[Math.min(move.lane.index(), lanes.length - 1)];
        int count = move.records.size();
        // What only changes its place in this queue does not make it longer, and could otherwise stand in its own way.
        Refusal refusal = move.isFrom(this) && !deleted ? lane.refusal() : refusal(lane, count);
        move.decided(shard, number, refusal);
        if (refusal != null) {
            batch.release();
            if (group != null) {
                group.leave();
            }
            return;
        }
        counters.published += count;
        var stored = new Confirms();
        stored.add(move, number);
        if (group == null) {
            lane.append(batch, count, null, stored, move.home());
        } else {
            lane.appendInGroup(batch, count, group, stored, move.home());
        }
        wake();
    }

    private void refuse(@Nullable Confirms confirms, Refusal refusal, BrokerShard publisher) {
        if (confirms != null) {
            publisher.answer(shard, () -> confirms.refused(refusal));
        }
    }

    private @Nullable Refusal refusal(Lane lane, int count) {
        if (deleted) {
            return new Refusal(Refusal.Reason.QUEUE_NOT_FOUND, name());
        }
        if (unavailable != null) {
            return unavailable;
        }
        Refusal refusal = lane.refusal();
        if (refusal == null && maxLength >= 0 && ready() >= maxLength && refusesAtLimit()) {
            counters.refusedAtLimit += count;
            return new Refusal(Refusal.Reason.QUEUE_FULL, name(), "it holds its limit of " + maxLength);
        }
        return refusal;
    }

    /** Dropping the oldest is no way out while the dead letters do not go on; while they do, the queue is over its limit for a moment. */
    private boolean refusesAtLimit() {
        return overflow.isRefusal() || isHeldUp();
    }

    /** So many dead letters are on their way that a consumer gets nothing that it could reject. */
    boolean mayLetNoneGo() {
        return deadLetters != null && deadLetters.isFull();
    }

    /** Records that are stored, or about to be, and not delivered. */
    private long ready() {
        return readyLanes.total();
    }

    /** More records of a lane are durable now, and their publishers about to hear of it. */
    void durable() {
        if (dispatcher.size() == 0) {
            dropOverLimit(); // nobody takes them: the limit is kept when the publisher hears of it
        }
    }

    /** Something may be deliverable, or has to be written down: the shard comes by at the end of the turn. */
    void wake() {
        shard.serveAtEndOfTurn(this);
    }

    /** Once in a turn: keeps the limits and serves the consumers. */
    void serve() {
        if (deleted) {
            return;
        }
        for (LaneHead head : heads) {
            head.beginTurn();
        }
        leases.endOver(shard.turnTimeMs(), this::leaseOver);
        serveGetters();
        int budget = DELIVERIES_PER_TURN;
        while (budget > 0 && !mayLetNoneGo() && serveOne()) {
            budget--;
        }
        dispatcher.flush();
        lookAtHeads();
        dropOverLimit();
        if (deadLetters != null) {
            deadLetters.move();
        }
        if (budget == 0) {
            wake();
        }
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
        deliver(consumer, lane);
        dispatcher.served(consumer);
        return true;
    }

    /** The lane whose backlog stands at the record that is next; null if there is none that may be delivered now. While the next record of a lane is being read, lower lanes wait: what was read later must not go ahead of it. */
    private @Nullable Lane nextReadable() {
        Lane overdue = aging == null ? null : aging.overdue(lanes, shard.turnTimeMs(), this::toNext);
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

    /** Whether the lane stands at a record that may be delivered now, to somebody who takes it. */
    private boolean toNext(Lane lane) {
        return heads[lane.index()].toNext(true);
    }

    void readAgainLater() {
        timers.readAgainIn(READ_AGAIN_MS);
    }

    /** The device may answer by now. */
    void readAgain() {
        if (!deleted) {
            for (Lane lane : lanes) {
                lane.backlog().retry();
                lane.toNextReadable(counters);
            }
            wake();
        }
    }

    private void deliver(Consumer consumer, Lane lane) {
        Backlog open = lane.backlog();
        RecordCursor record = open.record();
        long offset = record.offset();
        int count = open.deliveryCount(offset);
        boolean redelivered = open.mayHaveBeenDelivered(offset);
        long delivery = DeliveryId.of(lane.index(), offset, count);
        consumer.sink.deliver(consumer, delivery, record, count, redelivered);
        delivered(consumer, lane, delivery, redelivered, consumer.noAck());
    }

    private void delivered(Consumer consumer, Lane lane, long delivery, boolean redelivered, boolean noAck) {
        Backlog open = lane.backlog();
        counters.delivered++;
        if (redelivered) {
            counters.redelivered++;
        }
        open.take();
        if (noAck) {
            counters.acknowledged++;
            open.settleInFlight(DeliveryId.offset(delivery));
        } else {
            consumer.delivered(delivery);
            if (leaseMs >= 0) {
                leases.set(consumer, delivery, Times.plus(shard.turnTimeMs(), leaseMs));
            }
        }
    }

    private void serveGetters() {
        while (!getters.isEmpty()) {
            Lane lane = mayLetNoneGo() ? null : nextReadable();
            if (lane == null && isBeingRead() && !isHeldUp()) {
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
            Backlog open = lane.backlog();
            RecordCursor record = open.record();
            long offset = record.offset();
            int count = open.deliveryCount(offset);
            boolean redelivered = open.mayHaveBeenDelivered(offset);
            long delivery = DeliveryId.of(lane.index(), offset, count);
            get.reply().got(consumer, delivery, record, count, redelivered, ready() - 1);
            delivered(consumer, lane, delivery, redelivered, get.noAck());
        }
    }

    /** Whether a record is on its way from the storage, or into it. */
    private boolean isBeingRead() {
        for (int i = readyLanes.lowestFrom(0); i >= 0; i = readyLanes.lowestFrom(i + 1)) {
            if (lanes[i].refusal() == null) {
                return true;
            }
        }
        return false;
    }

    /** Dead letters wait for who knows how long. */
    private boolean isHeldUp() {
        return deadLetters != null && deadLetters.isFull() && deadLetters.isHeldUp();
    }

    /** Takes the oldest ready record out of the lane, for good; false if it stays for now. */
    private boolean dropOldest(Lane lane) {
        if (deadLetters == null) {
            boolean dropped = lane.backlog().dropOldest();
            counters.droppedAtLimit += dropped ? 1 : 0;
            return dropped;
        }
        long offset = deadLetters.isFull() ? -1 : lane.backlog().takeOldest();
        if (offset >= 0) {
            giveUp(lane, offset, DeathReason.LENGTH_LIMIT);
        }
        return offset >= 0;
    }

    private void dropOverLimit() {
        if (maxLength < 0 || overflow.isRefusal()) {
            return;
        }
        boolean dropped = true;
        while (dropped && ready() > maxLength) {
            dropped = dropLowest();
        }
    }

    /** Gives up the oldest ready record of the lowest priority; false if it cannot be dropped yet. What the storage gave up does not stand in the way. */
    private boolean dropLowest() {
        for (int i = readyLanes.lowestFrom(0); i >= 0; i = readyLanes.lowestFrom(i + 1)) {
            if (dropOldest(lanes[i])) {
                return true;
            }
            if (lanes[i].refusal() == null) {
                return false;
            }
        }
        return false;
    }

    /** What has a time of its own, whether or not somebody consumes. */
    private void lookAtHeads() {
        long dueMs = Long.MAX_VALUE;
        for (LaneHead head : heads) {
            dueMs = Math.min(dueMs, head.look());
        }
        timers.wakeAt(Math.min(dueMs, leases.firstDueMs()));
        polled = false;
    }

    /** A record in flight, of no consumer any more, is not delivered again. The one place where records are dropped unprocessed and one by one. */
    void giveUp(Lane lane, long offset, DeathReason reason) {
        switch (reason) {
            case EXPIRED -> counters.expired++;
            case REJECTED -> counters.rejected++;
            case LENGTH_LIMIT -> counters.droppedAtLimit++;
            case DELIVERY_LIMIT -> counters.deliveryLimitExceeded++;
        }
        if (deadLetters == null) {
            lane.backlog().settleInFlight(offset);
        } else {
            deadLetters.add(lane, offset, reason);
        }
    }

    /** A record in flight, of no consumer any more, comes back, unless it did too often. It is ready after {@code delayMs} at the earliest. */
    private void comeBack(Lane lane, long offset, long delayMs) {
        Backlog open = lane.backlog();
        int before = open.deliveryCount(offset);
        if (deliveryLimit >= 0 && before >= deliveryLimit) {
            giveUp(lane, offset, DeathReason.DELIVERY_LIMIT);
            return;
        }
        long waitMs = Math.max(delayMs, retryDelay.delayMs(before + 1, ThreadLocalRandom.current()));
        if (waitMs > 0) {
            open.releaseAside(offset);
            lane.heldBack().add(offset, Times.plus(shard.turnTimeMs(), waitMs));
        } else {
            open.release(offset);
        }
    }

    void subscribe(ConsumerSpec wish, DeliverySink sink, BrokerShard home, Reply<Consumer> reply) {
        if (deleted) {
            reply.on(Outcome.refused(Refusal.Reason.QUEUE_NOT_FOUND, name()));
        } else if (dispatcher.conflictsWith(wish)) {
            reply.on(Outcome.refused(Refusal.Reason.CONSUMER_EXCLUSIVE, name()));
        } else {
            var consumer = new Consumer(this, home, wish, sink, true);
            hadConsumer = true;
            reply.on(Outcome.done(consumer));
            dispatcher.add(consumer);
            timers.touch();
            wake();
        }
    }

    void get(Consumer consumer, Consumer.PendingGet get) {
        if (deleted || consumer.isCancelled()) {
            get.reply().empty();
            return;
        }
        consumer.gets.addLast(get);
        getters.addLast(consumer);
        polled = true;
        timers.touch();
        serveGetters();
        wake();
    }

    /** {@code delivery}: a {@link DeliveryId}; {@code delayMs}: how long a record that is released waits at the least. */
    void settle(Consumer consumer, long delivery, Settlement settlement, long delayMs) {
        Consumer.Held held = deleted ? Consumer.Held.NOTHING : consumer.settled(delivery);
        if (held == Consumer.Held.NOTHING) {
            return;
        }
        consumer.releaseShared(1);
        if (held == Consumer.Held.RECORD) {
            leases.end(delivery);
            settle(delivery, settlement, delayMs);
        }
        dispatcher.offer(consumer);
        wake();
    }

    private void settle(long delivery, Settlement settlement, long delayMs) {
        Lane lane = lanes[DeliveryId.lane(delivery)];
        long offset = DeliveryId.offset(delivery);
        switch (settlement) {
            case ACK -> {
                counters.acknowledged++;
                lane.backlog().settleInFlight(offset);
            }
            case REJECT -> giveUp(lane, offset, DeathReason.REJECTED);
            case RELEASE -> comeBack(lane, offset, delayMs);
        }
    }

    void renew(Consumer consumer, long delivery, long newLeaseMs) {
        if (!deleted && consumer.holds(delivery)) {
            leases.set(consumer, delivery, Times.plus(shard.turnTimeMs(), newLeaseMs));
            timers.wakeAt(leases.firstDueMs());
        }
    }

    /** A consumer did not settle a delivery in time: what it says of it later is ignored. */
    private void leaseOver(Consumer consumer, long delivery) {
        counters.leasesOver++;
        consumer.lapse(delivery);
        comeBack(lanes[DeliveryId.lane(delivery)], DeliveryId.offset(delivery), 0);
    }

    void resume(Consumer consumer) {
        if (consumer.sink instanceof RemoteSink remote) {
            remote.targetReady();
        }
        dispatcher.offer(consumer);
        wake();
    }

    void cancel(Consumer consumer) {
        if (consumer.isCancelled()) {
            return;
        }
        consumer.markCancelled();
        dispatcher.remove(consumer);
        wake(); // for the one that takes over
        consumer.gets.clear();
        if (consumer.subscribed) {
            timers.touch();
            if (spec.autoDelete() && hadConsumer && dispatcher.size() == 0 && !deleted) {
                shard.deleteUnused(this);
            }
        }
    }

    void close(Consumer consumer) {
        cancel(consumer);
        int held = consumer.inFlightCount();
        long[] deliveries = consumer.takeInFlight();
        consumer.releaseShared(held);
        if (deleted) {
            return;
        }
        for (long delivery : deliveries) {
            leases.end(delivery);
            comeBack(lanes[DeliveryId.lane(delivery)], DeliveryId.offset(delivery), 0);
        }
        wake();
    }

    QueueStatus status() {
        return unavailable != null
                ? new QueueStatus(name(), 0, 0)
                : new QueueStatus(name(), ready(), dispatcher.size());
    }

    QueueStatistics statistics() {
        long inFlight = 0;
        long held = 0;
        for (Lane lane : lanes) {
            inFlight += lane.backlog().inFlight();
            held += lane.backlog().aside();
        }
        return counters.snapshot(name(), ready(), inFlight, held);
    }

    /** Somebody declared it again. */
    void touch() {
        timers.touch();
    }

    /** Whether nobody is likely to take the next record soon. */
    boolean isIdle() {
        return dispatcher.size() == 0 && !polled;
    }

    int consumerCount() {
        return dispatcher.size();
    }

    long purge() {
        long purged = 0;
        for (Lane lane : lanes) {
            purged += lane.purge();
        }
        counters.purged += purged;
        wake();
        return purged;
    }

    /** The queue is gone from the topology: tells everybody who is still at it. */
    void delete() {
        deleted = true;
        timers.cancel();
        closeDeadLetters();
        for (Consumer consumer : dispatcher.all()) {
            consumer.markCancelled();
            consumer.sink.cancelled(consumer);
        }
        for (Lane lane : lanes) {
            lane.delete();
        }
    }

    /** The broker stops: nothing is delivered or written any more. */
    void stop() {
        deleted = true;
        timers.cancel();
        closeDeadLetters();
        for (Lane lane : lanes) {
            lane.backlog().close();
        }
    }

    private void closeDeadLetters() {
        if (deadLetters != null) {
            deadLetters.close();
        }
    }

    boolean isDeleted() {
        return deleted;
    }
}
