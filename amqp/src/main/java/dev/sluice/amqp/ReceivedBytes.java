package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Bytes that came and are not decoded: usually nothing, or the beginning of a frame. Confined to the connection's shard. */
final class ReceivedBytes {
    private ByteBuf bytes = Unpooled.EMPTY_BUFFER;

    /** What is there; its reader index moves with what is decoded. */
    ByteBuf bytes() {
        return bytes;
    }

    /** Puts {@code more} behind what is there, and takes it over. */
    void add(ByteBuf more) {
        if (!bytes.isReadable()) {
            release();
            bytes = more;
            return;
        }
        bytes.discardReadBytes();
        bytes.writeBytes(more);
        more.release();
    }

    /** Gives back memory that is not needed. */
    void releaseIfEmpty() {
        if (!bytes.isReadable()) {
            release();
        }
    }

    void release() {
        bytes.release();
        bytes = Unpooled.EMPTY_BUFFER;
    }
}
