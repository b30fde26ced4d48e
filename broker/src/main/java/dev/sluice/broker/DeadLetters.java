package dev.sluice.broker;

import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records that leave a queue without having been processed, on their way to the exchange that the queue's owner named: read again, given their history, routed, and settled in the queue when they are durable where they go. Until
 * then they are in flight in the queue, and a crash brings them back. Where a target refuses them they wait and are tried again; what has no target is dropped and counted, and what would go in a circle is
 * parked. Confined to the queue's shard.
 */
final class DeadLetters implements RecordMove.Owner<DeadRecord> {
    /** So many records are on their way before the queue lets no more go, and serves no consumer that could send more. */
    static final int MOST = 1024;

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetters.class);
    private static final long RETRY_MS = 250;
    private static final String PARKED = ".parked";
    /** Connection 0 stands for none: the parking queue is the broker's. */
    private static final long NO_CONNECTION = 0;

    private final Queue queue;
    private final QueueCounters counters;
    private final ArrayDeque<DeadRecord> waiting = new ArrayDeque<>();
    private final MoveBatches<DeadRecord> batches;
    private @Nullable LogReader[] readers;
    private String exchange;
    private @Nullable String routingKey;
    private boolean wanted = true;
    private int moving;
    private Shard.@Nullable Timer retry;
    private boolean closed;
    private boolean heldUp;
    private boolean parkingReported;
    private boolean makingParkingQueue;

    /** What a record that dies becomes, and where it goes. */
    private record Letter(DeathHistory history, String routingKey, Route route) {}

    private DeadLetters(Queue queue, QueueCounters counters, String exchange) {
        this.queue = queue;
        this.counters = counters;
        this.exchange = exchange;
        this.routingKey = queue.spec().settings().deadLetterRoutingKey();
        this.batches = new MoveBatches<>(queue, this);
        this.readers = new @Nullable LogReader[queue.lanes().length];
    }

    /** Those of the queue; null if its owner wants none. */
    static @Nullable DeadLetters of(Queue queue, QueueCounters counters) {
        String exchange = queue.spec().settings().deadLetterExchange();
        return exchange == null ? null : new DeadLetters(queue, counters, exchange);
    }

    /** The queue's settings are others now. If they want no dead letters any more, what is on its way still arrives. */
    void settingsChanged() {
        QueueSettings settings = queue.spec().settings();
        String newExchange = settings.deadLetterExchange();
        wanted = newExchange != null;
        if (newExchange != null) {
            exchange = newExchange;
            routingKey = settings.deadLetterRoutingKey();
        }
    }

    /** Whether the queue's owner wants more of them. */
    boolean isWanted() {
        return wanted;
    }

    /** Whether no more should be let go for now. */
    boolean isFull() {
        return waiting.size() + moving >= MOST;
    }

    /** Whether what is on its way waits for who knows how long, since a target refused it. */
    boolean isHeldUp() {
        return heldUp;
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    /** A record in flight of the lane is not to be delivered any more. */
    void add(Lane lane, long offset, DeathReason reason) {
        waiting.addLast(new DeadRecord(lane, offset, reason, queue.home().turnTimeMs()));
        queue.wake();
    }

    /** Sends a copy of each record of a batch that the queue refuses. Its publishers know that they have to publish them again, so nothing is kept for a second attempt. */
    void sendRefused(Lane lane, ByteBuf batch) {
        if (isFull()) {
            return;
        }
        var record = new RecordCursor();
        record.reset(batch, batch.readerIndex());
        while (record.next()) {
            prepare(
                    new DeadRecord(
                            lane,
                            DeadRecord.REFUSED,
                            DeathReason.LENGTH_LIMIT,
                            queue.home().turnTimeMs()),
                    record);
        }
        batches.start();
    }

    /** Once in a turn: sends what can be read. */
    void move() {
        if (retry != null || closed) {
            return;
        }
        if (queue.isPersistent() && queue.home().moveLog().outOfOrder() != null) {
            retryLater();
            return;
        }
        for (DeadRecord next = waiting.pollFirst(); next != null; next = waiting.pollFirst()) {
            if (moving >= MOST || !prepare(next)) {
                waiting.addFirst(next);
                break;
            }
        }
        batches.start();
    }

    /** False if it has to wait. */
    private boolean prepare(DeadRecord next) {
        LogReader reader = reader(next.lane);
        return switch (reader.seek(next.offset)) {
            case AT -> {
                if (reader.record().offset() == next.offset) {
                    yield prepare(next, reader.record());
                }
                missing(next);
                yield true;
            }
            case MISSING -> {
                missing(next);
                yield true;
            }
            case PENDING, END -> false;
            case FAILED -> {
                report("its records cannot be read: "
                        + Objects.requireNonNull(reader.failure()).getMessage());
                retryLater();
                yield false;
            }
        };
    }

    private LogReader reader(Lane lane) {
        if (lane.index() >= readers.length) {
            readers = Arrays.copyOf(readers, queue.lanes().length);
        }
        LogReader reader = readers[lane.index()];
        if (reader == null) {
            PartitionLog log = lane.log();
            reader = new LogReader(log, queue::wake);
            readers[lane.index()] = reader;
        }
        return reader;
    }

    private void missing(DeadRecord record) {
        counters.damaged++;
        LOG.error("queue {}: record {} is missing in storage and was passed over", queue.name(), record.offset);
        record.lane.backlog().settleInFlight(record.offset);
    }

    /** False if it has to wait. */
    private boolean prepare(DeadRecord dead, RecordCursor record) {
        Letter letter = letter(dead.reason, dead.timeMs, record);
        List<Queue> targets = targets(letter.route, letter.history);
        if (targets == null) {
            return false;
        }
        targets.removeAll(dead.reached());
        if (targets.isEmpty()) {
            counters.deadLettersDropped += dead.reached().isEmpty() ? 1 : 0;
            QueueStory story = queue.story();
            if (story != null && dead.isToSettle()) {
                story.deadLettered(dead);
            }
            settle(dead);
            return true;
        }
        RecordMove<DeadRecord> move = batches.add(dead.lane, dead, record, targets);
        write(letter, record, queue.home().turnTimeMs(), move.batch());
        moving++;
        return true;
    }

    private Letter letter(DeathReason reason, long timeMs, RecordCursor record) {
        RouteHeader.Place place = RouteHeader.of(record).or(queue.spec().address());
        long ttlMs = RecordAttributes.isIn(record) ? RecordAttributes.ttlMs(record) : QueueSettings.UNLIMITED;
        var death = new Death(queue.name(), reason, place.exchange(), place.routingKey(), 1, timeMs, ttlMs);
        String key = routingKey == null ? place.routingKey() : routingKey;
        Route route = queue.home().deadLetterRoute(exchange, key, () -> RecordRewrite.texts(record));
        return new Letter(DeathHistory.after(DeathHistory.of(record), death), key, route);
    }

    private void write(Letter letter, RecordCursor record, long timestampMs, RecordBatchBuilder out) {
        RecordRewrite.deadLetter(record, letter.history, exchange, letter.routingKey, timestampMs, out);
    }

    /** Copies a record that a transaction rejects to where it goes, which is never round in a circle: somebody rejects it. Returns how many queues get it. */
    int copyRejected(Lane lane, RecordCursor record, PartitionWrites out) {
        Letter letter = letter(DeathReason.REJECTED, queue.home().turnTimeMs(), record);
        for (Inlet inlet : letter.route.inlets()) {
            ByteBuf key = record.keyLength() < 0 ? null : record.buffer().slice(record.keyIndex(), record.keyLength());
            PartitionWrite write = out.to(inlet, lane.index(), key);
            write(letter, record, PartitionWrite.TIMESTAMP, write.batch());
        }
        return letter.route.queueCount();
    }

    /** Where the record goes, the parking queue instead of all that it would go round through; null if that has to be made first. */
    private @Nullable List<Queue> targets(Route route, DeathHistory history) {
        var targets = new ArrayList<Queue>(route.queueCount());
        boolean parks = false;
        for (Inlet inlet : route.inlets()) {
            if (history.isCycleThrough(inlet.queue().name())) {
                parks = true;
            } else {
                targets.add(inlet.queue());
            }
        }
        if (parks) {
            Queue parking = parkingQueue();
            if (parking == null) {
                return null;
            }
            if (!targets.contains(parking)) {
                targets.add(parking);
            }
        }
        return targets;
    }

    private @Nullable Queue parkingQueue() {
        String name = parkingName();
        Queue found = queue.home().topology().queue(name);
        if (found == null && !makingParkingQueue) {
            makingParkingQueue = true;
            var spec = new QueueSpec(name, queue.spec().durable(), false, false, QueueSettings.DEFAULT);
            queue.home().declareQueue(spec, NO_CONNECTION, this::parkingQueueMade);
        }
        return found;
    }

    private void parkingQueueMade(Outcome<QueueStatus> outcome) {
        makingParkingQueue = false;
        switch (outcome) {
            case Outcome.Done<QueueStatus> done -> queue.wake();
            case Outcome.Refused<QueueStatus>(Refusal refusal) -> {
                report("queue " + parkingName() + " cannot be made: " + refusal);
                retryLater();
            }
        }
    }

    private String parkingName() {
        int most = RouteHeader.MAX_BYTES - PARKED.length();
        String name = queue.name();
        while (name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > most) {
            name = name.substring(0, name.offsetByCodePoints(name.length(), -1));
        }
        return name + PARKED;
    }

    @Override
    public void moved(RecordMove<DeadRecord> move) {
        moving -= move.records.size();
        heldUp = false;
        counters.deadLettered += move.records.size();
        if (goesToParking(move)) {
            counters.parked += move.records.size();
            reportParking();
        }
        QueueStory story = queue.story();
        if (story != null && move.records.getFirst().isToSettle()) {
            story.moved(StoryEvent.Kind.DEAD_LETTERED, move);
        }
        move.records.forEach(this::settle);
        queue.wake();
    }

    private boolean goesToParking(RecordMove<DeadRecord> move) {
        DeadRecord any = move.records.getFirst();
        return move.targets.getLast().name().equals(parkingName()) && any.reason != DeathReason.REJECTED;
    }

    @Override
    public void refused(RecordMove<DeadRecord> move, Refusal refusal) {
        moving -= move.records.size();
        report(refusal.toString());
        for (DeadRecord record : move.records.reversed()) {
            if (record.isToSettle()) {
                waiting.addFirst(record);
            } else {
                counters.deadLettersDropped++;
            }
        }
        retryLater();
    }

    private void settle(DeadRecord record) {
        if (record.isToSettle() && !closed) {
            record.lane.backlog().settleInFlight(record.offset);
        }
    }

    private void retryLater() {
        if (retry == null && !closed) {
            retry = queue.shard().schedule(this::retryNow, RETRY_MS);
        }
    }

    private void retryNow() {
        retry = null;
        if (!closed) {
            for (LogReader reader : readers) {
                if (reader != null) {
                    reader.retry();
                }
            }
            queue.wake();
        }
    }

    /** Once until it goes on again. */
    private void report(String reason) {
        if (!heldUp) {
            heldUp = true;
            LOG.warn("dead letters of queue {} wait: {}", queue.name(), reason);
        }
    }

    private void reportParking() {
        if (!parkingReported) {
            parkingReported = true;
            LOG.warn(
                    "queue {} and its dead letter exchange make a circle that no consumer breaks: what goes round is put into queue {}",
                    queue.name(),
                    parkingName());
        }
    }

    /** The queue is gone, or the broker stops. */
    void close() {
        closed = true;
        waiting.clear();
        if (retry != null) {
            retry.cancel();
        }
        for (LogReader reader : readers) {
            if (reader != null) {
                reader.close();
            }
        }
    }
}
