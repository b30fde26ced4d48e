package dev.sluice.amqp;

import io.netty.buffer.ByteBuf;
import java.util.EnumMap;
import org.jspecify.annotations.Nullable;

/** Makes encoded message properties from values, for a record that came over another protocol. Confined to one thread. */
final class PropertiesBuilder {
    private final EnumMap<Property, String> texts = new EnumMap<>(Property.class);
    private FieldTable headers = FieldTable.EMPTY;
    private int deliveryMode = -1;
    private int priority = -1;
    private long timestamp;
    private boolean hasTimestamp;

    PropertiesBuilder text(Property property, String value) {
        texts.put(property, value);
        return this;
    }

    PropertiesBuilder headers(FieldTable table) {
        headers = table;
        return this;
    }

    PropertiesBuilder persistent(boolean persistent) {
        deliveryMode = persistent ? 2 : 1;
        return this;
    }

    PropertiesBuilder priority(int value) {
        priority = value;
        return this;
    }

    PropertiesBuilder timestamp(long seconds) {
        timestamp = seconds;
        hasTimestamp = true;
        return this;
    }

    void writeTo(ByteBuf out) {
        int flagsIndex = out.writerIndex();
        out.writeShort(0);
        int flags = 0;
        for (Property property : Property.values()) {
            if (write(property, out)) {
                flags |= property.flag();
            }
        }
        out.setShort(flagsIndex, flags);
    }

    private boolean write(Property property, ByteBuf out) {
        return switch (property) {
            case HEADERS -> {
                if (!headers.isEmpty()) {
                    WireWriter.table(out, headers);
                }
                yield !headers.isEmpty();
            }
            case DELIVERY_MODE -> writeOctet(deliveryMode, out);
            case PRIORITY -> writeOctet(priority, out);
            case TIMESTAMP -> {
                if (hasTimestamp) {
                    out.writeLong(timestamp);
                }
                yield hasTimestamp;
            }
            case CONTENT_TYPE,
                    CONTENT_ENCODING,
                    CORRELATION_ID,
                    REPLY_TO,
                    EXPIRATION,
                    MESSAGE_ID,
                    TYPE,
                    USER_ID,
                    APP_ID,
                    CLUSTER_ID -> writeText(texts.get(property), out);
        };
    }

    private static boolean writeOctet(int value, ByteBuf out) {
        if (value >= 0) {
            out.writeByte(value);
        }
        return value >= 0;
    }

    private static boolean writeText(@Nullable String value, ByteBuf out) {
        if (value != null) {
            WireWriter.shortstr(out, value);
        }
        return value != null;
    }
}
