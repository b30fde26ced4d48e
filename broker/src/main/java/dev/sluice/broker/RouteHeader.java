package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
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

    static final int MAX_BYTES = 255;

    private RouteHeader() {}

    /** Where a record was published. */
    record Place(String exchange, String routingKey) {
        static final Place UNKNOWN = new Place("", "");

        /** A record that came over a protocol without routes was published to a queue or topic by its name. */
        Place or(String name) {
            return equals(UNKNOWN) ? new Place("", name) : this;
        }
    }

    /** Where the record was published. */
    static Place of(RecordCursor record) {
        if (!record.findHeader(KEY) || record.headerValueLength() < 2) {
            return Place.UNKNOWN;
        }
        ByteBuf in = record.buffer();
        int exchange = record.headerValueIndex() + 1;
        int exchangeLength = in.getUnsignedByte(exchange - 1);
        int key = exchange + exchangeLength + 1;
        return new Place(
                in.toString(exchange, exchangeLength, StandardCharsets.UTF_8),
                in.toString(key, in.getUnsignedByte(key - 1), StandardCharsets.UTF_8));
    }

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
