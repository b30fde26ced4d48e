package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Exchange and routing key as they stand next to each other in publish, deliver, get-ok and return: two short strings. Stateless. */
final class Route {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Route() {}

    static byte[] encode(String exchange, String routingKey) {
        byte[] first = WireWriter.shortstr(exchange);
        byte[] second = WireWriter.shortstr(routingKey);
        byte[] route = new byte[first.length + second.length];
        System.arraycopy(first, 0, route, 0, first.length);
        System.arraycopy(second, 0, route, first.length, second.length);
        return route;
    }

    /** Whether these bytes stand at {@code index}, eight at a time. */
    static boolean matches(ByteBuf in, int index, byte[] route) {
        int i = 0;
        for (; i + Long.BYTES <= route.length; i += Long.BYTES) {
            if (in.getLong(index + i) != (long) LONG.get(route, i)) {
                return false;
            }
        }
        for (; i < route.length; i++) {
            if (in.getByte(index + i) != route[i]) {
                return false;
            }
        }
        return true;
    }
}
