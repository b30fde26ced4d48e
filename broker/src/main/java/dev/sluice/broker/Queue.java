package dev.sluice.broker;

import dev.sluice.broker.Outcome.Reply;
import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.log.LogId;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A queue: one log, the backlog of what is not settled in it, and the consumers that compete for it. Confined to its shard, but for what it was declared as, which never changes, and the inlets, of which each
 * belongs to the shard it is for.
 */
final class Queue implements PartitionLog.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Queue.class);
    /** Deliveries in one turn, so that one queue does not keep a shard from the others. */
    private static final int DELIVERIES_PER_TURN = 1024;

    private static final long READ_AGAIN_MS = 1_000;

    private final LogId id;
    private final QueueSpec spec;
    private final long owner;
    private final BrokerShard shard;
    private final Inlet[] inlets;

    private final Dispatcher dispatcher = new Dispatcher();
    private final QueueCounters counters = new QueueCounters();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final ArrayDeque<Consumer> getters = new ArrayDeque<>(0);
    private final QueueTimers timers = new QueueTimers(this);
    private @Nullable PartitionLog log;
    private @Nullable Backlog backlog;
    private @Nullable Refusal outOfOrder;
    private @Nullable Refusal unavailable;
    /** The last read of its records failed. */
    private @Nullable Refusal unreadable;

    private boolean hadConsumer;
    private boolean deleted;
    /** Whether the shard will come by at the end of the turn. */
    boolean dirty;

    /** Publishers of one batch, until everything below {@code end} is durable. */
    private record Waiting(long end, Confirms confirms, BrokerShard publisher) {}

    /** {@code owner}: the connection that an exclusive queue belongs to; 0 for none. */
    Queue(LogId id, QueueSpec spec, long owner, BrokerShard shard, int shardCount) {
        this.id = id;
        this.spec = spec;
        this.owner = owner;
        this.shard = shard;
        this.inlets = new Inlet[shardCount];
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

    /** The queue begins to work. */
    void open(PartitionLog itsLog, CursorState state) {
        shard.shard().assertOwner();
        log = itsLog;
        backlog = new Backlog(itsLog, state, this::wake);
        timers.touch();
    }

    boolean isOpen() {
        return backlog != null;
    }

    /** Its storage is damaged: the name stays taken and everything but deletion is refused. To be called before any shard knows the queue. */
    void markUnavailable(String reason) {
        unavailable = new Refusal(Refusal.Reason.STORAGE, name(), reason);
        outOfOrder = unavailable;
    }

    /** Why it can only be deleted; null for a queue in order. Any thread. */
    @Nullable
    Refusal unavailable() {
        return unavailable;
    }

    /** Takes over {@code batch}. */
    void append(ByteBuf batch, int count, @Nullable Confirms taken, @Nullable Confirms stored, BrokerShard publisher) {
        Refusal refusal = refusal(count);
        if (refusal != null) {
            batch.release();
            refuse(taken, refusal, publisher);
            refuse(stored, refusal, publisher);
            return;
        }
        PartitionLog open = log();
        long end = open.append(batch) + count;
        backlog().appended(count);
        counters.published += count;
        if (taken != null) {
            publisher.answer(shard, taken::stored);
        }
        if (stored != null) {
            waiting.addLast(new Waiting(end, stored, publisher));
        }
        if (open.durableOffset() >= end) {
            confirmBelow(open.durableOffset());
        }
        wake();
    }

    private void refuse(@Nullable Confirms confirms, Refusal refusal, BrokerShard publisher) {
        if (confirms != null) {
            publisher.answer(shard, () -> confirms.refused(refusal));
        }
    }

    private @Nullable Refusal refusal(int count) {
        if (deleted) {
            return new Refusal(Refusal.Reason.QUEUE_NOT_FOUND, name());
        }
        if (outOfOrder != null) {
            return outOfOrder;
        }
        if (unreadable != null) {
            return unreadable;
        }
        QueueSettings settings = spec.settings();
        if (settings.overflow() == Overflow.REJECT
                && settings.maxLength() >= 0
                && backlog().ready() >= settings.maxLength()) {
            counters.refusedAtLimit += count;
            return new Refusal(Refusal.Reason.QUEUE_FULL, name(), "it holds its limit of " + settings.maxLength());
        }
        return null;
    }

    @Override
    public void durable(long durableOffset) {
        if (dispatcher.size() == 0) {
            dropOverLimit(); // nobody takes them: the limit is kept when the publisher hears of it
        }
        confirmBelow(durableOffset);
        wake();
    }

    private void confirmBelow(long durableOffset) {
        for (Waiting first = waiting.peekFirst();
                first != null && first.end <= durableOffset;
                first = waiting.peekFirst()) {
            waiting.removeFirst();
            first.publisher.answer(shard, first.confirms::stored);
        }
    }

    @Override
    public void stalled(String reason) {
        LOG.warn("queue {} takes no more records: {}", name(), reason);
        outOfOrder = new Refusal(Refusal.Reason.STORAGE, name(), reason);
    }

    @Override
    public void resumed() {
        LOG.info("queue {} takes records again", name());
        outOfOrder = null;
    }

    @Override
    public void lost(StorageException cause) {
        LOG.error("queue {} lost its storage", name(), cause);
        outOfOrder = new Refusal(Refusal.Reason.STORAGE, name(), String.valueOf(cause.getMessage()));
        refuseWaiting(outOfOrder);
    }

    private void refuseWaiting(Refusal refusal) {
        for (Waiting lost : waiting) {
            lost.publisher.answer(shard, () -> lost.confirms.refused(refusal));
        }
        waiting.clear();
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
        dropExpired();
        serveGetters();
        int budget = DELIVERIES_PER_TURN;
        while (budget > 0 && serveOne()) {
            budget--;
        }
        dispatcher.flush();
        dropOverLimit();
        if (budget == 0) {
            wake();
        }
    }

    private boolean serveOne() {
        Consumer consumer = dispatcher.next();
        if (consumer == null) {
            return false;
        }
        if (!toNextReadable()) {
            consumer.releaseShared(1);
            dispatcher.unserved(consumer);
            return false;
        }
        deliver(consumer);
        dispatcher.served(consumer);
        return true;
    }

    /** Whether the backlog stands at a record now. */
    private boolean toNextReadable() {
        Backlog open = backlog();
        while (open.ready() > 0) {
            switch (open.peek()) {
                case AT -> {
                    if (unreadable != null) {
                        unreadable = null;
                        LOG.info("queue {} can be read again", name());
                    }
                    countMissing(open.skipMissing(open.record().offset()));
                    return true;
                }
                case MISSING -> countMissing(open.skipMissing());
                case PENDING, END -> {
                    return false;
                }
                case FAILED -> {
                    notReadable(open.failure());
                    return false;
                }
            }
        }
        return false;
    }

    private void countMissing(long records) {
        if (records > 0) {
            counters.damaged += records;
            LOG.error("queue {}: {} records are missing in storage and were passed over", name(), records);
        }
    }

    /** Nothing is confirmed that could perhaps not be read either; a device may come back, damage does not. */
    private void notReadable(StorageException failure) {
        if (unreadable == null) {
            LOG.error("queue {} cannot be read: {}", name(), failure.getMessage());
        }
        unreadable = new Refusal(Refusal.Reason.STORAGE, name(), String.valueOf(failure.getMessage()));
        if (failure.isRetryable()) {
            timers.readAgainIn(READ_AGAIN_MS);
        }
    }

    /** The device may answer by now. */
    void readAgain() {
        if (!deleted) {
            backlog().retry();
            toNextReadable();
            wake();
        }
    }

    private void deliver(Consumer consumer) {
        Backlog open = backlog();
        RecordCursor record = open.record();
        long offset = record.offset();
        int count = open.deliveryCount(offset);
        boolean redelivered = open.mayHaveBeenDelivered(offset);
        consumer.sink.deliver(consumer, record, count, redelivered);
        delivered(consumer, offset, redelivered, consumer.noAck());
    }

    private void delivered(Consumer consumer, long offset, boolean redelivered, boolean noAck) {
        Backlog open = backlog();
        counters.delivered++;
        if (redelivered) {
            counters.redelivered++;
        }
        open.take();
        if (noAck) {
            counters.acknowledged++;
            open.settleInFlight(offset);
        } else {
            consumer.delivered(offset);
        }
    }

    private void serveGetters() {
        while (!getters.isEmpty()) {
            Backlog open = backlog();
            boolean readable = toNextReadable();
            if (!readable && open.ready() > 0 && outOfOrder == null && unreadable == null) {
                return; // it is being read or written: the get waits for it
            }
            Consumer consumer = getters.removeFirst();
            Consumer.PendingGet get = consumer.gets.pollFirst();
            if (get == null) {
                continue;
            }
            if (!readable) {
                get.reply().empty();
                continue;
            }
            RecordCursor record = open.record();
            long offset = record.offset();
            boolean redelivered = open.mayHaveBeenDelivered(offset);
            get.reply().got(consumer, record, open.deliveryCount(offset), redelivered, open.ready() - 1);
            delivered(consumer, offset, redelivered, get.noAck());
        }
    }

    private void dropOverLimit() {
        QueueSettings settings = spec.settings();
        if (settings.maxLength() < 0 || settings.overflow() != Overflow.DROP_OLDEST) {
            return;
        }
        Backlog open = backlog();
        while (open.ready() > settings.maxLength() && open.dropOldest()) {
            counters.droppedAtLimit++;
        }
    }

    private void dropExpired() {
        long ttlMs = spec.settings().messageTtlMs();
        if (ttlMs < 0) {
            return;
        }
        long nowMs = shard.turnTimeMs();
        Backlog open = backlog();
        while (toNextReadable()) {
            long dueMs = open.record().timestampMs() + ttlMs;
            if (dueMs > nowMs) {
                timers.expireHeadAt(dueMs);
                return;
            }
            open.dropOldest();
            counters.expired++;
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
        timers.touch();
        serveGetters();
        wake();
    }

    void settle(Consumer consumer, long offset, Settlement settlement) {
        if (deleted || !consumer.settled(offset)) {
            return;
        }
        consumer.releaseShared(1);
        Backlog open = backlog();
        switch (settlement) {
            case ACK -> {
                counters.acknowledged++;
                open.settleInFlight(offset);
            }
            case REJECT -> {
                counters.rejected++;
                open.settleInFlight(offset);
            }
            case RELEASE -> open.release(offset);
        }
        dispatcher.offer(consumer);
        wake();
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
        long[] offsets = consumer.takeInFlight();
        consumer.releaseShared(offsets.length);
        if (deleted) {
            return;
        }
        for (long offset : offsets) {
            backlog().release(offset);
        }
        wake();
    }

    QueueStatus status() {
        return unavailable != null
                ? new QueueStatus(name(), 0, 0)
                : new QueueStatus(name(), backlog().ready(), dispatcher.size());
    }

    QueueStatistics statistics() {
        return counters.snapshot(name(), backlog().ready(), backlog().inFlight());
    }

    /** Somebody declared it again. */
    void touch() {
        timers.touch();
    }

    int consumerCount() {
        return dispatcher.size();
    }

    long purge() {
        long purged = backlog().purge();
        counters.purged += purged;
        wake();
        return purged;
    }

    /** The queue is gone from the topology: tells everybody who is still at it. */
    void delete() {
        deleted = true;
        timers.cancel();
        for (Consumer consumer : dispatcher.all()) {
            consumer.markCancelled();
            consumer.sink.cancelled(consumer);
        }
        confirmBelow(Long.MAX_VALUE);
        if (backlog != null) {
            backlog.close();
        }
    }

    /** The broker stops: nothing is delivered or written any more. */
    void stop() {
        deleted = true;
        timers.cancel();
        backlog().close();
    }

    boolean isDeleted() {
        return deleted;
    }

    Backlog backlog() {
        Backlog open = backlog;
        if (open == null) {
            throw new IllegalStateException("queue " + name() + " is not open");
        }
        return open;
    }

    PartitionLog log() {
        PartitionLog open = log;
        if (open == null) {
            throw new IllegalStateException("queue " + name() + " is not open");
        }
        return open;
    }
}
