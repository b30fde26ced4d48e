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
 * A record as it is published again when it has died: with its history and its new route, without what its publisher asked of the broker, so that it neither expires in nor comes late to the queue where somebody looks for it. Stateless.
 */
final class DeadLetterRecord {
    private DeadLetterRecord() {}

    /** Copies {@code record} into {@code out}. */
    static void write(
            RecordCursor record,
            DeathHistory history,
            String exchange,
            String routingKey,
            long timestampMs,
            RecordBatchBuilder out) {
        out.append(
                timestampMs,
                slice(record, record.keyIndex(), record.keyLength()),
                slice(record, record.valueIndex(), record.valueLength()),
                headers(record, history, exchange, routingKey));
    }

    private static @Nullable ByteBuf slice(RecordCursor record, int index, int length) {
        return length < 0 ? null : record.buffer().slice(index, length);
    }

    private static ByteBuf headers(RecordCursor record, DeathHistory history, String exchange, String routingKey) {
        ByteBuf out = Unpooled.buffer(record.headersLength() + 256);
        int kept = 0;
        for (record.rewindHeaders(); record.nextHeader(); ) {
            kept += isReplaced(record) ? 0 : 1;
        }
        RecordHeaders.writeCount(out, kept + 2);
        RecordHeaders.write(out, DeathHistory.KEY, history.encode());
        RecordHeaders.write(out, RouteHeader.KEY, RouteHeader.encode(exchange, routingKey));
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
