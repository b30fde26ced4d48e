package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;

/**
 * A view of the payload of a content header frame (section 4.2.6.1):
 *
 * <pre>
 *   +----------+--------+-----------+------------------------------+
 *   | class id | weight | body size | properties                   |
 *   | uint16   | uint16 | uint64    | see {@link ContentProperties} |
 *   +----------+--------+-----------+------------------------------+
 * </pre>
 *
 * Reusable; confined to one connection; valid only until the next frame.
 */
final class ContentHeader {
    static final int FIXED_BYTES = 12;

    private final ContentProperties properties = new ContentProperties();
    private long bodySize;

    /** Takes a payload of at least {@link #FIXED_BYTES}; says whether its properties are well-formed. */
    boolean reset(ByteBuf in, int index, int length) {
        bodySize = in.getLong(index + 4);
        return properties.reset(in, index + FIXED_BYTES, length - FIXED_BYTES);
    }

    /** At most {@link FrameDecoder#MAX_BODY_BYTES}. */
    int bodySize() {
        return (int) bodySize;
    }

    ContentProperties properties() {
        return properties;
    }
}
