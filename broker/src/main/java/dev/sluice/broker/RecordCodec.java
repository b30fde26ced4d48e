package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A {@link Message} of the embedded API as a stored record: body as value, headers as record headers, and the route in {@link RouteHeader}. */
final class RecordCodec {
    private RecordCodec() {}

    /** The headers section of a record; the caller releases it. */
    static ByteBuf headers(String exchange, String routingKey, Message message) {
        ByteBuf out = Unpooled.buffer(64);
        RecordAttributes attributes = message.attributes();
        String id = message.deduplicationId();
        Map<String, String> own = new LinkedHashMap<>(message.headers());
        own.keySet().removeIf(name -> name.startsWith(RouteHeader.RESERVED_PREFIX));
        RecordHeaders.writeCount(out, own.size() + 1 + (attributes.isStored() ? 1 : 0) + (id == null ? 0 : 1));
        if (attributes.isStored()) {
            RecordHeaders.write(out, RecordAttributes.KEY, attributes.encode());
        }
        ByteBuf route = RouteHeader.encode(exchange, routingKey);
        RecordHeaders.write(out, RouteHeader.KEY, route);
        if (id != null) {
            RecordHeaders.write(out, DeduplicationId.KEY, DeduplicationId.encode(id.getBytes(StandardCharsets.UTF_8)));
        }
        own.forEach((name, value) -> RecordHeaders.write(
                out, name.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8)));
        return out;
    }

    static Message message(RecordCursor record) {
        ByteBuf in = record.buffer();
        byte[] body = ByteBufUtil.getBytes(in, record.valueIndex(), Math.max(0, record.valueLength()));
        return new Message(body, userHeaders(record), key(record));
    }

    /** A copy of the record's key; null for none. */
    static byte @Nullable [] key(RecordCursor record) {
        return record.keyLength() < 0
                ? null
                : ByteBufUtil.getBytes(record.buffer(), record.keyIndex(), record.keyLength());
    }

    /** The headers that every protocol writes, as text. */
    static Map<String, String> userHeaders(RecordCursor record) {
        ByteBuf in = record.buffer();
        var headers = new LinkedHashMap<String, String>();
        record.rewindHeaders();
        while (record.nextHeader()) {
            String name = in.toString(record.headerKeyIndex(), record.headerKeyLength(), StandardCharsets.UTF_8);
            if (!name.startsWith(RouteHeader.RESERVED_PREFIX) && record.headerValueLength() >= 0) {
                headers.put(
                        name,
                        in.toString(record.headerValueIndex(), record.headerValueLength(), StandardCharsets.UTF_8));
            }
        }
        return headers;
    }
}
