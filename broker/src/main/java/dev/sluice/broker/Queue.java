package dev.sluice.broker;

import dev.sluice.log.LogId;
import dev.sluice.log.RecordCursor;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A queue: lanes of records, and the consumers that compete for them. Holds together what comes in ({@link QueueIntake}), who wants it ({@link QueueConsumers}), who gets it ({@link QueueDispatch}) and how that ends
 * ({@link QueueSettling}). Confined to its shard, but for what any thread may read, and the inlets, of which each belongs to the shard it is for.
 */
final class Queue {
    private static final long READ_AGAIN_MS = 1_000;

    private final LogId id;
    private final long owner;
    private final BrokerShard shard;
    private final Inlet[] inlets;

    // Set by the queue's shard, read by all; the settings last, so that whoever sees them sees what they say.
    private volatile Partition[] partitions;
    private volatile QueueSpec spec;

    /** Of each partition that it reads: its own, or its topic's. */
    private Lane[] lanes;
    /** Of a topic. */
    private @Nullable TopicKeeping keeping;

    private final ReadyLanes readyLanes;
    private final @Nullable ReadyBytes readyBytes;
    private final @Nullable ServingOrder order;
    private final QueueCounters counters = new QueueCounters();

    private final @Nullable Deduplication deduplication;
    private final @Nullable QueueStory story;
    private final QueueEntrance entrance;
    private final LimitKeeping limitKeeping;
    private final QueueIntake intake;
    private final QueueSettling settling;
    private final QueueDispatch dispatch;
    private final QueueTimers timers = new QueueTimers(this);
    private final QueueConsumers consumers;
    /** Its storage is damaged. Written before any other thread knows the queue. */
    private @Nullable Refusal unavailable;

    /** Null until somebody asks for one. */
    private @Nullable QueueJobs jobs;

    private QueuePauses pauses = QueuePauses.NONE;
    private boolean deleted;
    /** Whether the shard will come by at the end of the turn. */
    boolean dirty;

    /** {@code owner}: the connection that an exclusive queue belongs to; 0 for none. {@code topic}: that of a subscription, on the same shard. */
    Queue(LogId id, QueueSpec spec, long owner, BrokerShard shard, int shardCount, @Nullable Queue topic) {
        this.id = id;
        this.spec = spec;
        this.owner = owner;
        this.shard = shard;
        this.inlets = new Inlet[shardCount];
        this.partitions = new Partition[spec.partitionCount()];
        Arrays.setAll(partitions, i -> new Partition(this, i));
        Partition[] read = topic == null ? partitions : topic.partitions;
        this.lanes = new Lane[spec.isTopic() && !spec.readersCompete() ? 0 : read.length];
        Arrays.setAll(lanes, i -> new Lane(this, i, read[i]));
        this.keeping = spec.isTopic() ? new TopicKeeping(spec.settings(), partitions) : null;
        LaneAging aging = LaneAging.of(spec.settings(), lanes.length);
        this.readyLanes = new ReadyLanes(aging);
        this.readyBytes = ReadyBytes.of(spec);
        this.order = ServingOrder.of(this);
        this.entrance = new QueueEntrance(this);
        this.deduplication = Deduplication.of(this);
        this.story = QueueStory.of(this);
        this.limitKeeping = new LimitKeeping(this);
        this.intake = new QueueIntake(this, limitKeeping, counters);
        this.settling = new QueueSettling(this, counters);
        this.dispatch = new QueueDispatch(this, settling, counters, aging);
        this.consumers = new QueueConsumers(this, dispatch, settling, timers);
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

    /** What publishers look at before they publish; null if they never wait for this queue. */
    @Nullable
    QueueRoom room() {
        return entrance.room();
    }

    /** The way in for publishers on {@code from}; call on that shard. */
    Inlet inletOf(BrokerShard from) {
        int index = from.shard().index();
        Inlet inlet = inlets[index];
        if (inlet == null) {
            inlet = new Inlet(this, from);
            inlets[index] = inlet;
        }
        inlet.follow(spec);
        return inlet;
    }

    // What belongs to the queue's shard.

    /** All lanes are open: the queue begins to work. */
    void opened() {
        shard.shard().assertOwner();
        if (story != null) {
            story.opened();
        }
        entrance.show();
        timers.touch();
    }

    /** It has these settings from now on, of which only those are others that may be. */
    void change(QueueSpec changed) {
        shard.shard().assertOwner();
        entrance.follow(changed.settings());
        spec = changed;
        settling.settingsChanged();
        dispatch.settingsChanged();
        limitKeeping.settingsChanged();
        intake.settingsChanged();
        timers.settingsChanged();
        if (keeping != null) {
            keeping = new TopicKeeping(changed.settings(), partitions);
            for (Partition partition : partitions) {
                partition.settingsChanged();
            }
        }
        entrance.show();
        wake();
    }

    /** The topic has these partitions too from now on, which are open, and whoever reads it begins to read them. */
    void grow(Partition[] added, QueueSpec changed) {
        shard.shard().assertOwner();
        Partition[] before = partitions;
        Partition[] all = Arrays.copyOf(before, before.length + added.length);
        System.arraycopy(added, 0, all, before.length, added.length);
        partitions = all;
        if (deduplication != null) {
            deduplication.partitionsAdded();
        }
        change(changed);
        for (Lane reader : List.copyOf(before[0].readers())) {
            reader.queue().readAll(all);
        }
    }

    /** Its topic has all these partitions now: it reads those that are new from their beginning. */
    private void readAll(Partition[] ofTopic) {
        Lane[] before = lanes;
        Lane[] all = Arrays.copyOf(before, ofTopic.length);
        Arrays.setAll(all, i -> i < before.length ? before[i] : new Lane(this, i, ofTopic[i]));
        lanes = all;
        if (order != null) {
            order.grow(all.length);
        }
        for (int i = before.length; i < all.length; i++) {
            var _ = all[i].open(new CursorState()); // it counts no bytes, so it knows all at once
        }
        dispatch.settingsChanged();
        wake();
    }

    boolean isOpen() {
        for (Partition partition : partitions) {
            if (!partition.isOpen()) {
                return false;
            }
        }
        for (Lane lane : lanes) {
            if (!lane.isOpen()) {
                return false;
            }
        }
        return true;
    }

    /** What its limit on the number of records is about. */
    long length() {
        return keeping == null ? readyLanes.total() : keeping.stored();
    }

    /** What its consumers have still to get; of a topic that gives each of them everything, what it stores. */
    private long ready() {
        return lanes.length == 0 ? length() : readyLanes.total();
    }

    /** The topic keeps something else of its partitions now. */
    void keepChanged() {
        dispatch.settingsChanged();
        wake();
    }

    /** What it stores, in the order of their indices; not to be written to. */
    Partition[] partitions() {
        return partitions;
    }

    /** Which of {@link #partitions} a record belongs to that comes from another queue: in a queue by its priority, in a topic by its key. Any thread. */
    int partitionOf(int priority, RecordCursor record) {
        if (!spec.isTopic()) {
            return Math.min(priority, partitions.length - 1);
        }
        return record.keyLength() < 0
                ? 0
                : KeyPartitioner.partition(
                        record.buffer().slice(record.keyIndex(), record.keyLength()), partitions.length);
    }

    QueueCounters counters() {
        return counters;
    }

    /** How it reads, in the order of their indices; not to be written to. */
    Lane[] lanes() {
        return lanes;
    }

    /** What the backlogs of its lanes keep true. */
    ReadyLanes readyLanes() {
        return readyLanes;
    }

    /** What the backlogs of its lanes keep true too; null if nobody wants to know. */
    @Nullable
    ReadyBytes readyBytes() {
        return readyBytes;
    }

    /** How long the oldest ready record has waited, by the last turn; 0 if nothing is ready. */
    long waitedMs() {
        return dispatch.waitedMs();
    }

    /** Null where records are served as they came. */
    @Nullable
    ServingOrder order() {
        return order;
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

    /** Where publishers wait. */
    QueueEntrance entrance() {
        return entrance;
    }

    /** What comes in. */
    QueueIntake intake() {
        return intake;
    }

    /** What gives way at its limits. */
    LimitKeeping limitKeeping() {
        return limitKeeping;
    }

    /** Who wants what is in it. */
    QueueConsumers consumers() {
        return consumers;
    }

    /** How deliveries end. */
    QueueSettling settling() {
        return settling;
    }

    /** What tells records that are published again; null where all are stored. */
    @Nullable
    Deduplication deduplication() {
        return deduplication;
    }

    /** What notes what happens to its records; null if nobody is to ask. */
    @Nullable
    QueueStory story() {
        return story;
    }

    QueuePauses pauses() {
        return pauses;
    }

    /** From now on this is paused and nothing else; who resumes something wakes the queue. */
    void pause(QueuePauses newPauses) {
        pauses = newPauses;
        entrance.pause(newPauses.publishing());
    }

    /** What operators have it do. */
    QueueJobs jobs() {
        QueueJobs open = jobs;
        if (open == null) {
            open = new QueueJobs(this, counters);
            jobs = open;
        }
        return open;
    }

    /** More records of a lane are durable now, and their publishers about to hear of it. */
    void durable() {
        if (consumers.count() == 0) {
            limitKeeping.drop(); // nobody takes them: the limit is kept when the publisher hears of it
        }
    }

    /** Something may be deliverable, or has to be written down: the shard comes by at the end of the turn. */
    void wake() {
        shard.serveAtEndOfTurn(this);
    }

    /** Serves again at that time at the latest. */
    void wakeAt(long dueMs) {
        timers.wakeAt(dueMs);
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
        limitKeeping.drop();
        settling.moveDeadLetters();
        if (keeping != null) {
            timers.wakeAt(keeping.giveUp(shard.turnTimeMs()));
        }
        entrance.endTurn();
        intake.endTurn();
    }

    void readAgainLater() {
        timers.readAgainIn(READ_AGAIN_MS);
    }

    /** The device may answer by now. */
    void readAgain() {
        if (!deleted) {
            for (Lane lane : lanes) {
                lane.readAgain();
            }
            wake();
        }
    }

    QueueStatus status() {
        return unavailable != null
                ? new QueueStatus(name(), 0, 0)
                : new QueueStatus(name(), ready(), consumers.count());
    }

    QueueStatistics statistics() {
        long inFlight = 0;
        long held = 0;
        for (Lane lane : lanes) {
            inFlight += lane.backlog().inFlight();
            held += lane.backlog().aside();
        }
        long bytes = readyBytes == null ? QueueStatistics.NOT_COUNTED : readyBytes.total();
        return counters.snapshot(name(), ready(), bytes, inFlight, held, intake.limitInMs(), pauses);
    }

    QueueOverview overview() {
        TransferProgress transfer = jobs == null ? null : jobs.progress();
        if (unavailable == null) {
            return new QueueOverview(spec, statistics(), consumers.count(), null, transfer);
        }
        QueueStatistics nothing = counters.snapshot(name(), 0, 0, 0, 0, OptionalLong.empty(), pauses);
        return new QueueOverview(spec, nothing, 0, unavailable.detail(), null);
    }

    /** Somebody declared it again. */
    void touch() {
        timers.touch();
    }

    /** Whether nobody is likely to take the next record soon. */
    boolean isIdle() {
        return dispatch.isIdle();
    }

    long purge() {
        long purged = 0;
        if (order != null) {
            order.forgetWaiting();
        }
        for (Lane lane : lanes) {
            long first = lane.backlog().cursor().floor();
            long ofLane = lane.purge();
            purged += ofLane;
            if (story != null && ofLane > 0) {
                story.purged(lane, first, lane.log().endOffset() - 1);
            }
        }
        counters.purged += purged;
        wake();
        return purged;
    }

    /** The queue is gone from the topology: tells everybody who is still at it. */
    void delete() {
        if (deleted) {
            return;
        }
        deleted = true;
        timers.cancel();
        settling.close();
        closeJobs(Refusal.Reason.QUEUE_NOT_FOUND);
        entrance.close();
        intake.close();
        consumers.delete();
        for (Lane lane : lanes) {
            lane.close();
        }
        for (Partition partition : partitions) {
            partition.delete();
        }
    }

    /** Before the broker stops: the next start finds what there is to know of producers without looking for it. */
    void noteProducers() {
        for (Partition partition : partitions) {
            partition.noteProducers();
        }
    }

    /** The broker stops: nothing is delivered or written any more. */
    void stop() {
        deleted = true;
        timers.cancel();
        settling.close();
        closeJobs(Refusal.Reason.CLOSING);
        consumers.stop();
        for (Lane lane : lanes) {
            lane.close();
        }
        for (Partition partition : partitions) {
            partition.stop();
        }
    }

    private void closeJobs(Refusal.Reason reason) {
        if (jobs != null) {
            jobs.close(reason);
        }
    }

    boolean isDeleted() {
        return deleted;
    }
}
