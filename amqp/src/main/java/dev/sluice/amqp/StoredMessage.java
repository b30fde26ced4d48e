package dev.sluice.amqp;

import dev.sluice.broker.DeathHistory;
import dev.sluice.broker.DeduplicationId;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.RouteHeader;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How a message stands in a record: its body is the value, and among the headers are
 *
 * <pre>
 *   sluice.attributes  what the publisher asks of the broker, when it does; always the first
 *   sluice.deaths      of a dead letter, from where it comes; the broker writes it, and here it becomes x-death and its like
 *   sluice.route    exchange and routing key, two short strings; every publisher writes it, whatever its protocol
 *   sluice.deduplication  what tells it from others where it is published again, if the header x-deduplication-header gives that
 *   sluice.amqp     flags and values of the basic properties as they came, when there are any
 *   (any name)      an entry of the message's headers table as text, for readers of other protocols
 * </pre>
 *
 * Stateless.
 */
final class StoredMessage {
    static final byte[] PROPERTIES = (RouteHeader.RESERVED_PREFIX + "amqp").getBytes(StandardCharsets.UTF_8);

    /** As RabbitMQ's plugin for it and LavinMQ have it. */
    private static final String DEDUPLICATION = "x-deduplication-header";

    /** The key of a record, where it is not the routing key. */
    private static final String KEY_HEADER = "x-key";

    private static final byte[] KEY_HEADER_BYTES = KEY_HEADER.getBytes(StandardCharsets.US_ASCII);

    private static final byte[] DELAY = "x-delay".getBytes(StandardCharsets.US_ASCII);
    private static final String DELIVERY_COUNT = "x-delivery-count";
    private static final String STREAM_OFFSET = "x-stream-offset";
    private static final int NAME_MAX_BYTES = 255;

    private StoredMessage() {}

    /**
     * What the message asks of the broker; its expiration is {@linkplain Expiration#problemOf well-formed}.
     *
     * @param delayed whether its exchange heeds the header x-delay
     */
    static RecordAttributes attributes(ContentProperties properties, boolean delayed) {
        int priority = properties.priority();
        String expiration = properties.text(Property.EXPIRATION);
        long delayMs = delayed ? delayMs(properties) : 0;
        if (priority == 0 && expiration == null && delayMs == 0) {
            return RecordAttributes.NONE;
        }
        long ttlMs = expiration == null ? QueueSettings.UNLIMITED : Expiration.ms(expiration);
        return new RecordAttributes(priority, ttlMs, delayMs);
    }

    /** As RabbitMQ's plugin: what is no number of milliseconds, or not positive, is no delay. */
    private static long delayMs(ContentProperties properties) {
        return properties.header(DELAY) instanceof FieldValue.Whole(char type, long ms) ? Math.max(0, ms) : 0;
    }

    /** Writes the headers section of a record. */
    static void writeHeaders(ByteBuf out, RecordAttributes attributes, byte[] route, ContentProperties properties) {
        boolean hasProperties = properties.length() > Short.BYTES;
        Map<String, @Nullable Object> table = properties.headers().plain();
        boolean hasAttributes = attributes.isStored();
        Object id = table.isEmpty() ? null : table.get(DEDUPLICATION);
        RecordHeaders.writeCount(
                out, (hasAttributes ? 1 : 0) + 1 + (id == null ? 0 : 1) + (hasProperties ? 1 : 0) + table.size());
        if (hasAttributes) {
            RecordHeaders.write(out, RecordAttributes.KEY, attributes.encode());
        }
        RecordHeaders.write(out, RouteHeader.KEY, route);
        if (id != null) {
            RecordHeaders.write(out, DeduplicationId.KEY, DeduplicationId.encode(text(id)));
        }
        if (hasProperties) {
            RecordHeaders.write(out, PROPERTIES, properties.buffer().slice(properties.index(), properties.length()));
        }
        table.forEach((name, value) ->
                RecordHeaders.write(out, name.getBytes(StandardCharsets.UTF_8), value == null ? null : text(value)));
    }

    /** The key that the message's own header gives it in a topic; null if it has none. */
    static byte @Nullable [] key(ContentProperties properties) {
        FieldValue value = properties.header(KEY_HEADER_BYTES);
        Object plain = value == null ? null : value.plain();
        return plain == null ? null : text(plain);
    }

    private static byte[] text(Object value) {
        return value instanceof byte[] bytes ? bytes : value.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The headers that the broker adds: how often a message was delivered before, as RabbitMQ's quorum queues tell it, from where it comes as a dead letter, and where it is in its topic, as RabbitMQ's streams tell it; not for a negative offset. */
    static FieldTable.Builder addedHeaders(int deliveryCount, @Nullable DeathHistory deaths, long topicOffset) {
        FieldTable.Builder table = FieldTable.builder();
        if (deliveryCount > 0) {
            table.put(DELIVERY_COUNT, (long) deliveryCount);
        }
        if (topicOffset >= 0) {
            table.put(STREAM_OFFSET, topicOffset);
        }
        if (deaths != null) {
            DeathHeaders.put(deaths, table);
        }
        return table;
    }

    /** Makes AMQP properties for a record that has none: of its key, its time and the headers that another protocol wrote, and of what the broker adds. */
    static void writeProperties(ByteBuf out, RecordCursor record, FieldTable.Builder table) {
        var properties = new PropertiesBuilder();
        if (!record.findHeader(RouteHeader.KEY)) {
            properties.timestamp(TimeUnit.MILLISECONDS.toSeconds(record.timestampMs()));
        }
        boolean showsKey = hasKeyOfItsOwn(record);
        if (showsKey) {
            table.put(KEY_HEADER, LongString.read(record.buffer(), record.keyIndex(), record.keyLength()));
        }
        record.rewindHeaders();
        while (record.nextHeader()) {
            String name =
                    record.buffer().toString(record.headerKeyIndex(), record.headerKeyLength(), StandardCharsets.UTF_8);
            boolean isShown = !name.startsWith(RouteHeader.RESERVED_PREFIX)
                    && record.headerKeyLength() <= NAME_MAX_BYTES
                    && !(showsKey && name.equals(KEY_HEADER));
            if (isShown) {
                table.put(name, value(record));
            }
        }
        properties.headers(table.build()).writeTo(out);
    }

    /** Whether the record has a key other than its routing key. */
    private static boolean hasKeyOfItsOwn(RecordCursor record) {
        if (record.keyLength() < 0 || !record.findHeader(RouteHeader.KEY)) {
            return record.keyLength() >= 0;
        }
        ByteBuf in = record.buffer();
        int routingKey = record.headerValueIndex() + 1 + in.getUnsignedByte(record.headerValueIndex());
        int length = in.getUnsignedByte(routingKey);
        return length != record.keyLength() || !ByteBufUtil.equals(in, routingKey + 1, in, record.keyIndex(), length);
    }

    private static FieldValue value(RecordCursor record) {
        return record.headerValueLength() < 0
                ? FieldValue.None.NONE
                : LongString.read(record.buffer(), record.headerValueIndex(), record.headerValueLength());
    }
}
