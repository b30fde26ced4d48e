package dev.sluice.amqp;

import dev.sluice.amqp.Argument.Parsed;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Consumer;
import dev.sluice.broker.ConsumerSpec;
import dev.sluice.broker.DeliveryId;
import dev.sluice.broker.GetReply;
import dev.sluice.broker.Settlement;
import dev.sluice.broker.SharedCredit;
import dev.sluice.broker.StartPosition;
import dev.sluice.log.RecordCursor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The consuming half of a channel: its consumers, what they were sent, and what became of it. Confined to the connection's shard. */
final class ChannelConsumers {
    private static final String TAG_PREFIX = "amq.ctag-";
    private static final String DIRECT_REPLY_TO = "amq.rabbitmq.reply-to";
    private static final int ANY_NUMBER = 0;

    private final AmqpChannel channel;
    private final BrokerShard broker;
    private final Outgoing out;
    private final DeliveryWriter writer;
    private final Map<String, Subscription> subscriptions = new HashMap<>();
    private final UnackedDeliveries unacked = new UnackedDeliveries();
    private final SharedCredit channelPrefetch = new SharedCredit(ANY_NUMBER);
    private int consumerPrefetch = ANY_NUMBER;
    private long lastDeliveryTag;
    private boolean flowing = true;
    private @Nullable ChannelTransaction transaction;

    ChannelConsumers(AmqpChannel channel, BrokerShard broker, Outgoing out, DeliveryWriter writer) {
        this.channel = channel;
        this.broker = broker;
        this.out = out;
        this.writer = writer;
    }

    UnackedDeliveries unacked() {
        return unacked;
    }

    /** From now on what the client settles is part of a transaction. */
    void transact(ChannelTransaction ofChannel) {
        transaction = ofChannel;
    }

    // What the client asks for.

    void qos(BasicMethod.Qos qos) {
        if (qos.prefetchSize() != 0) {
            channel.fail(ReplyCode.NOT_IMPLEMENTED, "prefetch_size!=0 (" + qos.prefetchSize() + ")", qos.id());
            return;
        }
        if (qos.global()) {
            channelPrefetch.setLimit(qos.prefetchCount());
        } else {
            consumerPrefetch = qos.prefetchCount();
        }
        channel.send(new BasicMethod.QosOk());
    }

    void consume(BasicMethod.Consume consume) {
        String queue = channel.queueOrLast(consume.queue(), consume.id());
        if (queue == null) {
            return;
        }
        Optional<String> argument = ConsumerArguments.notImplemented(consume.arguments());
        if (queue.equals(DIRECT_REPLY_TO)) {
            channel.fail(ReplyCode.NOT_IMPLEMENTED, "direct reply-to (" + DIRECT_REPLY_TO + ")", consume.id());
        } else if (argument.isPresent()) {
            String explanation = "argument '" + argument.get() + "' of a consumer is not implemented";
            channel.fail(ReplyCode.NOT_IMPLEMENTED, explanation, consume.id());
        } else if (subscriptions.containsKey(consume.consumerTag())) {
            String explanation = "attempt to reuse consumer tag '" + consume.consumerTag() + "'";
            channel.fail(ReplyCode.NOT_ALLOWED, explanation, consume.id());
        } else {
            switch (ConsumerArguments.priority(queue, consume.arguments())) {
                case Parsed.Understood<Integer>(Integer priority) -> subscribe(queue, consume, priority);
                case Parsed.Invalid<Integer>(ReplyCode code, String explanation) ->
                    channel.fail(code, explanation, consume.id());
            }
        }
    }

    private void subscribe(String queue, BasicMethod.Consume consume, int priority) {
        switch (ConsumerArguments.start(queue, consume.arguments(), System.currentTimeMillis())) {
            case Parsed.Understood<Optional<StartPosition>>(Optional<StartPosition> start) ->
                subscribe(queue, consume, priority, start.orElse(null));
            case Parsed.Invalid<Optional<StartPosition>>(ReplyCode code, String explanation) ->
                channel.fail(code, explanation, consume.id());
        }
    }

    private void subscribe(String queue, BasicMethod.Consume consume, int priority, @Nullable StartPosition start) {
        String tag = consume.consumerTag().isEmpty() ? RandomNames.next(TAG_PREFIX) : consume.consumerTag();
        var subscription = new Subscription(this, tag, consume.noAck());
        var spec = new ConsumerSpec(
                consume.noAck(), consume.exclusive(), consumerPrefetch, channelPrefetch, priority, start);
        broker.subscribe(
                queue,
                spec,
                subscription,
                channel.connectionId(),
                channel.awaiting(consume.id(), Consumer::close, consumer -> {
                    subscription.begin(consumer);
                    subscriptions.put(tag, subscription);
                    channel.reply(consume.noWait(), new BasicMethod.ConsumeOk(tag));
                }));
    }

    void cancel(BasicMethod.Cancel cancel) {
        Subscription subscription = subscriptions.remove(cancel.consumerTag());
        if (subscription == null) {
            channel.reply(cancel.noWait(), new BasicMethod.CancelOk(cancel.consumerTag()));
            return;
        }
        Runnable done =
                channel.awaiting(() -> channel.reply(cancel.noWait(), new BasicMethod.CancelOk(cancel.consumerTag())));
        subscription.consumer().cancel(done);
    }

    void get(BasicMethod.Get get) {
        String queue = channel.queueOrLast(get.queue(), get.id());
        if (queue == null) {
            return;
        }
        broker.openGetter(
                queue,
                channel.connectionId(),
                channel.awaiting(get.id(), Consumer::close, getter -> getter.get(get.noAck(), new Get(get.noAck()))));
    }

    /** Waits for the answer to one basic.get. Confined to the connection's shard. */
    private final class Get implements GetReply {
        private final boolean noAck;
        private final Runnable answered = channel.awaiting(() -> {});

        Get(boolean noAck) {
            this.noAck = noAck;
        }

        @Override
        public void got(
                Consumer consumer, long delivery, RecordCursor record, int count, boolean redelivered, long remaining) {
            if (channel.isOpen()) {
                long tag = nextTag(consumer, delivery, noAck);
                writer.getOk(channel.number(), tag, record, count, redelivered, remaining, consumer.address());
            } else {
                consumer.close();
            }
            answered.run();
        }

        @Override
        public void empty() {
            if (channel.isOpen()) {
                channel.send(new BasicMethod.GetEmpty());
            }
            answered.run();
        }
    }

    void ack(long tag, boolean multiple) {
        settle(tag, multiple, Settlement.ACK, BasicMethod.Ack.ID);
    }

    void nack(BasicMethod.Nack nack) {
        settle(nack.deliveryTag(), nack.multiple(), refusing(nack.requeue()), nack.id());
    }

    void reject(BasicMethod.Reject reject) {
        settle(reject.deliveryTag(), false, refusing(reject.requeue()), reject.id());
    }

    private static Settlement refusing(boolean requeue) {
        return requeue ? Settlement.RELEASE : Settlement.REJECT;
    }

    private void settle(long tag, boolean multiple, Settlement settlement, int methodId) {
        ChannelTransaction gathering = transaction;
        if (gathering == null) {
            take(tag, multiple, methodId, (itsTag, consumer, delivery) -> consumer.settle(delivery, settlement));
        } else {
            take(
                    tag,
                    multiple,
                    methodId,
                    (itsTag, consumer, delivery) -> gathering.settle(itsTag, consumer, delivery, settlement));
            gathering.failIfRefused(methodId);
        }
    }

    private void take(long tag, boolean multiple, int methodId, UnackedDeliveries.Visitor visitor) {
        if (tag == 0 && multiple) {
            unacked.takeAll(visitor);
            return;
        }
        boolean known = multiple ? unacked.takeUpTo(tag, visitor) : unacked.take(tag, visitor);
        if (!known) {
            String explanation = "unknown delivery tag " + Long.toUnsignedString(tag);
            channel.fail(ReplyCode.PRECONDITION_FAILED, explanation, methodId);
        }
    }

    /** Puts back all that is not settled; false, and nothing happened, when it should go to the same consumer again. */
    boolean recover(boolean requeue, int methodId) {
        if (!requeue) {
            channel.fail(ReplyCode.NOT_IMPLEMENTED, "requeue=false", methodId);
            return false;
        }
        unacked.takeAll((tag, consumer, delivery) -> consumer.settle(delivery, Settlement.RELEASE));
        return true;
    }

    /** The client stops or restarts the stream of deliveries. */
    void flow(boolean active) {
        flowing = active;
        if (active) {
            new ArrayList<>(subscriptions.values()).forEach(Subscription::resume);
        }
    }

    /** Whether there is a consumer, or a delivery that is not settled. */
    boolean isActive() {
        return !subscriptions.isEmpty() || unacked.count() > 0 || (transaction != null && transaction.isSettling());
    }

    // What the broker sends.

    boolean hasRoom() {
        return flowing && out.hasRoom();
    }

    void whenRoom(Runnable resume) {
        out.whenRoom(resume);
    }

    void deliver(
            Subscription to,
            Consumer consumer,
            long delivery,
            RecordCursor record,
            int deliveryCount,
            boolean redelivered) {
        long tag = nextTag(consumer, delivery, to.noAck());
        long offset = consumer.isOfTopic() ? DeliveryId.offset(delivery) : DeliveryWriter.NO_OFFSET;
        writer.deliver(
                channel.number(), to.encodedTag(), tag, record, deliveryCount, redelivered, offset, consumer.address());
    }

    private long nextTag(Consumer consumer, long delivery, boolean noAck) {
        long tag = ++lastDeliveryTag;
        if (!noAck) {
            unacked.add(tag, consumer, delivery);
        }
        return tag;
    }

    void cancelledByBroker(Subscription subscription) {
        subscriptions.remove(subscription.tag());
        channel.consumerCancelled(subscription.tag());
    }

    /** The channel is gone: everything unsettled goes back to its place. */
    void close() {
        subscriptions.values().forEach(Subscription::end);
        subscriptions.clear();
        unacked.takeAll(new UnackedDeliveries.Visitor() {
            private Object closed = this;

            @Override
            public void delivery(long tag, Consumer consumer, long delivery) {
                if (consumer != closed) {
                    consumer.close();
                    closed = consumer;
                }
            }
        });
        if (transaction != null) {
            transaction.close();
        }
    }
}
