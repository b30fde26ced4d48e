package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What the records of a queue are about, as far as their order is concerned, as a number. It is the value of the header that the queue's owner named; where none was named, the record's key, and for want of one the routing key, unless
 * the record was published to its queue by the queue's name. What is empty is no key.
 *
 * <p>Different keys of which the numbers are the same are taken for one. That delays their records a little and breaks no promise; among a million keys the chance for any two is one in 10^7. Stateless.
 */
final class OrderingKey {
    /** Of a record without a key. */
    static final long NONE = 0;

    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private final byte @Nullable [] header;

    /** {@code header}: the name of the header that has the key; null if none has. */
    OrderingKey(@Nullable String header) {
        this.header = header == null ? null : header.getBytes(StandardCharsets.UTF_8);
    }

    /** Moves the record's reading of headers. */
    long of(RecordCursor record) {
        if (header != null) {
            return record.findHeader(header)
                    ? number(record.buffer(), record.headerValueIndex(), record.headerValueLength())
                    : NONE;
        }
        if (record.keyLength() > 0) {
            return number(record.buffer(), record.keyIndex(), record.keyLength());
        }
        return record.findHeader(RouteHeader.KEY) && record.headerValueLength() >= 2
                ? ofRoute(record.buffer(), record.headerValueIndex())
                : NONE;
    }

    /** The default exchange has no name, and the routing keys there are names of queues. */
    private static long ofRoute(ByteBuf in, int exchange) {
        int exchangeLength = in.getUnsignedByte(exchange);
        int key = exchange + 1 + exchangeLength;
        return exchangeLength == 0 ? NONE : number(in, key + 1, in.getUnsignedByte(key));
    }

    private static long number(ByteBuf in, int index, int length) {
        if (length <= 0) {
            return NONE;
        }
        long number = length;
        int at = index;
        int end = index + length;
        for (; end - at >= Long.BYTES; at += Long.BYTES) {
            number = mix(number ^ in.getLong(at));
        }
        long rest = 0;
        for (; at < end; at++) {
            rest = rest << Byte.SIZE | in.getUnsignedByte(at);
        }
        number = mix(mix(number ^ rest));
        return number == NONE ? 1 : number;
    }

    private static long mix(long number) {
        long mixed = (number ^ number >>> 32) * MULTIPLIER;
        return mixed ^ mixed >>> 29;
    }
}
