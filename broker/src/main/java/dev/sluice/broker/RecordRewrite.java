package dev.sluice.broker;

import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A record as it is published again where it is moved or copied to: what its publisher asked of the broker, its history and its route may be others then. Stateless.
 */
final class RecordRewrite {
    private RecordRewrite() {}

    /** Copies {@code record}, which has died, into {@code out}: without what its publisher asked, so that it neither expires in nor comes late to the queue where somebody looks for it. */
    static void deadLetter(
            RecordCursor record,
            DeathHistory history,
            String exchange,
            String routingKey,
            long timestampMs,
            RecordBatchBuilder out) {
        write(record, RecordAttributes.NONE, history, exchange, routingKey, timestampMs, out);
    }

    /** Copies {@code record} into {@code out}. */
    static void write(
            RecordCursor record,
            RecordAttributes attributes,
            @Nullable DeathHistory history,
            String exchange,
            String routingKey,
            long timestampMs,
            RecordBatchBuilder out) {
        out.append(
                timestampMs,
                slice(record, record.keyIndex(), record.keyLength()),
                slice(record, record.valueIndex(), record.valueLength()),
                headers(record, attributes, history, RouteHeader.encode(exchange, routingKey)));
    }

    private static @Nullable ByteBuf slice(RecordCursor record, int index, int length) {
        return length < 0 ? null : record.buffer().slice(index, length);
    }

    private static ByteBuf headers(
            RecordCursor record, RecordAttributes attributes, @Nullable DeathHistory history, ByteBuf route) {
        ByteBuf out = Unpooled.buffer(record.headersLength() + 256);
        int kept = 0;
        for (record.rewindHeaders(); record.nextHeader(); ) {
            kept += isReplaced(record) ? 0 : 1;
        }
        RecordHeaders.writeCount(out, kept + 1 + (attributes.isStored() ? 1 : 0) + (history == null ? 0 : 1));
        if (attributes.isStored()) {
            RecordHeaders.write(out, RecordAttributes.KEY, attributes.encode());
        }
        if (history != null) {
            RecordHeaders.write(out, DeathHistory.KEY, history.encode());
        }
        RecordHeaders.write(out, RouteHeader.KEY, route);
        for (record.rewindHeaders(); record.nextHeader(); ) {
            if (!isReplaced(record)) {
                RecordHeaders.write(
                        out,
                        ByteBufUtil.getBytes(record.buffer(), record.headerKeyIndex(), record.headerKeyLength()),
                        slice(record, record.headerValueIndex(), record.headerValueLength()));
            }
        }
        return out;
    }

    private static boolean isReplaced(RecordCursor record) {
        return record.headerKeyEquals(RouteHeader.KEY)
                || record.headerKeyEquals(RecordAttributes.KEY)
                || record.headerKeyEquals(DeathHistory.KEY);
    }

    /** What a headers exchange matches: the headers that every protocol writes, as text. */
    static Map<String, Object> texts(RecordCursor record) {
        var texts = new HashMap<String, Object>();
        for (record.rewindHeaders(); record.nextHeader(); ) {
            ByteBuf in = record.buffer();
            String name = in.toString(record.headerKeyIndex(), record.headerKeyLength(), StandardCharsets.UTF_8);
            if (!name.startsWith(RouteHeader.RESERVED_PREFIX) && record.headerValueLength() >= 0) {
                texts.put(
                        name,
                        in.toString(record.headerValueIndex(), record.headerValueLength(), StandardCharsets.UTF_8));
            }
        }
        return texts;
    }
}
