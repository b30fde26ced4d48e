package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Points at the parts of a message that is about to be written: its route ({@link Route}), its encoded properties and its body, wherever they are. Reusable;
 * confined to one thread; borrows the buffers until the message is written.
 */
final class OutgoingContent {
    private ByteBuf routeBuffer = Unpooled.EMPTY_BUFFER;
    private int routeIndex;
    private int routeLength;
    private ByteBuf propertiesBuffer = Unpooled.EMPTY_BUFFER;
    private int propertiesIndex;
    private int propertiesLength;
    private ByteBuf bodyBuffer = Unpooled.EMPTY_BUFFER;
    private int bodyIndex;
    private int bodyLength;

    OutgoingContent route(ByteBuf buffer, int index, int length) {
        routeBuffer = buffer;
        routeIndex = index;
        routeLength = length;
        return this;
    }

    OutgoingContent properties(ByteBuf buffer, int index, int length) {
        propertiesBuffer = buffer;
        propertiesIndex = index;
        propertiesLength = length;
        return this;
    }

    OutgoingContent body(ByteBuf buffer, int index, int length) {
        bodyBuffer = buffer;
        bodyIndex = index;
        bodyLength = length;
        return this;
    }

    int routeLength() {
        return routeLength;
    }

    int propertiesLength() {
        return propertiesLength;
    }

    int bodyLength() {
        return bodyLength;
    }

    void copyRoute(ByteBuf out, int at) {
        out.setBytes(at, routeBuffer, routeIndex, routeLength);
    }

    void copyProperties(ByteBuf out, int at) {
        out.setBytes(at, propertiesBuffer, propertiesIndex, propertiesLength);
    }

    void copyBody(ByteBuf out, int at, int offset, int length) {
        out.setBytes(at, bodyBuffer, bodyIndex + offset, length);
    }
}
