package dev.sluice.broker;

import dev.sluice.log.OffsetSet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.collection.LongObjectMap;
import java.util.function.Consumer;

/**
 * Writes changes and snapshots of cursors in the form that {@link CursorChange} draws. What would make a record too large goes on in further ones: merging is a union, so that several changes of
 * a queue say the same as one. Confined to its shard.
 */
final class CursorChangeWriter {
    /** Of ranges and counts together in one record, which is then half a megabyte. */
    static final int MOST_ENTRIES = 1 << 15;

    private final Consumer<ByteBuf> records;
    private final ByteBuf out = Unpooled.buffer(256);
    private final OffsetSet.RangeVisitor ranges = this::range;
    private long queueId;
    private long floor;
    private long deliveredBelow;
    private int entries;
    private int rangeCount;
    private int rangeCountAt;
    private int countsAt;

    /** @param records takes each record's value; the buffer is used again when it returns */
    CursorChangeWriter(Consumer<ByteBuf> records) {
        this.records = records;
    }

    /** Hands over at least one record. */
    void write(
            long ofQueue,
            long itsFloor,
            long itsDeliveredBelow,
            OffsetSet settledAbove,
            LongObjectMap<Integer> deliveryCounts) {
        queueId = ofQueue;
        floor = itsFloor;
        deliveredBelow = itsDeliveredBelow;
        begin();
        settledAbove.forEachRange(ranges);
        endRanges();
        for (LongObjectMap.PrimitiveEntry<Integer> count : deliveryCounts.entries()) {
            count(count.key(), count.value());
        }
        end();
    }

    private void begin() {
        out.clear();
        out.writeByte(CursorChange.VERSION).writeLong(queueId).writeLong(floor).writeLong(deliveredBelow);
        rangeCountAt = out.writerIndex();
        out.writeInt(0);
        entries = 0;
    }

    private void range(long first, long last) {
        if (entries == MOST_ENTRIES) {
            endRanges();
            end();
            begin();
        }
        out.writeLong(first).writeLong(last);
        entries++;
    }

    private void endRanges() {
        rangeCount = entries;
        out.setInt(rangeCountAt, rangeCount);
        countsAt = out.writerIndex();
        out.writeInt(0);
    }

    private void count(long offset, int count) {
        if (entries == MOST_ENTRIES) {
            end();
            begin();
            endRanges();
        }
        out.writeLong(offset).writeInt(count);
        entries++;
    }

    private void end() {
        out.setInt(countsAt, entries - rangeCount);
        records.accept(out);
    }
}
