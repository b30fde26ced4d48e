package dev.sluice.broker;

import dev.sluice.broker.Outcome.Reply;
import dev.sluice.log.LogId;
import org.jspecify.annotations.Nullable;

/**
 * A queue: lanes of records, and the consumers that compete for them. Holds together what comes in ({@link QueueIntake}), who gets it ({@link QueueDispatch}) and how that ends ({@link QueueSettling}). Confined to its shard, but for what
 * it was declared as, which never changes, and the inlets, of which each belongs to the shard it is for.
 */
final class Queue {
    private static final long READ_AGAIN_MS = 1_000;

    private final LogId id;
    private final QueueSpec spec;
    private final long owner;
    private final BrokerShard shard;
    private final Inlet[] inlets;

    private final Lane[] lanes;
    private final ReadyLanes readyLanes;
    private final QueueCounters counters = new QueueCounters();
    private final @Nullable DeadLetters deadLetters;
    private final QueueIntake intake;
    private final QueueSettling settling;
    private final QueueDispatch dispatch;
    private final QueueTimers timers = new QueueTimers(this);
    /** Its storage is damaged. Written before any other thread knows the queue. */
    private @Nullable Refusal unavailable;

    private boolean hadConsumer;
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
        this.lanes = new Lane[spec.laneCount()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(this, i);
        }
        LaneAging aging = LaneAging.of(spec.settings(), lanes.length);
        this.readyLanes = new ReadyLanes(aging);
        this.deadLetters = DeadLetters.of(this, counters);
        this.intake = new QueueIntake(this, counters, deadLetters);
        this.settling = new QueueSettling(this, counters, deadLetters);
        this.dispatch = new QueueDispatch(this, settling, counters, aging);
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

    /** What comes in. */
    QueueIntake intake() {
        return intake;
    }

    /** How deliveries end. */
    QueueSettling settling() {
        return settling;
    }

    /** So many dead letters are on their way that a consumer gets nothing that it could reject. */
    boolean mayLetNoneGo() {
        return deadLetters != null && deadLetters.isFull();
    }

    /** Dead letters wait for who knows how long. */
    boolean isHeldUp() {
        return deadLetters != null && deadLetters.isFull() && deadLetters.isHeldUp();
    }

    /** More records of a lane are durable now, and their publishers about to hear of it. */
    void durable() {
        if (consumerCount() == 0) {
            intake.dropOverLimit(); // nobody takes them: the limit is kept when the publisher hears of it
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
        dispatch.beginTurn();
        settling.endLeases();
        dispatch.serve();
        timers.wakeAt(Math.min(dispatch.lookAtHeads(), settling.firstDueMs()));
        intake.dropOverLimit();
        if (deadLetters != null) {
            deadLetters.move();
        }
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

    void subscribe(ConsumerSpec wish, DeliverySink sink, BrokerShard home, Reply<Consumer> reply) {
        if (deleted) {
            reply.on(Outcome.refused(Refusal.Reason.QUEUE_NOT_FOUND, name()));
        } else if (dispatch.consumers().conflictsWith(wish)) {
            reply.on(Outcome.refused(Refusal.Reason.CONSUMER_EXCLUSIVE, name()));
        } else {
            var consumer = new Consumer(this, home, wish, sink, true);
            hadConsumer = true;
            reply.on(Outcome.done(consumer));
            dispatch.consumers().add(consumer);
            timers.touch();
            wake();
        }
    }

    void get(Consumer consumer, Consumer.PendingGet get) {
        if (deleted || consumer.isCancelled()) {
            get.reply().empty();
            return;
        }
        timers.touch();
        dispatch.get(consumer, get);
        wake();
    }

    /** {@code delivery}: a {@link DeliveryId}; {@code delayMs}: how long a record that is released waits at the least. */
    void settle(Consumer consumer, long delivery, Settlement settlement, long delayMs) {
        if (!deleted && settling.settle(consumer, delivery, settlement, delayMs)) {
            dispatch.consumers().offer(consumer);
            wake();
        }
    }

    void renew(Consumer consumer, long delivery, long leaseMs) {
        if (!deleted && settling.renew(consumer, delivery, leaseMs)) {
            timers.wakeAt(settling.firstDueMs());
        }
    }

    void resume(Consumer consumer) {
        if (consumer.sink instanceof RemoteSink remote) {
            remote.targetReady();
        }
        dispatch.consumers().offer(consumer);
        wake();
    }

    void cancel(Consumer consumer) {
        if (consumer.isCancelled()) {
            return;
        }
        consumer.markCancelled();
        consumer.gets.clear();
        if (consumer.subscribed) {
            dispatch.consumers().remove(consumer);
            wake(); // for the one that takes over
            timers.touch();
            if (spec.autoDelete() && hadConsumer && consumerCount() == 0 && !deleted) {
                shard.deleteUnused(this);
            }
        }
    }

    void close(Consumer consumer) {
        cancel(consumer);
        consumer.releaseShared(consumer.inFlightCount());
        if (!deleted) {
            settling.takeBack(consumer);
            wake();
        }
    }

    QueueStatus status() {
        return unavailable != null
                ? new QueueStatus(name(), 0, 0)
                : new QueueStatus(name(), readyLanes.total(), consumerCount());
    }

    QueueStatistics statistics() {
        long inFlight = 0;
        long held = 0;
        for (Lane lane : lanes) {
            inFlight += lane.backlog().inFlight();
            held += lane.backlog().aside();
        }
        return counters.snapshot(name(), readyLanes.total(), inFlight, held);
    }

    /** Somebody declared it again. */
    void touch() {
        timers.touch();
    }

    /** Whether nobody is likely to take the next record soon. */
    boolean isIdle() {
        return dispatch.isIdle();
    }

    int consumerCount() {
        return dispatch.consumers().size();
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
        for (Consumer consumer : dispatch.consumers().all()) {
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
