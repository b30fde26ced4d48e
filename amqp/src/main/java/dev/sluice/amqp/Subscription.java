package dev.sluice.amqp;

import dev.sluice.broker.Consumer;
import dev.sluice.broker.DeliverySink;
import dev.sluice.log.RecordCursor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A consumer of a channel, from consume to cancel. Confined to the connection's shard. */
final class Subscription implements DeliverySink {
    private final ChannelConsumers channel;
    private final String tag;
    private final byte[] encodedTag;
    private final boolean noAck;
    private @Nullable Consumer consumer;
    private boolean waitsForRoom;
    private boolean ended;

    Subscription(ChannelConsumers channel, String tag, boolean noAck) {
        this.channel = channel;
        this.tag = tag;
        this.encodedTag = WireWriter.shortstr(tag);
        this.noAck = noAck;
    }

    String tag() {
        return tag;
    }

    byte[] encodedTag() {
        return encodedTag;
    }

    boolean noAck() {
        return noAck;
    }

    void begin(Consumer itsConsumer) {
        consumer = itsConsumer;
    }

    Consumer consumer() {
        return Objects.requireNonNull(consumer);
    }

    /** Its channel is gone: what still arrives is put back by the broker. */
    void end() {
        ended = true;
        if (consumer != null) {
            consumer.close();
        }
    }

    @Override
    public boolean ready() {
        boolean room = channel.hasRoom();
        if (!room && !waitsForRoom) {
            waitsForRoom = true;
            channel.whenRoom(this::resume);
        }
        return room;
    }

    void resume() {
        waitsForRoom = false;
        if (consumer != null && !ended) {
            consumer.resume();
        }
    }

    @Override
    public void deliver(Consumer from, long delivery, RecordCursor record, int deliveryCount, boolean redelivered) {
        if (!ended) {
            channel.deliver(this, from, delivery, record, deliveryCount, redelivered);
        }
    }

    /** What was delivered is written out at the end of the turn. */
    @Override
    public void flush() {}

    @Override
    public void cancelled(Consumer gone) {
        if (!ended) {
            ended = true;
            channel.cancelledByBroker(this);
        }
    }
}
