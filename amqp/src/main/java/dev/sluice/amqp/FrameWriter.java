package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;

/**
 * Writes frames to the end of a buffer that the caller gives: methods, and messages as method, content header and body frames. Messages are written in one
 * reservation of exactly the bytes they take. Confined to one connection.
 */
final class FrameWriter {
    private static final int HEAD_BYTES = 7;
    private static final int OVERHEAD_BYTES = FrameDecoder.OVERHEAD_BYTES;
    private static final int METHOD_ID_BYTES = 4;
    private static final int ACK_ARGUMENTS_BYTES = 9;

    private int bodyFrameBytes = FrameDecoder.FRAME_MIN_BYTES - OVERHEAD_BYTES;

    /** Sets the largest whole frame that the peer takes, as connection.tune-ok agreed on. */
    void tune(int frameMaxBytes) {
        bodyFrameBytes = Math.max(frameMaxBytes, FrameDecoder.FRAME_MIN_BYTES) - OVERHEAD_BYTES;
    }

    void method(ByteBuf out, int channel, AmqpMethod method) {
        int start = out.writerIndex();
        out.writeByte(FrameDecoder.METHOD).writeShort(channel).writeInt(0).writeInt(method.id());
        method.writeArguments(out);
        out.setInt(start + 3, out.writerIndex() - start - HEAD_BYTES);
        out.writeByte(FrameDecoder.FRAME_END);
    }

    void heartbeat(ByteBuf out) {
        out.ensureWritable(OVERHEAD_BYTES);
        int at = frameHead(out, out.writerIndex(), FrameDecoder.HEARTBEAT, 0, 0);
        out.writerIndex(frameEnd(out, at));
    }

    /** basic.ack, which is how publishes are confirmed. */
    void ack(ByteBuf out, int channel, long deliveryTag, boolean multiple) {
        acknowledge(out, channel, BasicMethod.Ack.ID, deliveryTag, multiple ? 1 : 0);
    }

    /** basic.nack, for publishes that are refused. */
    void nack(ByteBuf out, int channel, long deliveryTag, boolean multiple) {
        acknowledge(out, channel, BasicMethod.Nack.ID, deliveryTag, multiple ? 1 : 0);
    }

    private void acknowledge(ByteBuf out, int channel, int id, long deliveryTag, int bits) {
        out.ensureWritable(OVERHEAD_BYTES + METHOD_ID_BYTES + ACK_ARGUMENTS_BYTES);
        int at = methodHead(out, out.writerIndex(), channel, id, ACK_ARGUMENTS_BYTES);
        out.setLong(at, deliveryTag);
        out.setByte(at + Long.BYTES, bits);
        out.writerIndex(frameEnd(out, at + ACK_ARGUMENTS_BYTES));
    }

    /** @param consumerTag as a short string on the wire, from {@link WireWriter#shortstr(String)} */
    void deliver(
            ByteBuf out,
            int channel,
            byte[] consumerTag,
            long deliveryTag,
            boolean redelivered,
            OutgoingContent content) {
        int arguments = consumerTag.length + Long.BYTES + 1 + content.routeLength();
        reserve(out, arguments, content);
        int at = methodHead(out, out.writerIndex(), channel, BasicMethod.Deliver.ID, arguments);
        out.setBytes(at, consumerTag);
        at = deliveryTag(out, at + consumerTag.length, deliveryTag, redelivered);
        content.copyRoute(out, at);
        at = frameEnd(out, at + content.routeLength());
        content(out, at, channel, content);
    }

    void getOk(
            ByteBuf out,
            int channel,
            long deliveryTag,
            boolean redelivered,
            long messageCount,
            OutgoingContent content) {
        int arguments = Long.BYTES + 1 + content.routeLength() + Integer.BYTES;
        reserve(out, arguments, content);
        int at = methodHead(out, out.writerIndex(), channel, BasicMethod.GetOk.ID, arguments);
        at = deliveryTag(out, at, deliveryTag, redelivered);
        content.copyRoute(out, at);
        at += content.routeLength();
        out.setInt(at, (int) messageCount);
        at = frameEnd(out, at + Integer.BYTES);
        content(out, at, channel, content);
    }

    /** basic.return: RabbitMQ's text for it is the bare name of the code. */
    void returned(ByteBuf out, int channel, ReplyCode code, OutgoingContent content) {
        byte[] text = WireWriter.shortstr(code.name());
        int arguments = Short.BYTES + text.length + content.routeLength();
        reserve(out, arguments, content);
        int at = methodHead(out, out.writerIndex(), channel, BasicMethod.Return.ID, arguments);
        out.setShort(at, code.code());
        out.setBytes(at + Short.BYTES, text);
        at += Short.BYTES + text.length;
        content.copyRoute(out, at);
        at = frameEnd(out, at + content.routeLength());
        content(out, at, channel, content);
    }

    /** What a client sends. */
    void publish(ByteBuf out, int channel, boolean mandatory, OutgoingContent content) {
        int arguments = Short.BYTES + content.routeLength() + 1;
        reserve(out, arguments, content);
        int at = methodHead(out, out.writerIndex(), channel, BasicMethod.Publish.ID, arguments);
        out.setShort(at, 0);
        at += Short.BYTES;
        content.copyRoute(out, at);
        at += content.routeLength();
        out.setByte(at, mandatory ? 1 : 0);
        at = frameEnd(out, at + 1);
        content(out, at, channel, content);
    }

    private void reserve(ByteBuf out, int methodArguments, OutgoingContent content) {
        int body = content.bodyLength();
        int bodyFrames = (body + bodyFrameBytes - 1) / bodyFrameBytes;
        int header = ContentHeader.FIXED_BYTES + content.propertiesLength();
        out.ensureWritable(METHOD_ID_BYTES + methodArguments + header + body + (2 + bodyFrames) * OVERHEAD_BYTES);
    }

    /** The content header and the body frames; an empty body has none (section 4.2.6.2). */
    private void content(ByteBuf out, int start, int channel, OutgoingContent content) {
        int properties = content.propertiesLength();
        int at = frameHead(out, start, FrameDecoder.HEADER, channel, ContentHeader.FIXED_BYTES + properties);
        out.setInt(at, BasicMethod.CLASS_ID << 16); // and a weight of 0
        out.setLong(at + 4, content.bodyLength());
        at += ContentHeader.FIXED_BYTES;
        content.copyProperties(out, at);
        at = frameEnd(out, at + properties);
        int left = content.bodyLength();
        while (left > 0) {
            int length = Math.min(left, bodyFrameBytes);
            at = frameHead(out, at, FrameDecoder.BODY, channel, length);
            content.copyBody(out, at, content.bodyLength() - left, length);
            at = frameEnd(out, at + length);
            left -= length;
        }
        out.writerIndex(at);
    }

    private static int deliveryTag(ByteBuf out, int at, long deliveryTag, boolean redelivered) {
        out.setLong(at, deliveryTag);
        out.setByte(at + Long.BYTES, redelivered ? 1 : 0);
        return at + Long.BYTES + 1;
    }

    private static int methodHead(ByteBuf out, int start, int channel, int id, int arguments) {
        int at = frameHead(out, start, FrameDecoder.METHOD, channel, METHOD_ID_BYTES + arguments);
        out.setInt(at, id);
        return at + METHOD_ID_BYTES;
    }

    /** The head in one write: its 7 bytes, and a zero that the payload or the end overwrites. */
    private static int frameHead(ByteBuf out, int start, int type, int channel, int length) {
        out.setLong(start, ((long) type << 56) | ((long) channel << 40) | ((long) length << 8));
        return start + HEAD_BYTES;
    }

    private static int frameEnd(ByteBuf out, int at) {
        out.setByte(at, FrameDecoder.FRAME_END);
        return at + 1;
    }
}
