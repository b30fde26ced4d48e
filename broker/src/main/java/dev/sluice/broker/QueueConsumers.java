package dev.sluice.broker;

import dev.sluice.broker.Outcome.Reply;
import org.jspecify.annotations.Nullable;

/** Who consumes from a queue: how they come, what they say of what they got, and how they go. Whose turn it is knows the {@link Dispatcher}. Confined to the queue's shard. */
final class QueueConsumers {
    private final Queue queue;
    private final QueueDispatch dispatch;
    private final QueueSettling settling;
    private final QueueTimers timers;
    /** Of a topic. */
    private final @Nullable TopicReaders readers;

    /** Runs when its consumer, of which it has only one, is gone and has nothing to settle any more. */
    private @Nullable Runnable whenUnused;

    private boolean hadConsumer;

    QueueConsumers(Queue queue, QueueDispatch dispatch, QueueSettling settling, QueueTimers timers) {
        this.queue = queue;
        this.dispatch = dispatch;
        this.settling = settling;
        this.timers = timers;
        this.readers = queue.spec().isTopic() ? new TopicReaders(queue) : null;
    }

    /** {@code action} runs when its first consumer is gone and has nothing to settle any more. */
    void whenUnused(Runnable action) {
        whenUnused = action;
    }

    /** Those of a topic included that get everything. */
    int count() {
        return dispatch.consumers().size() + (readers == null ? 0 : readers.size());
    }

    void subscribe(ConsumerSpec wish, DeliverySink sink, BrokerShard home, Reply<Consumer> reply) {
        if (queue.isDeleted()) {
            reply.on(Outcome.refused(Refusal.Reason.QUEUE_NOT_FOUND, queue.name()));
        } else if (readers != null && (queue.lanes().length == 0 || wish.start() != null)) {
            readers.subscribe(wish, sink, home, reply);
        } else if (dispatch.consumers().conflictsWith(wish)) {
            reply.on(Outcome.refused(Refusal.Reason.CONSUMER_EXCLUSIVE, queue.name()));
        } else {
            var consumer = new Consumer(queue, home, wish, sink, true);
            hadConsumer = true;
            reply.on(Outcome.done(consumer));
            dispatch.consumers().add(consumer);
            timers.touch();
            queue.wake();
        }
    }

    void get(Consumer consumer, Consumer.PendingGet get) {
        if (queue.isDeleted() || consumer.isCancelled()) {
            get.reply().empty();
            return;
        }
        timers.touch();
        dispatch.get(consumer, get);
        queue.wake();
    }

    /** {@code delivery}: a {@link DeliveryId}; {@code delayMs}: how long a record that is released waits at the least. */
    void settle(Consumer consumer, long delivery, Settlement settlement, long delayMs) {
        if (!queue.isDeleted() && settling.settle(consumer, delivery, settlement, delayMs)) {
            afterSettling(consumer);
        }
    }

    /** A transaction that has claimed the delivery was committed, or not. */
    void end(Claim claim, boolean committed) {
        if (queue.isDeleted()) {
            return;
        }
        if (committed) {
            settling.settle(claim);
        } else {
            settling.giveBack(claim);
        }
        afterSettling(claim.consumer);
    }

    private void afterSettling(Consumer consumer) {
        dispatch.consumers().offer(consumer);
        closeIfDone(consumer);
        queue.wake();
    }

    private void closeIfDone(Consumer consumer) {
        if (whenUnused != null && consumer.isCancelled() && consumer.inFlightCount() == 0) {
            whenUnused.run();
        }
    }

    void renew(Consumer consumer, long delivery, long leaseMs) {
        if (!queue.isDeleted() && settling.renew(consumer, delivery, leaseMs)) {
            timers.wakeAt(settling.firstDueMs());
        }
    }

    void resume(Consumer consumer) {
        if (consumer.sink instanceof RemoteSink remote) {
            remote.targetReady();
        }
        dispatch.consumers().offer(consumer);
        queue.wake();
    }

    void cancel(Consumer consumer) {
        if (consumer.isCancelled()) {
            return;
        }
        consumer.markCancelled();
        consumer.gets.clear();
        if (consumer.subscribed) {
            dispatch.consumers().remove(consumer);
            queue.wake(); // for the one that takes over
            timers.touch();
            closeIfDone(consumer);
            if (queue.spec().autoDelete() && hadConsumer && count() == 0 && !queue.isDeleted()) {
                queue.home().deleteUnused(queue);
            }
        }
    }

    void close(Consumer consumer) {
        cancel(consumer);
        consumer.markClosed();
        consumer.releaseShared(consumer.inFlightCount());
        if (!queue.isDeleted()) {
            settling.takeBack(consumer);
            closeIfDone(consumer);
            queue.wake();
        }
    }

    /** The queue is gone: tells everybody. */
    void delete() {
        if (readers != null) {
            readers.delete();
        }
        for (Consumer consumer : dispatch.consumers().all()) {
            consumer.markCancelled();
            consumer.sink.cancelled(consumer);
        }
    }

    /** The broker stops. */
    void stop() {
        if (readers != null) {
            readers.stop();
        }
    }
}
