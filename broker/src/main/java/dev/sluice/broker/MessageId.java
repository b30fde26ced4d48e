package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** The id that a publisher gave its message, for people to ask for: the record header {@code message-id} or, where it came over AMQP, the property of that name in the stored properties. Stateless. */
final class MessageId {
    private static final byte[] HEADER = "message-id".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] AMQP = (RouteHeader.RESERVED_PREFIX + "amqp").getBytes(StandardCharsets.US_ASCII);

    // Flags of AMQP's basic properties, whose values stand in this order.
    private static final int CONTENT_TYPE = 1 << 15;
    private static final int CONTENT_ENCODING = 1 << 14;
    private static final int HEADERS = 1 << 13;
    private static final int DELIVERY_MODE = 1 << 12;
    private static final int PRIORITY = 1 << 11;
    private static final int CORRELATION_ID = 1 << 10;
    private static final int REPLY_TO = 1 << 9;
    private static final int EXPIRATION = 1 << 8;
    private static final int MESSAGE_ID = 1 << 7;

    private MessageId() {}

    /** Empty if it has none. */
    static String of(RecordCursor record) {
        if (record.findHeader(HEADER) && record.headerValueLength() >= 0) {
            return record.buffer()
                    .toString(record.headerValueIndex(), record.headerValueLength(), StandardCharsets.UTF_8);
        }
        return record.findHeader(AMQP) && record.headerValueLength() > Short.BYTES
                ? ofProperties(record.buffer(), record.headerValueIndex())
                : "";
    }

    /** The gateway has checked that they are well-formed. */
    private static String ofProperties(ByteBuf in, int index) {
        int flags = in.getUnsignedShort(index);
        if ((flags & MESSAGE_ID) == 0) {
            return "";
        }
        int at = index + Short.BYTES;
        at = behindText(in, at, flags & CONTENT_TYPE);
        at = behindText(in, at, flags & CONTENT_ENCODING);
        at += (flags & HEADERS) == 0 ? 0 : Integer.BYTES + in.getInt(at);
        at += (flags & DELIVERY_MODE) == 0 ? 0 : 1;
        at += (flags & PRIORITY) == 0 ? 0 : 1;
        at = behindText(in, at, flags & CORRELATION_ID);
        at = behindText(in, at, flags & REPLY_TO);
        at = behindText(in, at, flags & EXPIRATION);
        return in.toString(at + 1, in.getUnsignedByte(at), StandardCharsets.UTF_8);
    }

    private static int behindText(ByteBuf in, int at, int isThere) {
        return isThere == 0 ? at : at + 1 + in.getUnsignedByte(at);
    }
}
