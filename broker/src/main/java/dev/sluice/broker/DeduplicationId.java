package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What tells a record that is published again from a new one, given by its publisher. Stored in a record header, as the first {@value #BYTES} bytes of the SHA-256 of what the publisher gave: nobody makes two of them alike. Stateless.
 */
public final class DeduplicationId {
    /** Name of the header; not to be written to. */
    @SuppressWarnings("MutablePublicArray") // compared with bytes of every record: a copy each time is too dear
    public static final byte[] KEY =
            (RouteHeader.RESERVED_PREFIX + "deduplication").getBytes(StandardCharsets.US_ASCII);

    static final int BYTES = 16;

    private DeduplicationId() {}

    /** The header's value for this id, which may be any bytes. */
    public static ByteBuf encode(byte[] id) {
        try {
            return Unpooled.wrappedBuffer(MessageDigest.getInstance("SHA-256").digest(id), 0, BYTES);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /** Whether the record has an id; its reading of headers stands there then. */
    static boolean isIn(RecordCursor record) {
        return record.findHeader(KEY) && record.headerValueLength() == BYTES;
    }

    /** After {@link #isIn}. */
    static long first(RecordCursor record) {
        return record.buffer().getLong(record.headerValueIndex());
    }

    /** After {@link #isIn}. */
    static long second(RecordCursor record) {
        return record.buffer().getLong(record.headerValueIndex() + Long.BYTES);
    }
}
