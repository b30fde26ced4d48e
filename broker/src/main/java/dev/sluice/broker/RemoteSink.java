package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/**
 * Carries deliveries from the queue's shard to a consumer's shard: one hand-over at a time, so that a slow consumer's shard holds back the queue instead of gathering its records. Confined to the
 * queue's shard; the hand-over itself is immutable.
 */
final class RemoteSink implements DeliverySink {
    /** Deliveries in one hand-over. */
    private static final int MOST = 256;

    private final DeliverySink target;
    private final Shard queueShard;
    private final BrokerShard home;
    private List<Delivery> gathered = new ArrayList<>();
    private boolean handedOver;
    private boolean targetReady = true;

    /** A record that travels: {@code batch} is retained for it. */
    private record Delivery(
            Consumer consumer,
            long id,
            ByteBuf batch,
            int batchIndex,
            int position,
            int deliveryCount,
            boolean redelivered) {}

    RemoteSink(DeliverySink target, Shard queueShard, BrokerShard home) {
        this.target = target;
        this.queueShard = queueShard;
        this.home = home;
    }

    @Override
    public boolean ready() {
        return targetReady && !handedOver && gathered.size() < MOST;
    }

    @Override
    public void deliver(Consumer consumer, long delivery, RecordCursor record, int deliveryCount, boolean redelivered) {
        gathered.add(travelling(consumer, delivery, record, deliveryCount, redelivered));
    }

    @Override
    public void flush() {
        if (gathered.isEmpty()) {
            return;
        }
        List<Delivery> deliveries = gathered;
        gathered = new ArrayList<>();
        handedOver = true;
        Consumer consumer = deliveries.getFirst().consumer;
        home.shard().execute(() -> {
            var cursor = new RecordCursor();
            for (Delivery delivery : deliveries) {
                arrive(delivery, cursor);
            }
            target.flush();
            boolean ready = target.ready();
            queueShard.execute(() -> arrived(consumer, ready));
        });
    }

    private void arrive(Delivery delivery, RecordCursor cursor) {
        cursor.readAt(delivery.batch, delivery.batchIndex, delivery.position);
        target.deliver(delivery.consumer, delivery.id, cursor, delivery.deliveryCount, delivery.redelivered);
        delivery.batch.release();
    }

    private void arrived(Consumer consumer, boolean ready) {
        handedOver = false;
        targetReady = ready;
        if (ready) {
            consumer.resumeHere();
        }
    }

    /** The consumer's shard says that its sink is ready again. */
    void targetReady() {
        targetReady = true;
    }

    @Override
    public void cancelled(Consumer consumer) {
        flush();
        home.shard().execute(() -> target.cancelled(consumer));
    }

    private static Delivery travelling(
            Consumer consumer, long id, RecordCursor record, int deliveryCount, boolean redelivered) {
        return new Delivery(
                consumer,
                id,
                record.buffer().retain(),
                record.batchIndex(),
                record.position(),
                deliveryCount,
                redelivered);
    }

    /** The same for the answer to a get. */
    static GetReply remote(GetReply reply, BrokerShard home) {
        return new GetReply() {
            @Override
            public void got(
                    Consumer consumer, long id, RecordCursor record, int count, boolean redelivered, long remaining) {
                Delivery delivery = travelling(consumer, id, record, count, redelivered);
                home.shard().execute(() -> {
                    var cursor = new RecordCursor();
                    cursor.readAt(delivery.batch, delivery.batchIndex, delivery.position);
                    reply.got(consumer, id, cursor, count, redelivered, remaining);
                    delivery.batch.release();
                });
            }

            @Override
            public void empty() {
                home.shard().execute(reply::empty);
            }
        };
    }
}
