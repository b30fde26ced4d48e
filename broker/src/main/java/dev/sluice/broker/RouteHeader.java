package dev.sluice.broker;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * The record header that keeps where a message was published, so that a consumer can be told. Its value:
 *
 * <pre>
 *   0    1 byte   length E of the exchange's name
 *   1    E bytes  name of the exchange, UTF-8
 *   1+E  1 byte   length R of the routing key
 *   2+E  R bytes  routing key, UTF-8
 * </pre>
 */
public final class RouteHeader {
    /** Record headers whose names begin so are Sluice's own and are not shown to users. */
    public static final String RESERVED_PREFIX = "sluice.";

    /** Name of the header; not to be written to. */
    @SuppressWarnings("MutablePublicArray") // compared with bytes of every record: a copy each time is too dear
    public static final byte[] KEY = (RESERVED_PREFIX + "route").getBytes(StandardCharsets.US_ASCII);

    private static final int MAX_BYTES = 255;

    private RouteHeader() {}

    /**
     * The header's value.
     *
     * @throws IllegalArgumentException if a name is longer than 255 bytes of UTF-8
     */
    public static ByteBuf encode(String exchange, String routingKey) {
        byte[] first = exchange.getBytes(StandardCharsets.UTF_8);
        byte[] second = routingKey.getBytes(StandardCharsets.UTF_8);
        if (first.length > MAX_BYTES || second.length > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "names of exchanges and routing keys have at most " + MAX_BYTES + " bytes");
        }
        ByteBuf out = Unpooled.buffer(2 + first.length + second.length);
        out.writeByte(first.length).writeBytes(first).writeByte(second.length).writeBytes(second);
        return out;
    }
}
