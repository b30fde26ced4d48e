package dev.sluice.amqp;

import dev.sluice.amqp.Violation.Refused;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Turns the bytes of one connection into frames (section 4.2), or into a violation, and does nothing else.
 *
 * <pre>
 *   +------+---------+-----------+-----------------+------+
 *   | type | channel | size      | payload         | 0xCE |
 *   | 1    | uint16  | uint32    | size bytes      | 1    |
 *   +------+---------+-----------+-----------------+------+
 * </pre>
 *
 * A frame is decoded when all of it is there; its claimed size is compared with the negotiated limit as soon as its head is there, so what a peer can make us
 * keep is one frame. Confined to one connection.
 */
final class FrameDecoder {
    /** Head and end of a frame: what a frame has besides its payload. */
    static final int OVERHEAD_BYTES = 8;

    /** The smallest frame_max that a peer may negotiate, and the limit until it has (section 4.2.3 and the constant frame-min-size). */
    static final int FRAME_MIN_BYTES = 4096;

    /** The largest body that RabbitMQ can be configured to take. */
    static final int MAX_BODY_BYTES = 512 * 1024 * 1024;

    static final int METHOD = 1;
    static final int HEADER = 2;
    static final int BODY = 3;
    static final int HEARTBEAT = 8;
    static final byte FRAME_END = (byte) 0xCE;

    /** An unauthenticated peer sends a table of client properties; this many fields in 4 KiB are a few KB of objects. */
    private static final int MAX_FIELDS_BEFORE_TUNE = 128;

    private static final byte[] PROTOCOL_HEADER = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};
    private static final int FRAME_HEAD_BYTES = 7;

    private final WireReader reader = new WireReader();
    private final PublishFrame publish = new PublishFrame();
    private final ContentHeader header = new ContentHeader();
    private boolean started;
    private boolean stopped;
    private boolean tuned;
    private int maxPayloadBytes = FRAME_MIN_BYTES;
    private int maxChannel;
    private @Nullable Violation lost;

    static byte[] protocolHeader() {
        return PROTOCOL_HEADER.clone();
    }

    /**
     * Sets what connection.tune-ok agreed on. Before, only channel 0 may be used.
     *
     * @param frameMaxBytes the whole frame with head and end. A payload may be 8 bytes longer than that allows: RabbitMQ lets this pass, because quite a few
     *     clients forget to subtract head and end
     */
    void tune(int frameMaxBytes, int channelMax) {
        maxPayloadBytes = Math.max(frameMaxBytes, FRAME_MIN_BYTES);
        maxChannel = channelMax;
        tuned = true;
    }

    /** Called by the handler: {@link #decode} returns after the frame that it is handling. The next call goes on with the frame after it. */
    void stop() {
        stopped = true;
    }

    /**
     * Decodes the whole frames from the reader index of {@code in} on and moves the reader index behind them; the beginning of a frame stays for the next
     * call, which gets it with more bytes behind it.
     *
     * @return what the peer did wrong, or null when all whole frames are handled or {@link #stop} was called. When the violation leaves the stream in sync,
     *     the reader index is behind the refused frame and decoding can go on, else all bytes are dropped, now and in later calls
     */
    @Nullable
    Violation decode(ByteBuf in, FrameHandler handler) {
        stopped = false;
        Violation violation = lost;
        if (violation == null && !started) {
            violation = start(in, handler);
        }
        while (violation == null && !stopped && in.readableBytes() >= FRAME_HEAD_BYTES && started) {
            int index = in.readerIndex();
            int type = in.getUnsignedByte(index);
            int channel = in.getUnsignedShort(index + 1);
            long size = in.getUnsignedInt(index + 3);
            if (size > maxPayloadBytes) {
                violation = tooLarge(type, channel, size);
                break;
            }
            int payload = index + FRAME_HEAD_BYTES;
            int length = (int) size;
            if (in.readableBytes() < length + OVERHEAD_BYTES) {
                break;
            }
            if (in.getByte(payload + length) != FRAME_END) {
                violation = badEnd(in, type, channel, payload, length);
                break;
            }
            in.readerIndex(payload + length + 1);
            violation = frame(in, type, channel, payload, length, handler);
        }
        if (violation != null && !violation.inSync()) {
            lost = violation;
            in.readerIndex(in.writerIndex());
        }
        return violation;
    }

    /** The protocol header is refused at the first wrong byte, so that a client of another protocol does not wait for an answer. */
    private @Nullable Violation start(ByteBuf in, FrameHandler handler) {
        int available = Math.min(in.readableBytes(), PROTOCOL_HEADER.length);
        for (int i = 0; i < available; i++) {
            if (in.getByte(in.readerIndex() + i) != PROTOCOL_HEADER[i]) {
                return new Violation.WrongProtocol(wrongProtocol(in));
            }
        }
        if (available == PROTOCOL_HEADER.length) {
            in.skipBytes(PROTOCOL_HEADER.length);
            started = true;
            handler.protocolHeader();
        }
        return null;
    }

    private static String wrongProtocol(ByteBuf in) {
        int index = in.readerIndex();
        int length = Math.min(in.readableBytes(), PROTOCOL_HEADER.length);
        String begin = in.toString(index, length, StandardCharsets.ISO_8859_1);
        String guess = "";
        if (begin.startsWith("GET ") || begin.startsWith("POST") || begin.startsWith("HEAD")) {
            guess = " (an HTTP request?)";
        } else if (begin.startsWith("\u0016\u0003")) {
            guess = " (TLS on a port without TLS?)";
        } else if (begin.startsWith("AMQP")) {
            guess = " (another version of AMQP)";
        }
        return "not the protocol header of AMQP 0-9-1, " + ErlangTerm.snippet(in, index, length) + guess;
    }

    private @Nullable Violation frame(ByteBuf in, int type, int channel, int index, int length, FrameHandler handler) {
        if (channel > maxChannel) {
            return badChannel(in, type, channel, index, length);
        }
        return switch (type) {
            case METHOD -> method(in, channel, index, length, handler);
            case HEADER -> header(in, channel, index, length, handler);
            case BODY -> body(in, channel, index, length, handler);
            case HEARTBEAT -> heartbeat(in, channel, index, length, handler);
            default -> unknown(in, type, channel, index, length);
        };
    }

    private @Nullable Violation method(ByteBuf in, int channel, int index, int length, FrameHandler handler) {
        if (length < Integer.BYTES) {
            return unknown(in, METHOD, channel, index, length);
        }
        int id = in.getInt(index);
        boolean isConnectionClass = id >>> 16 == ConnectionMethod.CLASS_ID;
        if (isConnectionClass != (channel == 0)) {
            return wrongChannel(channel, id);
        }
        int arguments = index + Integer.BYTES;
        int argumentsLength = length - Integer.BYTES;
        return switch (id) {
            case BasicMethod.Publish.ID -> publish(in, channel, arguments, argumentsLength, handler);
            case BasicMethod.Ack.ID -> ack(in, channel, arguments, argumentsLength, handler);
            default -> otherMethod(in, channel, id, arguments, argumentsLength, handler);
        };
    }

    private @Nullable Violation publish(ByteBuf in, int channel, int index, int length, FrameHandler handler) {
        if (!publish.reset(in, index, length)) {
            return cannotDecode(in, channel, BasicMethod.Publish.ID, index, length);
        }
        if (!publish.isUtf8()) {
            return refused(ReplyCode.FRAME_ERROR, WireReader.MALFORMED_UTF8, channel, BasicMethod.Publish.ID);
        }
        handler.publish(channel, publish);
        return null;
    }

    private @Nullable Violation ack(ByteBuf in, int channel, int index, int length, FrameHandler handler) {
        if (length != Long.BYTES + 1) {
            return cannotDecode(in, channel, BasicMethod.Ack.ID, index, length);
        }
        handler.ack(channel, in.getLong(index), (in.getByte(index + Long.BYTES) & 1) != 0);
        return null;
    }

    private @Nullable Violation otherMethod(
            ByteBuf in, int channel, int id, int index, int length, FrameHandler handler) {
        reader.reset(in, index, length, tuned ? FieldTable.MAX_FIELDS : MAX_FIELDS_BEFORE_TUNE);
        AmqpMethod method = AmqpMethod.read(id, reader);
        if (method == null) {
            String explanation = "unknown method {" + (id >>> 16) + "," + (id & 0xFFFF) + "}";
            return refused(ReplyCode.COMMAND_INVALID, explanation, channel, id);
        }
        ReplyCode failure = reader.failure();
        if (failure != null && !reader.problem().isEmpty()) {
            return refused(failure, reader.problem(), channel, id);
        }
        if (failure != null || !reader.isAtEnd()) {
            return cannotDecode(in, channel, id, index, length);
        }
        handler.method(channel, method);
        return null;
    }

    private @Nullable Violation header(ByteBuf in, int channel, int index, int length, FrameHandler handler) {
        if (length < ContentHeader.FIXED_BYTES) {
            return unknown(in, HEADER, channel, index, length);
        }
        if (channel == 0) {
            return unexpected(in, HEADER, channel, index, length);
        }
        int classId = in.getUnsignedShort(index);
        if (classId != BasicMethod.CLASS_ID || in.getShort(index + 2) != 0) {
            String explanation = "expected content header for class 60, got one for class " + classId + " instead";
            return refused(ReplyCode.UNEXPECTED_FRAME, explanation, channel, 0);
        }
        long bodySize = in.getLong(index + 4);
        if (bodySize < 0 || bodySize > MAX_BODY_BYTES) {
            String explanation = "content body size " + Long.toUnsignedString(bodySize)
                    + " exceeds maximum allowed size " + MAX_BODY_BYTES;
            return refused(ReplyCode.FRAME_ERROR, explanation, channel, BasicMethod.Publish.ID);
        }
        if (!header.reset(in, index, length)) {
            return refused(ReplyCode.SYNTAX_ERROR, "malformed content properties", channel, BasicMethod.Publish.ID);
        }
        handler.header(channel, header);
        return null;
    }

    private static @Nullable Violation body(ByteBuf in, int channel, int index, int length, FrameHandler handler) {
        if (channel == 0) {
            return unexpected(in, BODY, channel, index, length);
        }
        handler.body(channel, in, index, length);
        return null;
    }

    private static @Nullable Violation heartbeat(ByteBuf in, int channel, int index, int length, FrameHandler handler) {
        if (length > 0) {
            return unknown(in, HEARTBEAT, channel, index, length);
        }
        if (channel != 0) {
            return unexpected(in, HEARTBEAT, channel, index, length);
        }
        handler.heartbeat();
        return null;
    }

    // What follows builds RabbitMQ's texts.

    private Violation tooLarge(int type, int channel, long size) {
        int limit = maxPayloadBytes - OVERHEAD_BYTES;
        String explanation = "type " + type + ", all octets = <<>>: {frame_too_large," + size + "," + limit + "}";
        return new Refused(ReplyCode.FRAME_ERROR, explanation, channel, 0, 0, false);
    }

    private static Violation badEnd(ByteBuf in, int type, int channel, int index, int length) {
        String explanation = "type " + type + ", " + ErlangTerm.snippet(in, index, length)
                + ": {invalid_frame_end_marker," + in.getUnsignedByte(index + length) + "}";
        return new Refused(ReplyCode.FRAME_ERROR, explanation, channel, 0, 0, false);
    }

    private static Violation unknown(ByteBuf in, int type, int channel, int index, int length) {
        String explanation = "type " + type + ", " + ErlangTerm.snippet(in, index, length) + ": unknown_frame";
        return refused(ReplyCode.FRAME_ERROR, explanation, channel, 0);
    }

    private static Violation unexpected(ByteBuf in, int type, int channel, int index, int length) {
        String explanation = "type " + type + ", " + ErlangTerm.snippet(in, index, length);
        return refused(ReplyCode.UNEXPECTED_FRAME, explanation, channel, 0);
    }

    private Violation badChannel(ByteBuf in, int type, int channel, int index, int length) {
        if (!tuned) {
            return unexpected(in, type, channel, index, length);
        }
        String explanation = "channel " + channel + " is above the negotiated channel_max (" + maxChannel + ")";
        return refused(ReplyCode.CHANNEL_ERROR, explanation, channel, 0);
    }

    private static Violation wrongChannel(int channel, int id) {
        return channel == 0
                ? refused(ReplyCode.CHANNEL_ERROR, "unexpected method on channel 0", channel, id)
                : refused(ReplyCode.COMMAND_INVALID, "unimplemented method", channel, id);
    }

    private static Violation cannotDecode(ByteBuf in, int channel, int id, int index, int length) {
        String explanation = "cannot decode arguments, " + ErlangTerm.snippet(in, index, length);
        return refused(ReplyCode.FRAME_ERROR, explanation, channel, id);
    }

    private static Violation refused(ReplyCode code, String explanation, int channel, int id) {
        return new Refused(code, explanation, channel, id >>> 16, id & 0xFFFF, true);
    }
}
