package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Stateless. Encodes the headers section of a record, which {@link RecordBatchBuilder#append} copies as it is: first
 * {@link #writeCount}, then that many {@link #write}. All numbers are zigzag varints.
 *
 * <pre>
 *  +-------+------------+-----+--------------+-------+----
 *  | count | key length | key | value length | value | ...
 *  +-------+------------+-----+--------------+-------+----
 *                             (-1: no value)
 * </pre>
 *
 * Keys are UTF-8. Nothing here takes over or releases a buffer, nor moves the reader index of a value.
 */
public final class RecordHeaders {
    /** The section of a record without headers. Read-only; retain and release do nothing. */
    public static final ByteBuf EMPTY =
            Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(new byte[1]).asReadOnly());

    private RecordHeaders() {}

    public static void writeCount(ByteBuf out, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("a record cannot have " + count + " headers");
        }
        Varint.write(out, count);
    }

    /** Writes one header; its value is what is readable of {@code value}. */
    public static void write(ByteBuf out, byte[] key, @Nullable ByteBuf value) {
        writeKey(out, key);
        if (value == null) {
            Varint.write(out, -1);
        } else {
            Varint.write(out, value.readableBytes());
            out.writeBytes(value, value.readerIndex(), value.readableBytes());
        }
    }

    /** Writes one header. */
    public static void write(ByteBuf out, byte[] key, byte @Nullable [] value) {
        writeKey(out, key);
        if (value == null) {
            Varint.write(out, -1);
        } else {
            Varint.write(out, value.length);
            out.writeBytes(value);
        }
    }

    private static void writeKey(ByteBuf out, byte[] key) {
        Varint.write(out, key.length);
        out.writeBytes(key);
    }
}
