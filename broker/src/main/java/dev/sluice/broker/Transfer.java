package dev.sluice.broker;

import dev.sluice.broker.TransferProgress.State;
import dev.sluice.log.RecordCursor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves, copies or drops records of a queue while the queue goes on with its work: gathers some that are ready, sends them, and gathers the next when these have arrived. Records on their way are in flight in the queue. Those that a
 * queue refuses are put back, and tried again. Confined to the queue's shard.
 */
final class Transfer implements RecordMove.Owner<Transfer.Item> {
    /** Records looked at in one turn. */
    static final int MOST_PER_TURN = 256;
    /** Records on their way at the same time. */
    static final int MOST_AT_ONCE = 1024;

    static final long RETRY_MS = 250;

    private static final Logger LOG = LoggerFactory.getLogger(Transfer.class);
    private static final int BYTES_AT_ONCE = 1 << 20;

    private final Queue queue;
    private final QueueCounters counters;
    private final TransferRequest request;
    /** Null if the records are dropped. */
    private final @Nullable TransferRoutes routes;

    private final QueueScan scan;
    private final MoveBatches<Item> batches;
    private final TransferPace pace;
    private final TransferKeys keys;
    private final TransferTally tally;
    /** Some of their queues have them, and others refused. */
    private final Map<RecordPosition, Item> halfway = new HashMap<>();

    private int gathered;
    private long gatheredBytes;
    /** Sent, and not yet answered. */
    private int moving;

    private boolean allSeen;
    private boolean stopping;
    private boolean closed;
    private Shard.@Nullable Timer timer;

    /** A record on its way. */
    record Item(Lane lane, long offset, long key, boolean isToSettle, List<Queue> reached) implements MovedRecord {
        RecordPosition position() {
            return new RecordPosition(lane.index(), offset);
        }
    }

    Transfer(Queue queue, QueueCounters counters, TransferRequest request) {
        this.queue = queue;
        this.counters = counters;
        this.request = request;
        TransferTarget to = request.to();
        this.routes = to == null ? null : new TransferRoutes(queue.home(), to);
        this.scan = new QueueScan(queue, null, this::step);
        this.batches = new MoveBatches<>(queue, this);
        this.pace = new TransferPace(queue.home(), request.perSecond());
        this.keys = new TransferKeys(queue);
        this.tally = new TransferTally(queue, request);
    }

    boolean isOver() {
        return tally.isOver();
    }

    TransferProgress progress() {
        return tally.progress();
    }

    /** Why it cannot begin; null if it can. */
    @Nullable
    Refusal refusal() {
        return routes == null ? null : routes.refusal(queue);
    }

    /** Looks at the next records, and sends what there is when that is enough. */
    void step() {
        if (isOver() || moving > 0 || timer != null || (gathered == 0 && mustWait())) {
            return;
        }
        for (int i = 0; i < MOST_PER_TURN; i++) {
            if (isEnough() || isTooFast()) {
                send();
                return;
            }
            switch (scan.seek()) {
                case AT -> {
                    look(scan.lane(), scan.record());
                    scan.pass();
                }
                case END -> {
                    allSeen = true;
                    send();
                    return;
                }
                case FAILED -> {
                    String why = String.valueOf(scan.takeFailure().getMessage());
                    if (gathered > 0) {
                        send(); // consumers are not to wait for them meanwhile
                    } else {
                        waitFor(why);
                    }
                    return;
                }
                case PENDING, MISSING -> {
                    return; // until it is read
                }
            }
        }
        queue.shard().execute(this::step);
    }

    /** Whether nothing can go on now. */
    private boolean mustWait() {
        if (routes == null || request.dryRun()) {
            return false;
        }
        Refusal gone = routes.refusal(queue);
        if (gone != null) {
            end(State.FAILED, gone.text());
            return true;
        }
        PublishGate gate = queue.home().publishGate();
        gate.check();
        if (gate.isStopped()) {
            waitFor(gate.refusal().detail());
        } else if (isNoted() && queue.home().moveLog().outOfOrder() != null) {
            waitFor("the storage takes nothing");
        }
        return timer != null;
    }

    private boolean isNoted() {
        return queue.isPersistent() && !request.copies();
    }

    private boolean isEnough() {
        return gathered == MOST_AT_ONCE || gatheredBytes >= BYTES_AT_ONCE || tally.done + gathered == request.most();
    }

    /** Comes back when the next record may go, if it may not now. */
    private boolean isTooFast() {
        long waitMs = request.dryRun() ? 0 : pace.waitMs();
        if (waitMs > 0) {
            stepIn(waitMs);
        }
        return waitMs > 0;
    }

    private void look(Lane lane, RecordCursor record) {
        tally.seen += scan.isAgain() ? 0 : 1;
        Item item = halfway.isEmpty() ? null : halfway.remove(new RecordPosition(lane.index(), record.offset()));
        if (item != null) {
            gather(item, record);
        } else if (isReady(lane, record) && request.filter().matches(record)) {
            if (routes == null) {
                drop(lane, record);
            } else {
                boolean isToSettle = !request.copies();
                gather(new Item(lane, record.offset(), keys.of(record), isToSettle, new ArrayList<>(0)), record);
            }
        }
    }

    private boolean isReady(Lane lane, RecordCursor record) {
        long nowMs = queue.home().turnTimeMs();
        RecordAttributes attributes = RecordAttributes.of(record);
        return lane.backlog().isReady(record.offset())
                && attributes.isDue(record.timestampMs(), nowMs)
                && !attributes.isOver(
                        record.timestampMs(), queue.spec().settings().messageTtlMs(), nowMs)
                && (routes == null || request.copies() || keys.isFree(record));
    }

    private void drop(Lane lane, RecordCursor record) {
        if (request.dryRun()) {
            tally.show(lane, record);
            return;
        }
        tally.done++;
        tally.goesOn();
        lane.backlog().takeOutOfTurn(record);
        lane.backlog().settleInFlight(record.offset());
        counters.purged++;
        QueueStory story = queue.story();
        if (story != null) {
            story.happened(StoryEvent.Kind.PURGED, lane, record.offset());
        }
        pace.took(record, 0);
        queue.wake();
    }

    private void gather(Item item, RecordCursor record) {
        TransferRoutes.Way way = Objects.requireNonNull(routes).of(record, queue);
        var targets = new ArrayList<>(way.queues());
        targets.removeAll(item.reached);
        if (targets.isEmpty() && item.reached.isEmpty()) {
            tally.left += scan.isAgain() ? 0 : 1;
        } else if (targets.isEmpty()) {
            arrived(item); // the others are gone
        } else if (request.dryRun()) {
            tally.show(item.lane, record);
        } else {
            if (item.isToSettle && item.reached.isEmpty()) {
                item.lane.backlog().takeOutOfTurn(record);
                keys.take(item.lane, item.offset, item.key);
            }
            write(record, way, batches.add(item.lane, item, record, targets));
            gathered++;
            gatheredBytes += (long) record.sizeInBytes() * targets.size();
            pace.took(record, targets.size());
            queue.wake();
        }
    }

    /** What its publisher asked holds where it comes to, too, but for a delay that is over. */
    private void write(RecordCursor record, TransferRoutes.Way way, RecordMove<Item> move) {
        RecordAttributes attributes = RecordAttributes.of(record).withDelayMs(0);
        RecordRewrite.write(
                record,
                attributes,
                way.history(),
                way.exchange(),
                way.routingKey(),
                queue.home().turnTimeMs(),
                move.batch());
    }

    /** Sends what was gathered. Answers may come at once. */
    private void send() {
        moving = gathered;
        gathered = 0;
        gatheredBytes = 0;
        if (moving > 0) {
            batches.start();
        } else if (allSeen || tally.done == request.most()) {
            end(State.DONE, "");
        }
    }

    @Override
    public void moved(RecordMove<Item> move) {
        QueueStory story = queue.story();
        if (story != null) {
            story.moved(request.copies() ? StoryEvent.Kind.COPIED : StoryEvent.Kind.MOVED, move);
        }
        move.records.forEach(this::arrived);
        tally.goesOn();
        answered(move);
    }

    private void arrived(Item item) {
        tally.done++;
        if (item.isToSettle && !closed) {
            counters.moved++;
            item.lane.backlog().settleInFlight(item.offset);
        }
    }

    @Override
    public void refused(RecordMove<Item> move, Refusal refusal) {
        tally.refused += move.records.size();
        if (!closed) {
            for (Item item : move.records) {
                putBack(item);
                scan.rewind(item.lane, item.offset);
            }
            allSeen = false;
            waitFor(refusal.text());
        }
        answered(move);
    }

    /** Until it is looked at again. */
    private void putBack(Item item) {
        if (!item.reached.isEmpty()) {
            halfway.put(item.position(), item);
        } else if (item.isToSettle) {
            item.lane.backlog().putBack(item.offset);
        }
    }

    private void answered(RecordMove<Item> move) {
        moving -= move.records.size();
        queue.wake();
        if (moving == 0 && !isOver()) {
            keys.retain(halfway.values().stream().mapToLong(Item::key));
            if (stopping) {
                end(State.STOPPED, "");
            } else {
                queue.shard().execute(this::step);
            }
        }
    }

    private void waitFor(String why) {
        tally.waits(why);
        stepIn(RETRY_MS);
    }

    private void stepIn(long delayMs) {
        if (timer == null) {
            timer = queue.shard()
                    .schedule(
                            () -> {
                                timer = null;
                                step();
                            },
                            delayMs);
        }
    }

    /** Ends it as soon as what is on its way has arrived; what was not sent stays. */
    void stop() {
        stopping = true;
        if (moving == 0 && !isOver()) {
            end(State.STOPPED, "");
        }
    }

    private void end(State newState, String why) {
        batches.discard().forEach(this::putBack);
        gathered = 0;
        if (!halfway.isEmpty()) {
            LOG.warn(
                    "{} records of queue {} stay there and are in other queues too, since one of several queues refused them",
                    halfway.size(),
                    queue.name());
        }
        halfway.values().stream()
                .filter(Item::isToSettle)
                .forEach(item -> item.lane.backlog().putBack(item.offset));
        halfway.clear();
        over(newState, why);
        queue.wake();
    }

    private void over(State newState, String why) {
        tally.ends(newState, why);
        scan.close();
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    /** The queue is gone, or the broker stops: nothing of it is touched any more. */
    void close() {
        closed = true;
        batches.discard();
        halfway.clear();
        if (!isOver()) {
            over(State.STOPPED, "");
        }
    }

    @Override
    public boolean isClosed() {
        return closed;
    }
}
