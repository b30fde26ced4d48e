package dev.sluice.amqp;

import dev.sluice.broker.DeathHistory;
import dev.sluice.broker.RouteHeader;
import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Writes stored records as basic.deliver and basic.get-ok. Confined to the connection's shard. */
final class DeliveryWriter implements AutoCloseable {
    /** Instead of the place of a record in a topic. */
    static final long NO_OFFSET = -1;

    private static final int SCRATCH_KEPT_BYTES = 64 * 1024;

    private final Outgoing out;
    private final FrameWriter frames;
    private final OutgoingContent content = new OutgoingContent();
    private final ContentProperties properties = new ContentProperties();
    /** That of {@link #plainRouteOf}, through the default exchange. */
    private ByteBuf plainRoute = Unpooled.EMPTY_BUFFER;

    private @Nullable String plainRouteOf;
    /** Properties that do not stand in the record as they are sent. */
    private ByteBuf scratch = Unpooled.EMPTY_BUFFER;

    DeliveryWriter(Outgoing out, FrameWriter frames) {
        this.out = out;
        this.frames = frames;
    }

    /**
     * Writes basic.deliver.
     *
     * @param topicOffset where the record is in the topic that it was read from; {@link #NO_OFFSET} if it is of a queue
     * @param address the name that it was published to, if it came over a protocol without routes
     */
    void deliver(
            int channel,
            byte[] consumerTag,
            long deliveryTag,
            RecordCursor record,
            int deliveryCount,
            boolean redelivered,
            long topicOffset,
            String address) {
        pointAt(record, deliveryCount, topicOffset, address);
        frames.deliver(out.buffer(), channel, consumerTag, deliveryTag, redelivered, content);
    }

    void getOk(
            int channel,
            long deliveryTag,
            RecordCursor record,
            int deliveryCount,
            boolean redelivered,
            long remaining,
            String address) {
        pointAt(record, deliveryCount, NO_OFFSET, address);
        frames.getOk(out.buffer(), channel, deliveryTag, redelivered, remaining, content);
    }

    private void pointAt(RecordCursor record, int deliveryCount, long topicOffset, String address) {
        ByteBuf in = record.buffer();
        if (record.findHeader(RouteHeader.KEY)) {
            content.route(in, record.headerValueIndex(), record.headerValueLength());
        } else {
            ByteBuf route = plainRoute(address);
            content.route(route, 0, route.writerIndex());
        }
        pointAtProperties(record, deliveryCount, topicOffset);
        content.body(in, record.valueIndex(), Math.max(0, record.valueLength()));
    }

    private ByteBuf plainRoute(String address) {
        if (!address.equals(plainRouteOf)) {
            plainRoute = RouteHeader.encode("", address);
            plainRouteOf = address;
        }
        return plainRoute;
    }

    private void pointAtProperties(RecordCursor record, int deliveryCount, long topicOffset) {
        ByteBuf in = record.buffer();
        DeathHistory deaths = DeathHistory.of(record);
        boolean isChanged = deliveryCount > 0 || deaths != null || topicOffset >= 0;
        if (!record.findHeader(StoredMessage.PROPERTIES)) {
            StoredMessage.writeProperties(
                    emptyScratch(), record, StoredMessage.addedHeaders(deliveryCount, deaths, topicOffset));
        } else if (isChanged && properties.reset(in, record.headerValueIndex(), record.headerValueLength())) {
            if (deaths != null) {
                properties.omit(Property.EXPIRATION); // it has expired, or is not to expire where it was brought
            }
            properties.writeWithHeaders(
                    emptyScratch(),
                    StoredMessage.addedHeaders(deliveryCount, deaths, topicOffset)
                            .build(),
                    Set.of());
        } else {
            content.properties(in, record.headerValueIndex(), record.headerValueLength());
            return;
        }
        content.properties(scratch, 0, scratch.writerIndex());
    }

    private ByteBuf emptyScratch() {
        if (scratch.capacity() == 0 || scratch.capacity() > SCRATCH_KEPT_BYTES) {
            scratch.release();
            scratch = Unpooled.buffer();
        }
        return scratch.clear();
    }

    @Override
    public void close() {
        scratch.release();
    }
}
