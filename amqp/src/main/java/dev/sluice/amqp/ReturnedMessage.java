package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;

/** A copy of a message that goes back to its publisher, for as long as that has to wait. Immutable; its memory is the garbage collector's. */
final class ReturnedMessage {
    private final byte[] route;
    private final byte[] properties;
    private final byte[] body;

    /** Copies properties and body, whole from reader to writer index; the route is not written to any more. */
    ReturnedMessage(byte[] route, ByteBuf properties, ByteBuf body) {
        this.route = route;
        this.properties = ByteBufUtil.getBytes(properties);
        this.body = ByteBufUtil.getBytes(body);
    }

    int sizeInBytes() {
        return properties.length + body.length;
    }

    OutgoingContent content() {
        return new OutgoingContent()
                .route(Unpooled.wrappedBuffer(route), 0, route.length)
                .properties(Unpooled.wrappedBuffer(properties), 0, properties.length)
                .body(Unpooled.wrappedBuffer(body), 0, body.length);
    }
}
