package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * A view of the arguments of basic.publish. Exchange and routing key stand next to each other as two short strings; together they are the route, one range
 * of bytes that can be compared with the route of the message before and stored as it is, without making strings.
 *
 * <pre>
 *   +----------+----------+----------+-------------+------------------------------+
 *   | reserved | exchange            | routing key | bit 0 mandatory, 1 immediate |
 *   | uint16   | shortstr            | shortstr    | octet                        |
 *   +----------+---------------------+-------------+------------------------------+
 *              | <------------- route -----------> |
 * </pre>
 *
 * Reusable; confined to one connection; valid only until the next frame.
 */
final class PublishFrame {
    private static final int ROUTE_OFFSET = 2;
    private static final int SMALLEST = ROUTE_OFFSET + 3;

    private ByteBuf in = Unpooled.EMPTY_BUFFER;
    private int routeIndex;
    private int routeLength;
    private int exchangeLength;
    private int bits;

    /** Looks at the arguments in this range; null, or says why they are malformed. */
    boolean reset(ByteBuf buffer, int index, int length) {
        if (length < SMALLEST) {
            return false;
        }
        int exchangeBytes = 1 + buffer.getUnsignedByte(index + ROUTE_OFFSET);
        if (length < SMALLEST - 1 + exchangeBytes) {
            return false;
        }
        int keyBytes = 1 + buffer.getUnsignedByte(index + ROUTE_OFFSET + exchangeBytes);
        if (length != ROUTE_OFFSET + exchangeBytes + keyBytes + 1) {
            return false;
        }
        in = buffer;
        routeIndex = index + ROUTE_OFFSET;
        routeLength = exchangeBytes + keyBytes;
        exchangeLength = exchangeBytes - 1;
        bits = buffer.getByte(index + length - 1);
        return true;
    }

    boolean isUtf8() {
        return Utf8.isValid(in, routeIndex + 1, exchangeLength)
                && Utf8.isValid(in, routeIndex + 2 + exchangeLength, routingKeyLength());
    }

    boolean mandatory() {
        return (bits & 1) != 0;
    }

    boolean immediate() {
        return (bits & 2) != 0;
    }

    String exchange() {
        return Utf8.read(in, routeIndex + 1, exchangeLength);
    }

    String routingKey() {
        return Utf8.read(in, routeIndex + 2 + exchangeLength, routingKeyLength());
    }

    /** The buffer in which the route is, from {@link #routeIndex} on for {@link #routeLength} bytes. */
    ByteBuf buffer() {
        return in;
    }

    int routeIndex() {
        return routeIndex;
    }

    int routeLength() {
        return routeLength;
    }

    byte[] copyRoute() {
        byte[] route = new byte[routeLength];
        in.getBytes(routeIndex, route);
        return route;
    }

    /** Whether exchange and routing key are those of {@code route}, a copy made by {@link #copyRoute}. */
    boolean hasRoute(byte[] route) {
        return route.length == routeLength && Route.matches(in, routeIndex, route);
    }

    BasicMethod.Publish toMethod() {
        return new BasicMethod.Publish(exchange(), routingKey(), mandatory(), immediate());
    }

    private int routingKeyLength() {
        return routeLength - exchangeLength - 2;
    }
}
