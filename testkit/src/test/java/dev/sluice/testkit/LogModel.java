package dev.sluice.testkit;

import dev.sluice.log.Durability;
import dev.sluice.log.LogId;
import dev.sluice.log.RecordBatch;
import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Confined to the thread of the simulation. What a log must hold, by what was asked of it and what it answered. Every method
 * throws {@link AssertionError} where the log contradicts.
 */
final class LogModel {
    private static final int MARK_AT = 17;

    /** The mark is the header from the checksum on: no two batches have the same. */
    @SuppressWarnings("ArrayRecordComponent") // compared by hand
    record Batch(long baseOffset, long lastOffset, int bytes, byte[] mark, int[] records) {}

    final LogId id;
    private final Durability durability;
    private final TreeMap<Long, Batch> batches = new TreeMap<>();
    private final BitSet discarded = new BitSet();
    private final Set<Long> possiblyLost = new HashSet<>();
    private long startOffset;
    private long endOffset;
    private boolean isLossy;
    /** Everything below may be read. */
    private long durableOffset;
    /** Everything below survives a crash. */
    private long promisedOffset;

    LogModel(LogId id, Durability durability) {
        this.id = id;
        this.durability = durability;
    }

    long startOffset() {
        return startOffset;
    }

    long endOffset() {
        return endOffset;
    }

    long durableOffset() {
        return durableOffset;
    }

    List<Batch> batches() {
        return new ArrayList<>(batches.values());
    }

    /** A batch is about to be appended; says which offset it must get. */
    long appending(ByteBuf batch) {
        int index = batch.readerIndex();
        long last = endOffset + RecordBatch.recordCount(batch, index) - 1;
        batches.put(
                endOffset,
                new Batch(endOffset, last, batch.readableBytes(), mark(batch, index), checksums(batch, index)));
        long base = endOffset;
        endOffset = last + 1;
        if (!durability.isSync()) {
            durableOffset = endOffset;
        }
        return base;
    }

    void durable(long offset) {
        require(offset > durableOffset && offset <= endOffset, "durable offset " + offset + " was told");
        requireBoundary(offset);
        durableOffset = offset;
        promisedOffset = offset;
    }

    void trimmed(long before) {
        startOffset = Math.max(startOffset, Math.min(before, endOffset));
    }

    void discarded(long first, long last) {
        discarded.set((int) Math.max(first, startOffset), (int) Math.min(last, endOffset - 1) + 1);
    }

    List<long[]> discardedRanges() {
        List<long[]> ranges = new ArrayList<>();
        for (int from = discarded.nextSetBit(0); from >= 0; from = discarded.nextSetBit(from)) {
            int end = discarded.nextClearBit(from);
            ranges.add(new long[] {from, end - 1});
            from = end;
        }
        return ranges;
    }

    /** The log was opened: nothing confirmed may be missing, and nothing may be there that was not appended. */
    void opened(long start, long durable, long end) {
        require(
                start <= startOffset || (start <= durableOffset && isNothingNeeded(startOffset, start)),
                "opened with start offset " + start);
        require(durable == end, "opened with durable offset " + durable + ", not its end " + end);
        require(isLossy || end >= promisedOffset, "lost records: opened with end offset " + end);
        require(end <= endOffset, "invented records: opened with end offset " + end);
        if (end > startOffset) { // what was trimmed before it was durable ends anywhere below
            requireBoundary(end);
        }
        batches.values().removeIf(batch -> batch.lastOffset >= end);
        discarded.clear((int) end, Integer.MAX_VALUE);
        endOffset = end;
        durableOffset = end;
        promisedOffset = end;
        startOffset = Math.min(startOffset, end);
    }

    /** What came after the offset need not be there, since an older state was brought back. */
    void fallBackTo(long offset) {
        promisedOffset = Math.min(promisedOffset, offset);
    }

    /** It was closed in good order. */
    void allDurable() {
        durableOffset = endOffset;
        promisedOffset = endOffset;
    }

    /** The batch may have vanished: damage that cannot be told from an unfinished write. */
    void mayHaveLost(Batch batch) {
        possiblyLost.add(batch.baseOffset);
        while (durableOffset > 0) {
            Map.Entry<Long, Batch> last = batches.lowerEntry(durableOffset);
            if (last == null || !possiblyLost.contains(last.getKey())) {
                return;
            }
            durableOffset = last.getKey();
            promisedOffset = Math.min(promisedOffset, durableOffset);
        }
    }

    /** Anything may be gone after a repair; what is there must still be what was appended. */
    void mayLoseAnything() {
        isLossy = true;
    }

    private boolean isNothingNeeded(long from, long end) {
        return batches.subMap(from, end).values().stream().noneMatch(this::isNeeded);
    }

    /** The same of the batch that begins there. */
    boolean isNeeded(long baseOffset) {
        Batch batch = batches.get(baseOffset);
        return batch != null && isNeeded(batch);
    }

    /** Whether any of its records was neither trimmed nor discarded. */
    boolean isNeeded(Batch batch) {
        long first = Math.max(batch.baseOffset, startOffset);
        return !isLossy
                && first <= batch.lastOffset
                && !possiblyLost.contains(batch.baseOffset)
                && discarded.nextClearBit((int) first) <= batch.lastOffset;
    }

    /**
     * Checks the answer to a read.
     *
     * @param from the offset asked for
     * @param durableThen when it was asked: what is needed and below must be found
     * @param read whole batches; not released
     * @return where to read on; {@code from} if there was nothing
     */
    long read(long from, long durableThen, ByteBuf read) {
        long next = from;
        int index = read.readerIndex();
        while (index < read.writerIndex()) {
            var violation = RecordBatch.violation(read, index, read.writerIndex() - index);
            require(violation.isEmpty(), "read a batch with a violation: " + violation);
            long base = RecordBatch.baseOffset(read, index);
            long last = RecordBatch.lastOffset(read, index);
            Batch expected = batches.get(base);
            if (expected == null || expected.lastOffset != last) {
                throw wrong("read unknown batch " + base + " to " + last);
            }
            if (!Arrays.equals(mark(read, index), expected.mark)) {
                requireOnlySettledLeftOut(read, index, expected);
            }
            require(last >= next, "read batch " + base + " to " + last + ", asked for " + next);
            require(last < durableOffset, "read batch " + base + " to " + last + ", which is not durable");
            requireNothingSkipped(next, base);
            next = last + 1;
            index += RecordBatch.sizeInBytes(read, index);
        }
        require(index == read.writerIndex(), "a read ends in the middle of a batch");
        if (next == from) {
            requireNothingSkipped(from, durableThen);
        }
        return next;
    }

    /** A batch may come back without records that were discarded. */
    private void requireOnlySettledLeftOut(ByteBuf read, int index, Batch expected) {
        RecordCursor cursor = new RecordCursor();
        cursor.reset(read, index);
        long next = expected.baseOffset;
        while (cursor.next()) {
            requireSettled(next, cursor.offset());
            int at = (int) (cursor.offset() - expected.baseOffset);
            require(
                    checksum(cursor) == expected.records[at],
                    "read other bytes than were appended as record " + cursor.offset());
            next = cursor.offset() + 1;
        }
        requireSettled(next, expected.lastOffset + 1);
    }

    private void requireSettled(long from, long end) {
        long first = Math.max(from, startOffset);
        require(
                first >= end || discarded.nextClearBit((int) first) >= end,
                "a record of " + first + " to " + (end - 1) + " was left out of its batch");
    }

    private static int[] checksums(ByteBuf batch, int index) {
        int[] checksums = new int[RecordBatch.recordCount(batch, index)];
        RecordCursor cursor = new RecordCursor();
        cursor.reset(batch, index);
        for (int i = 0; cursor.next(); i++) {
            checksums[i] = checksum(cursor);
        }
        return checksums;
    }

    private static int checksum(RecordCursor cursor) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(8).putLong(cursor.timestampMs()).flip());
        crc.update(cursor.buffer().nioBuffer(cursor.valueIndex(), cursor.valueLength()));
        return (int) crc.getValue();
    }

    private void requireNothingSkipped(long from, long end) {
        Map.Entry<Long, Batch> first = batches.floorEntry(from);
        long start = first != null && first.getValue().lastOffset >= from ? first.getKey() : from;
        if (start >= end) {
            return;
        }
        for (Batch batch : batches.subMap(start, end).values()) {
            require(!isNeeded(batch), "a read skipped batch " + batch.baseOffset + " to " + batch.lastOffset);
        }
    }

    private void requireBoundary(long offset) {
        Map.Entry<Long, Batch> before = batches.lowerEntry(offset);
        require(
                before == null || before.getValue().lastOffset < offset,
                "offset " + offset + " is in the middle of a batch");
    }

    /** Where in the bytes the batch begins, from the index on; -1 if it is not there. */
    static int find(Batch batch, byte[] bytes, int from) {
        byte[] mark = batch.mark;
        for (int at = from + MARK_AT; at <= bytes.length - mark.length; at++) {
            if (bytes[at] == mark[0] && Arrays.equals(bytes, at, at + mark.length, mark, 0, mark.length)) {
                return at - MARK_AT;
            }
        }
        return -1;
    }

    private static byte[] mark(ByteBuf batch, int index) {
        return ByteBufUtil.getBytes(batch, index + MARK_AT, RecordBatch.HEADER_BYTES - MARK_AT);
    }

    private void require(boolean condition, String found) {
        if (!condition) {
            throw wrong(found);
        }
    }

    private AssertionError wrong(String found) {
        return new AssertionError("log " + id + ": " + found + "; the model has start " + startOffset + ", durable "
                + durableOffset + ", end " + endOffset);
    }
}
