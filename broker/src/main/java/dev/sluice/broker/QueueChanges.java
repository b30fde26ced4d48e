package dev.sluice.broker;

import static dev.sluice.broker.ChangeRunner.altering;
import static dev.sluice.broker.ChangeRunner.done;
import static dev.sluice.broker.ChangeRunner.queue;

import dev.sluice.broker.Outcome.Reply;
import dev.sluice.broker.Refusal.Reason;
import dev.sluice.broker.TopologyCodec.StoredQueue;
import dev.sluice.log.PartitionLog;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Decides changes of queues and topics that stay what they are, and in use. Each is durable first, where the queue is, then takes effect, and then is answered. Confined to the first shard. */
final class QueueChanges {
    private final ChangeRunner changes;
    private final QueueFactory factory;

    QueueChanges(ChangeRunner changes, QueueFactory factory) {
        this.changes = changes;
        this.factory = factory;
    }

    /** Gives a queue other settings; {@code change} sees the present ones, and throws {@link IllegalArgumentException} to refuse. The reply says what they are then. */
    void changeSettings(String name, UnaryOperator<QueueSettings> change, long connection, Reply<QueueSettings> reply) {
        submit(name, connection, reply, queue -> {
            QueueSettings settings;
            try {
                settings = change.apply(queue.spec().settings());
            } catch (IllegalArgumentException wrong) {
                return refuse(reply, Reason.INVALID, name, String.valueOf(wrong.getMessage()));
            }
            String problem = queue.spec().problemOfChange(settings);
            if (problem != null) {
                return refuse(reply, Reason.INVALID, name, problem);
            }
            QueueSpec changed = queue.spec().with(settings);
            return store(queue, stored -> stored.with(changed))
                    .thenRunAsync(() -> queue.change(changed), queue.shard())
                    .thenComposeAsync(done -> changes.broadcast(new TopologyChange.QueueChanged(name)), changes.shard())
                    .thenRun(() -> reply.on(Outcome.done(settings)));
        });
    }

    /** Gives a topic more partitions, so that there are {@code count}, which is the reply, and with them other settings. */
    void addPartitions(
            String name, int count, UnaryOperator<QueueSettings> change, long connection, Reply<Integer> reply) {
        submitForTopic(name, connection, reply, topic -> {
            int present = topic.partitions().length;
            if (count <= present || count > DeliveryId.MOST_LANES) {
                return refuse(
                        reply,
                        Reason.INVALID,
                        name,
                        "it has " + present + " partitions; there can be more, up to " + DeliveryId.MOST_LANES
                                + ", but not " + count);
            }
            QueueSettings settings = change.apply(topic.spec().settings());
            String problem = topic.spec().problemOfChange(settings);
            if (problem != null) {
                return refuse(reply, Reason.INVALID, name, problem);
            }
            QueueSpec changed = topic.spec().with(settings.with(QueueProperty.PARTITIONS, count));
            return factory.createPartitions(topic, count)
                    .thenCompose(added -> addStored(topic, added, changed))
                    .thenAcceptAsync(added -> topic.grow(added, changed), topic.shard())
                    .thenComposeAsync(done -> changes.broadcast(new TopologyChange.QueueChanged(name)), changes.shard())
                    .thenRun(() -> reply.on(Outcome.done(count)));
        });
    }

    private CompletableFuture<Partition[]> addStored(Queue topic, Partition[] added, QueueSpec changed) {
        return store(topic, stored -> stored.with(changed))
                .whenComplete((stored, failure) -> {
                    if (failure != null) {
                        factory.destroy(topic, added);
                    }
                })
                .thenApply(stored -> added);
    }

    /** Gives up the records of a topic's partition below the offset, {@link BrokerShard#ALL_RECORDS} for all that are durable. The reply says where the partition begins then. */
    void deleteRecords(String name, int partition, long below, long connection, Reply<Long> reply) {
        submitForTopic(name, connection, reply, topic -> {
            if (partition < 0 || partition >= topic.partitions().length) {
                return refuse(
                        reply,
                        Reason.PARTITION_NOT_FOUND,
                        name,
                        "its partitions are 0 to " + (topic.partitions().length - 1) + ", not " + partition);
            }
            Partition its = topic.partitions()[partition];
            return CompletableFuture.completedFuture(its)
                    .thenComposeAsync(QueueChanges::deletableBelow, topic.shard())
                    .thenCompose(durable -> {
                        long offset = below == BrokerShard.ALL_RECORDS ? durable : below;
                        return offset < 0 || offset > durable
                                ? refuse(
                                        reply,
                                        Reason.OFFSET_OUT_OF_RANGE,
                                        name,
                                        "partition " + partition + " ends at " + durable + ", and nothing is below "
                                                + offset)
                                : store(topic, stored -> stored.withStart(partition, offset))
                                        .thenRunAsync(() -> deleteBelow(topic, its, offset, reply), topic.shard());
                    });
        });
    }

    /** Completes with where what is durable ends, once ids and producers of all that is before are known without it. */
    private static CompletableFuture<Long> deletableBelow(Partition partition) {
        long durable = partition.log().durableOffset();
        var noted = new CompletableFuture<Long>();
        partition.whenNoted(() -> noted.complete(durable));
        return noted;
    }

    private static void deleteBelow(Queue topic, Partition partition, long offset, Reply<Long> reply) {
        PartitionLog log = partition.log();
        if (offset > log.startOffset()) {
            partition.giveUp(offset, Lane::passOverDeleted);
        }
        partition.whenNoted(() -> reply.on(Outcome.done(log.startOffset())));
        topic.wake();
    }

    /** Completes when the entry of a queue that is to outlive the process says so. */
    private CompletableFuture<?> store(Queue queue, UnaryOperator<StoredQueue> change) {
        return queue.isPersistent() ? changes.store().change(queue.name(), change) : done();
    }

    private <T> void submitForTopic(
            String name, long connection, Reply<T> reply, Function<Queue, CompletableFuture<?>> operation) {
        submit(
                name,
                connection,
                reply,
                queue -> queue.spec().isTopic()
                        ? operation.apply(queue)
                        : refuse(reply, Reason.INVALID, name, "it is no topic"));
    }

    /** Runs {@code operation} when its turn has come, if the queue is there, in order and not another connection's. */
    private <T> void submit(
            String name, long connection, Reply<T> reply, Function<Queue, CompletableFuture<?>> operation) {
        changes.submit(reply, name, altering(queue(name)), () -> {
            Queue present = changes.topology().queue(name);
            if (present == null || present.isLockedFor(connection)) {
                return refuse(reply, present == null ? Reason.QUEUE_NOT_FOUND : Reason.QUEUE_LOCKED, name, "");
            }
            Refusal unavailable = present.unavailable();
            if (unavailable != null) {
                reply.on(new Outcome.Refused<>(unavailable));
                return done();
            }
            return operation.apply(present);
        });
    }

    private static <T> CompletableFuture<Void> refuse(Reply<T> reply, Reason reason, String name, String detail) {
        reply.on(Outcome.refused(reason, name, detail));
        return done();
    }
}
