package dev.sluice.broker;

import dev.sluice.broker.ProducerStates.Verdict;
import dev.sluice.log.AppendGroup;
import dev.sluice.log.LogId;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One ordered run of records: a log, the publishers that wait for it to be durable, and the lanes that read it. Confined to the shard of the queue that it belongs to.
 */
final class Partition implements PartitionLog.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(Partition.class);

    private final Queue queue;
    private final int index;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final Set<Lane> readers = new LinkedHashSet<>(2);
    /** Who waits for more; null until somebody does. */
    private @Nullable Set<PartitionStream.Await> awaits;

    private @Nullable PartitionLog log;
    private @Nullable LastValues lastValues;
    private @Nullable Refusal outOfOrder;
    private @Nullable Refusal unreadable;
    private boolean lost;
    /** Null until one numbers its batches. */
    private @Nullable IdempotentProducers producers;

    /** Of the last group that it had something of. */
    private @Nullable AppendGroup lastGroup;

    private long groupStart;
    private long groupEnd;

    /** Publishers of one batch, until everything below {@code end} is durable. */
    private record Waiting(long end, Confirms confirms, BrokerShard publisher) {}

    Partition(Queue queue, int index) {
        this.queue = queue;
        this.index = index;
    }

    LogId id() {
        return new LogId(queue.id().value() + index);
    }

    /** It begins to take records. */
    void open(PartitionLog itsLog) {
        log = itsLog;
        lastValues = LastValues.of(queue, this);
    }

    /** The topic's settings are others now. */
    void settingsChanged() {
        boolean keepsLast = queue.spec().settings().keep() == TopicKeeping.Keep.LAST_PER_KEY;
        if (keepsLast == (lastValues != null)) {
            return;
        }
        if (lastValues != null) {
            lastValues.close();
        }
        lastValues = LastValues.of(queue, this);
        readers.forEach(reader -> reader.queue().keepChanged());
    }

    /** Null if it keeps others too. */
    @Nullable
    LastValues lastValues() {
        return lastValues;
    }

    /** Whether what is settled stays, and readers have to expect that what is not goes. */
    boolean isOfTopic() {
        return queue.spec().isTopic();
    }

    boolean isOpen() {
        return log != null;
    }

    PartitionLog log() {
        PartitionLog open = log;
        if (open == null) {
            throw new IllegalStateException("queue " + queue.name() + " is not open");
        }
        return open;
    }

    /** The lane hears from now on of what is appended. */
    void add(Lane reader) {
        readers.add(reader);
    }

    void remove(Lane reader) {
        readers.remove(reader);
    }

    /** Those of the subscriptions of a topic, or the one of a queue. */
    Collection<Lane> readers() {
        return readers;
    }

    /** After a start, before anything comes; {@code notes} are those of the queue. */
    CompletableFuture<Void> restoreProducers(ProducerNote.State notes) {
        return IdempotentProducers.restore(queue, index, log(), notes).thenAccept(restored -> producers = restored);
    }

    /** Notes everything that is to be known of producers, in case the notes before are lost. */
    void writeProducers() {
        if (producers != null && !producers.writeSnapshot()) {
            producers = null;
        }
    }

    /** Notes what is new of producers. */
    void noteProducers() {
        if (producers != null) {
            producers.note();
        }
    }

    /** What it knows of producers that number their batches, for people. */
    List<ProducerStatus> producers() {
        return producers == null ? List.of() : producers.status();
    }

    /** What a reader has settled, durably, is not needed by it any more. */
    void giveBack(Cursor.Reclaim reclaim) {
        if (isOfTopic()) {
            queue.wake(); // others may need it
            return;
        }
        whenNoted(() -> reclaim.giveBack(log()));
    }

    /** Gives up what is durable below the offset, of a topic; {@code passOver} tells each reader. */
    void giveUp(long below, ObjLongConsumer<Lane> passOver) {
        long durableBelow = Math.min(below, log().durableOffset());
        whenNoted(() -> {
            log().trim(durableBelow);
            readers.forEach(reader -> passOver.accept(reader, durableBelow));
        });
    }

    /** Runs {@code action}, which gives up durable records, once their ids and producers are known without them. */
    void whenNoted(Runnable action) {
        if ((queue.deduplication() == null && producers == null) || !queue.isPersistent()) {
            action.run();
            return;
        }
        noteProducers();
        queue.home().idLog().log().whenEverythingIsDurable(() -> {
            if (!queue.isDeleted()) {
                action.run();
            }
        });
    }

    /** Takes over {@code batch}. */
    void append(ByteBuf batch, int count, @Nullable Confirms stored, BrokerShard publisher) {
        appending(batch);
        appended(log().append(batch) + count, count, stored, publisher);
    }

    /** As {@link #append}, for the next batch of its producer. */
    void appendNumbered(ByteBuf batch, int count, ProducerBatch numbered, Confirms stored, BrokerShard publisher) {
        IdempotentProducers its = producersFrom();
        appending(batch);
        long base = log().append(batch);
        its.appended(numbered.at(base));
        appended(base + count, count, stored, publisher);
    }

    /** As {@link #append}, for one member of the group. */
    @SuppressWarnings("ReferenceEquality") // a group is itself
    void appendInGroup(ByteBuf batch, int count, AppendGroup group, @Nullable Confirms stored, BrokerShard publisher) {
        appending(batch);
        long base = log().append(batch, group);
        if (lastGroup != group) {
            lastGroup = group;
            groupStart = base;
        }
        groupEnd = base + count;
        appended(groupEnd, count, stored, publisher);
    }

    /** Whether what is there could become durable later than the group, as it waits for another. */
    @SuppressWarnings("ReferenceEquality") // a group is itself
    boolean mayBeLaterThan(AppendGroup group, long offset) {
        boolean isInIt = lastGroup == group && offset >= groupStart;
        return groupEnd > log().durableOffset() && !isInIt;
    }

    /** Tells {@code stored} when everything below {@code end}, which is appended, is durable. */
    void confirm(long end, Confirms stored, BrokerShard publisher) {
        waiting.addLast(new Waiting(end, stored, publisher));
        confirmBelow(log().durableOffset());
    }

    /** Whether the batch, which is to be appended, is the next of its producer. */
    Verdict verdict(ProducerBatch numbered) {
        return producers == null ? ProducerStates.APPEND : producers.verdict(numbered);
    }

    /** The batch, which was the next of its producer, is not appended. */
    void notAppended(ProducerBatch numbered) {
        if (isOpen() && !queue.isDeleted()) {
            producersFrom().notAppended(numbered);
        }
    }

    private IdempotentProducers producersFrom() {
        IdempotentProducers known = producers;
        if (known == null) {
            known = IdempotentProducers.begin(queue, index, log());
            producers = known;
        }
        return known;
    }

    private void appending(ByteBuf batch) {
        if (producers != null) {
            producers.appending(batch.readableBytes());
        }
        for (Lane reader : readers) {
            reader.backlog().appending(batch);
        }
    }

    private void appended(long end, int count, @Nullable Confirms stored, BrokerShard publisher) {
        PartitionLog open = log();
        for (Lane reader : readers) {
            reader.backlog().appended(count);
        }
        if (stored != null) {
            waiting.addLast(new Waiting(end, stored, publisher));
        }
        if (open.durableOffset() >= end) {
            confirmBelow(open.durableOffset());
            endAwaits(open.durableOffset());
            wakeReaders();
        }
    }

    private void wakeReaders() {
        for (Lane reader : readers) {
            reader.queue().wake();
        }
    }

    BrokerShard home() {
        return queue.home();
    }

    /** {@code await} ends when there is a durable record at its offset, or nothing to wait for. */
    void await(PartitionStream.Await await) {
        if (queue.isDeleted() || log == null || log.durableOffset() > await.offset()) {
            await.end();
            return;
        }
        if (awaits == null) {
            awaits = new LinkedHashSet<>();
        }
        awaits.add(await);
    }

    void forget(PartitionStream.Await await) {
        if (awaits != null) {
            awaits.remove(await);
        }
    }

    private void endAwaits(long durableOffset) {
        if (awaits == null || awaits.isEmpty()) {
            return;
        }
        List<PartitionStream.Await> ended =
                awaits.stream().filter(await -> await.offset() < durableOffset).toList();
        ended.forEach(awaits::remove);
        ended.forEach(PartitionStream.Await::end);
    }

    @Override
    public void durable(long durableOffset) {
        Deduplication deduplication = queue.deduplication();
        if (deduplication != null) {
            deduplication.durable(index, durableOffset);
        }
        if (producers != null) {
            producers.durable();
        }
        for (Lane reader : readers) {
            reader.queue().durable();
        }
        confirmBelow(durableOffset);
        endAwaits(durableOffset);
        wakeReaders();
        if (isOfTopic()) {
            queue.wake();
        }
    }

    private void confirmBelow(long durableOffset) {
        for (Waiting first = waiting.peekFirst();
                first != null && first.end <= durableOffset;
                first = waiting.peekFirst()) {
            waiting.removeFirst();
            first.publisher.answer(queue.home(), first.confirms::stored);
        }
    }

    @Override
    public void stalled(String reason) {
        LOG.warn("queue {} takes no more records: {}", queue.name(), reason);
        outOfOrder = new Refusal(Refusal.Reason.STORAGE, queue.name(), reason);
    }

    @Override
    public void resumed() {
        LOG.info("queue {} takes records again", queue.name());
        outOfOrder = null;
    }

    @Override
    public void lost(StorageException cause) {
        LOG.error("queue {} lost its storage", queue.name(), cause);
        lost = true;
        Refusal refusal = new Refusal(Refusal.Reason.STORAGE, queue.name(), String.valueOf(cause.getMessage()));
        outOfOrder = refusal;
        for (Waiting batch : waiting) {
            batch.publisher.answer(queue.home(), () -> batch.confirms.refused(refusal));
        }
        waiting.clear();
    }

    /** Whether nothing can be appended any more. */
    boolean isLost() {
        return lost;
    }

    /** Whether what is there can perhaps not be had again; not if nothing can be added for now. */
    boolean isOutOfReach() {
        return lost || unreadable != null;
    }

    /** Why nothing can be appended now; null if something can. What could perhaps not be read is not taken either. */
    @Nullable
    Refusal refusal() {
        return outOfOrder != null ? outOfOrder : unreadable;
    }

    /** A record was read. */
    void readable() {
        if (unreadable != null) {
            unreadable = null;
            LOG.info("queue {} can be read again", queue.name());
        }
    }

    /** Nothing is confirmed that could perhaps not be read either; a device may come back, damage does not. */
    void notReadable(StorageException failure) {
        if (unreadable == null) {
            LOG.error("queue {} cannot be read: {}", queue.name(), failure.getMessage());
        }
        unreadable = new Refusal(Refusal.Reason.STORAGE, queue.name(), String.valueOf(failure.getMessage()));
    }

    /** The queue is gone: there is nothing that anybody could wait for. */
    void delete() {
        confirmBelow(Long.MAX_VALUE);
        stop();
    }

    /** Nothing is read or written any more. */
    void stop() {
        if (lastValues != null) {
            lastValues.close();
        }
        endAwaits(Long.MAX_VALUE);
    }
}
