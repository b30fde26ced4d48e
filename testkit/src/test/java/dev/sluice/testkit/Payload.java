package dev.sluice.testkit;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Stateless. The values of simulated records: an id, and bytes that follow from it. */
final class Payload {
    static final int LEAST_BYTES = 8;

    private Payload() {}

    static ByteBuf of(long id, int bytes) {
        ByteBuf out = Unpooled.buffer(bytes);
        out.writeLong(id);
        for (int i = LEAST_BYTES; i < bytes; i++) {
            out.writeByte(byteAt(id, i));
        }
        return out;
    }

    private static int byteAt(long id, int i) {
        return (int) (id * 31 + i);
    }

    static long id(RecordCursor record) {
        BrokerModel.require(record.valueLength() >= LEAST_BYTES, "a record has no id");
        return record.buffer().getLong(record.valueIndex());
    }

    /** The record has all its bytes, and they are those that were published. */
    static void require(RecordCursor record, int bytes) {
        long id = id(record);
        BrokerModel.require(
                record.valueLength() == bytes,
                "record " + id + " has " + record.valueLength() + " bytes, not " + bytes);
        for (int i = LEAST_BYTES; i < bytes; i++) {
            BrokerModel.require(
                    record.buffer().getByte(record.valueIndex() + i) == (byte) byteAt(id, i),
                    "record " + id + " has another byte at " + i);
        }
    }
}
