package dev.sluice.broker;

import dev.sluice.log.AppendGroup;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a queue remembers of the ids of its records, so that those that are published again are not stored again. Each is remembered from the moment that its record is appended; once that is durable, it is noted in the {@link IdLog},
 * and before the record's storage is given back, that note is durable. So after a crash the ids are those in the notes and those of the records behind. Confined to the queue's shard.
 */
final class Deduplication {
    /** A start looks through so many records behind the last note, besides those with ids. */
    private static final long MOST_UNNOTED = 1 << 16;

    private static final int PARTITION_SHIFT = 48;
    private static final long OFFSET_MASK = (1L << PARTITION_SHIFT) - 1;
    /** Of a record that is durable, wherever it was. */
    private static final long SOMEWHERE = -1;

    private final Queue queue;
    private final DeduplicationWindow window;
    private Partition[] partitions = {};
    private Unnoted[] unnoted = {};

    /** Of one partition: ids that are not noted yet, by the batches that brought them. */
    private static final class Unnoted {
        private final ArrayDeque<Batch> batches = new ArrayDeque<>();
        private long notedBelow;

        private record Batch(long end, IdNote ids) {}
    }

    /** What is left of a batch, which still has all of its records if that is none. {@code awaited}: by partition, up to where what it repeats has to be durable; null where nothing is repeated. */
    @SuppressWarnings("ArrayRecordComponent") // handed over, and never compared
    record Left(ByteBuf batch, int count, long @Nullable [] awaited) {}

    private Deduplication(Queue queue, int most, long windowMs) {
        this.queue = queue;
        this.window = new DeduplicationWindow(most, windowMs);
        partitionsAdded();
    }

    /** The queue has more partitions now, in which nothing is. */
    void partitionsAdded() {
        partitions = queue.partitions();
        int before = unnoted.length;
        unnoted = Arrays.copyOf(unnoted, partitions.length);
        Arrays.setAll(unnoted, i -> i < before ? unnoted[i] : new Unnoted());
    }

    /** That of the queue; null if its owner wants none. */
    static @Nullable Deduplication of(Queue queue) {
        QueueSettings settings = queue.spec().settings();
        long most = settings.deduplicationWindow();
        return most < 0 ? null : new Deduplication(queue, (int) most, settings.deduplicationWindowMs());
    }

    /**
     * Takes out of a batch, which it takes over, what is in the window already, and remembers the rest, which is to be appended to the partition at once.
     *
     * @param group that the batch becomes durable with, if it is in one. What repeats a record that waits for another group stays in then: that could become durable later than what depends on it
     */
    Left take(int partition, ByteBuf batch, @Nullable AppendGroup group) {
        long nowMs = queue.home().turnTimeMs();
        window.expire(nowMs);
        var record = new RecordCursor();
        record.reset(batch, batch.readerIndex());
        var repeated = new BitSet();
        var ids = new IdNote();
        long[] awaited = null;
        long base = (long) partition << PARTITION_SHIFT
                | partitions[partition].log().endOffset();
        int count = 0;
        for (int kept = 0; record.next(); count++) {
            if (!DeduplicationId.isIn(record)) {
                kept++;
                continue;
            }
            long first = DeduplicationId.first(record);
            long second = DeduplicationId.second(record);
            if (!window.contains(first, second)) {
                window.add(first, second, nowMs, base + kept++);
                ids.add(first, second, nowMs);
                continue;
            }
            long place = window.note(first, second);
            boolean isInBatch = place >= base && place < base + kept;
            if (!isInBatch && isToBeKept(record, place, group)) {
                kept++;
            } else {
                repeated.set(count);
                awaited = await(awaited, place);
            }
        }
        int left = count - repeated.cardinality();
        if (!ids.isEmpty() && queue.isPersistent()) {
            unnoted[partition].batches.addLast(new Unnoted.Batch((base & OFFSET_MASK) + left, ids));
        }
        boolean isWhole = repeated.isEmpty() || left == 0;
        return new Left(isWhole ? batch : without(repeated, batch), left, awaited);
    }

    private boolean isToBeKept(RecordCursor record, long place, @Nullable AppendGroup group) {
        boolean mayBeLater =
                group != null && !isDurable(place) && partitionOf(place).mayBeLaterThan(group, place & OFFSET_MASK);
        return mayBeLater || hasBeenHere(record);
    }

    private Partition partitionOf(long place) {
        return partitions[(int) (place >>> PARTITION_SHIFT)];
    }

    /** A dead letter that comes back to where it died is no repetition of what was published. */
    private boolean hasBeenHere(RecordCursor record) {
        DeathHistory history = DeathHistory.of(record);
        return history != null
                && history.deaths().stream().anyMatch(death -> death.queue().equals(queue.name()));
    }

    private boolean isDurable(long place) {
        return place == SOMEWHERE
                || (place & OFFSET_MASK) < partitionOf(place).log().durableOffset();
    }

    private long[] await(long @Nullable [] awaited, long place) {
        long[] ends = awaited == null ? new long[partitions.length] : awaited;
        if (!isDurable(place)) {
            int partition = (int) (place >>> PARTITION_SHIFT);
            ends[partition] = Math.max(ends[partition], (place & OFFSET_MASK) + 1);
        }
        return ends;
    }

    private ByteBuf without(BitSet repeated, ByteBuf batch) {
        RecordBatchBuilder builder = queue.home().takeBuilder();
        var record = new RecordCursor();
        record.reset(batch, batch.readerIndex());
        for (int i = 0; record.next(); i++) {
            if (!repeated.get(i)) {
                builder.append(
                        record.timestampMs(),
                        slice(record, record.keyIndex(), record.keyLength()),
                        slice(record, record.valueIndex(), record.valueLength()),
                        record.buffer().slice(record.headersIndex(), record.headersLength()));
            }
        }
        ByteBuf kept = builder.build();
        queue.home().giveBack(builder);
        batch.release();
        return kept;
    }

    private static @Nullable ByteBuf slice(RecordCursor record, int index, int length) {
        return length < 0 ? null : record.buffer().slice(index, length);
    }

    /** Whether the batch repeats a record that is not durable yet: then {@code again} runs when that is, or never will be. */
    boolean waitsForOriginals(ByteBuf batch, Runnable again) {
        var record = new RecordCursor();
        record.reset(batch, batch.readerIndex());
        while (record.next()) {
            if (DeduplicationId.isIn(record)) {
                long place = placeOf(DeduplicationId.first(record), DeduplicationId.second(record));
                if (!isDurable(place) && !partitionOf(place).isLost()) {
                    Confirms then = Confirms.of(refusal -> again.run());
                    partitionOf(place).confirm((place & OFFSET_MASK) + 1, then, queue.home());
                    return true;
                }
            }
        }
        return false;
    }

    private long placeOf(long first, long second) {
        return window.contains(first, second) ? window.note(first, second) : SOMEWHERE;
    }

    /** Confirms to be told on the queue's shard, which tell {@code stored} on the publisher's once the originals are durable too. */
    Confirms behind(long[] awaited, Confirms stored, BrokerShard publisher) {
        return Confirms.of(refusal -> tellBehind(0, awaited, refusal, stored, publisher));
    }

    private void tellBehind(
            int from, long[] awaited, @Nullable Refusal refusal, Confirms stored, BrokerShard publisher) {
        for (int i = from; refusal == null && i < awaited.length; i++) {
            if (awaited[i] > partitions[i].log().durableOffset()) {
                int next = i + 1;
                partitions[i].confirm(
                        awaited[i],
                        Confirms.of(later -> tellBehind(next, awaited, later, stored, publisher)),
                        queue.home());
                return;
            }
        }
        publisher.answer(queue.home(), () -> stored.tell(refusal));
    }

    /** More of the partition is durable. */
    void durable(int partition, long durableOffset) {
        if (!queue.isPersistent()) {
            return;
        }
        Unnoted its = unnoted[partition];
        IdLog log = queue.home().idLog();
        for (Unnoted.Batch first = its.batches.peekFirst();
                first != null && first.end <= durableOffset;
                first = its.batches.peekFirst()) {
            its.batches.removeFirst();
            log.add(first.ids, queue, partition, first.end);
            its.notedBelow = first.end;
        }
        if (durableOffset - its.notedBelow > MOST_UNNOTED) {
            log.add(new IdNote(), queue, partition, durableOffset);
            its.notedBelow = durableOffset;
        }
    }

    /** Notes everything that is durable. */
    void writeSnapshot(IdLog log) {
        window.expire(queue.home().turnTimeMs());
        var note = new IdNote[] {new IdNote()};
        window.forEach((first, second, timeMs, place) -> {
            if (isDurable(place)) {
                note[0].add(first, second, timeMs);
                if (note[0].isFull()) {
                    log.add(note[0], queue, 0, 0);
                    note[0] = new IdNote();
                }
            }
        });
        log.add(note[0], queue, 0, 0);
        for (int i = 0; i < partitions.length; i++) {
            log.add(new IdNote(), queue, i, unnoted[i].notedBelow);
        }
    }

    /** After a start, before anything comes: takes up what was noted, and what stands behind in the partitions. */
    CompletableFuture<Void> restore(IdNote.State noted) {
        noted.forEach((first, second, timeMs, place) -> remember(first, second, timeMs));
        var scans = new CompletableFuture<?>[partitions.length];
        for (int i = 0; i < partitions.length; i++) {
            Unnoted its = unnoted[i];
            PartitionLog log = partitions[i].log();
            long below = noted.below(i);
            scans[i] = LogScan.run(log, offset -> Math.max(offset, below), record -> {
                        if (DeduplicationId.isIn(record)) {
                            remember(
                                    DeduplicationId.first(record),
                                    DeduplicationId.second(record),
                                    record.timestampMs());
                        }
                    })
                    .thenRun(() -> its.notedBelow = log.endOffset());
        }
        return CompletableFuture.allOf(scans);
    }

    private void remember(long first, long second, long timeMs) {
        window.expire(timeMs);
        if (!window.contains(first, second)) {
            window.add(first, second, timeMs, SOMEWHERE);
        }
    }
}
