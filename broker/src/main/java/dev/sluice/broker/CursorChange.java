package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;

/**
 * The stored form of a change of, or a snapshot of, one queue's cursor: the value of a record in a cursor log, of which {@link CursorChangeWriter} writes as many as it takes.
 * All numbers are big-endian.
 *
 * <pre>
 *   0  1 byte   version, 1
 *   1  8 bytes  id of the queue
 *   9  8 bytes  floor: every record below is settled
 *  17  8 bytes  delivered below: records below may have been delivered
 *  25  4 bytes  number of ranges R
 *  29  R times  8 bytes first, 8 bytes last settled offset
 *   .  4 bytes  number of counts C
 *   .  C times  8 bytes offset, 4 bytes how often it was delivered
 * </pre>
 */
final class CursorChange {
    static final byte VERSION = 1;

    private CursorChange() {}

    static long queueId(RecordCursor record) {
        ByteBuf in = record.buffer();
        int version = in.getByte(record.valueIndex());
        if (version != VERSION) {
            throw new IllegalStateException("a cursor change of version " + version + ", this release reads version "
                    + VERSION + ": start the release that wrote this data folder");
        }
        return in.getLong(record.valueIndex() + 1);
    }

    static void merge(RecordCursor record, CursorState into) {
        ByteBuf in = record.buffer();
        int at = record.valueIndex() + 9;
        into.mergeFloor(in.getLong(at), in.getLong(at + 8));
        int ranges = in.getInt(at + 16);
        at += 20;
        for (int i = 0; i < ranges; i++, at += 16) {
            into.acknowledged.add(in.getLong(at), in.getLong(at + 8));
        }
        int counts = in.getInt(at);
        at += 4;
        for (int i = 0; i < counts; i++, at += 12) {
            into.mergeCount(in.getLong(at), in.getInt(at + 8));
        }
    }
}
