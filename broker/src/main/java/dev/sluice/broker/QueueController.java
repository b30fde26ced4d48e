package dev.sluice.broker;

import static dev.sluice.broker.ChangeRunner.all;
import static dev.sluice.broker.ChangeRunner.altering;
import static dev.sluice.broker.ChangeRunner.different;
import static dev.sluice.broker.ChangeRunner.done;
import static dev.sluice.broker.ChangeRunner.firstOf;
import static dev.sluice.broker.ChangeRunner.queue;

import dev.sluice.broker.ChangeOrder.Claims;
import dev.sluice.broker.Outcome.Reply;
import dev.sluice.broker.Refusal.Reason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Decides which queues come, go and are paused. Confined to the first shard. */
final class QueueController {
    private final ChangeRunner changes;
    private final ExchangeController exchanges;
    private final QueueFactory factory;
    private final Map<Long, Set<Queue>> exclusive = new HashMap<>();

    QueueController(ChangeRunner changes, ExchangeController exchanges, QueueFactory factory) {
        this.changes = changes;
        this.exchanges = exchanges;
        this.factory = factory;
    }

    /** Makes the queue, or finds that it is there and the same. */
    void declareQueue(QueueSpec spec, long connection, Shard caller, Reply<QueueStatus> reply) {
        declare(spec, connection, caller, reply, present -> declareAgain(present, spec, connection, reply));
    }

    /** Makes the queue, which is not to be there yet, whatever it is. */
    void createQueue(QueueSpec spec, long connection, Shard caller, Reply<QueueStatus> reply) {
        declare(spec, connection, caller, reply, present -> {
            reply.on(Outcome.refused(Reason.QUEUE_EXISTS, spec.name()));
            return done();
        });
    }

    private void declare(
            QueueSpec spec,
            long connection,
            Shard caller,
            Reply<QueueStatus> reply,
            Function<Queue, CompletableFuture<?>> ifPresent) {
        changes.submit(reply, spec.name(), claims(spec, connection), () -> {
            Queue present = changes.topology().queue(spec.name());
            if (present != null) {
                return ifPresent.apply(present);
            }
            Refusal refusal = refusalOf(spec, connection);
            if (refusal != null) {
                reply.on(new Outcome.Refused<>(refusal));
                return done();
            }
            return create(spec, spec.settings().start(), connection, caller)
                    .thenComposeAsync(this::announce, changes.shard())
                    .thenRun(() -> reply.on(Outcome.done(new QueueStatus(spec.name(), 0, 0))));
        });
    }

    private static Supplier<Claims> claims(QueueSpec spec, long connection) {
        String topic = spec.topic();
        List<Object> relied = topic == null ? List.of(connection) : List.of(connection, queue(topic));
        var claims = new Claims(relied, List.of(queue(spec.name())));
        return () -> claims;
    }

    private @Nullable Refusal refusalOf(QueueSpec spec, long connection) {
        String problem = spec.problem();
        if (problem != null) {
            return new Refusal(Reason.INVALID, spec.name(), problem);
        }
        String topicName = spec.topic();
        if (topicName == null) {
            return null;
        }
        Queue topic = changes.topology().queue(topicName);
        if (topic == null) {
            return new Refusal(Reason.QUEUE_NOT_FOUND, topicName);
        }
        if (topic.isLockedFor(connection)) {
            return new Refusal(Reason.QUEUE_LOCKED, topicName);
        }
        if (!topic.spec().isTopic()) {
            return new Refusal(Reason.INVALID, spec.name(), topicName + " is no topic");
        }
        return spec.durable() && !spec.exclusive() && !topic.isPersistent()
                ? new Refusal(Reason.INVALID, spec.name(), "it is durable, but its topic " + topicName + " is not")
                : topic.unavailable();
    }

    private CompletableFuture<Queue> create(QueueSpec spec, StartPosition start, long connection, Shard caller) {
        String topicName = spec.topic();
        Queue topic = topicName == null ? null : changes.topology().queue(topicName);
        return topic == null
                ? factory.create(spec, connection, caller)
                : factory.createSubscription(spec, start, connection, topic);
    }

    /** Lets a subscription that nobody consumes begin anew, elsewhere in its topic. */
    void seek(String name, StartPosition start, long connection, Reply<Boolean> reply) {
        changes.submit(reply, name, seekClaims(name), () -> {
            Queue present = changes.topology().queue(name);
            if (present == null || present.isLockedFor(connection)) {
                reply.on(Outcome.refused(present == null ? Reason.QUEUE_NOT_FOUND : Reason.QUEUE_LOCKED, name));
                return done();
            }
            Refusal refusal = present.spec().topic() == null
                    ? new Refusal(Reason.INVALID, name, "it is no subscription of a topic")
                    : refusalOf(present.spec(), connection);
            if (refusal != null) {
                reply.on(new Outcome.Refused<>(refusal));
                return done();
            }
            return CompletableFuture.supplyAsync(() -> present.consumers().count(), present.shard())
                    .thenComposeAsync(
                            consumers -> {
                                if (consumers > 0) {
                                    reply.on(Outcome.refused(Reason.QUEUE_IN_USE, name));
                                    return done();
                                }
                                return replace(present, start).thenRun(() -> reply.on(Outcome.done(true)));
                            },
                            changes.shard());
        });
    }

    private Supplier<Claims> seekClaims(String name) {
        return () -> {
            Queue present = changes.topology().queue(name);
            String topic = present == null ? null : present.spec().topic();
            return new Claims(topic == null ? List.of() : List.of(queue(topic)), List.of(queue(name)));
        };
    }

    /** The new one takes the place of the old one in the store, too, and no binding leads to a subscription. */
    private CompletableFuture<Void> replace(Queue old, StartPosition start) {
        return create(old.spec(), start, old.owner(), old.shard())
                .thenCompose(created -> CompletableFuture.supplyAsync(old::pauses, old.shard())
                        .thenCompose(pauses -> pause(created, pauses))
                        .thenApply(paused -> created))
                .thenComposeAsync(
                        created -> {
                            exclusive.computeIfPresent(old.owner(), (connection, queues) -> {
                                queues.remove(old);
                                return queues;
                            });
                            return changes.broadcast(new TopologyChange.QueueDeleted(old.name()))
                                    .thenComposeAsync(deleted -> announce(created), changes.shard());
                        },
                        changes.shard())
                .thenRun(() -> factory.destroy(old));
    }

    private CompletableFuture<Void> announce(Queue queue) {
        if (queue.owner() != 0) {
            exclusive
                    .computeIfAbsent(queue.owner(), connection -> new HashSet<>())
                    .add(queue);
        }
        return changes.broadcast(new TopologyChange.QueueDeclared(queue));
    }

    private static CompletableFuture<Void> declareAgain(
            Queue present, QueueSpec spec, long connection, Reply<QueueStatus> reply) {
        String difference = difference(spec, present.spec());
        if (present.isLockedFor(connection)) {
            reply.on(Outcome.refused(Reason.QUEUE_LOCKED, spec.name()));
        } else if (present.unavailable() != null) {
            reply.on(new Outcome.Refused<>(present.unavailable()));
        } else if (difference != null) {
            reply.on(Outcome.refused(Reason.QUEUE_DIFFERS, spec.name(), difference));
        } else {
            present.shard().execute(() -> {
                present.touch();
                reply.on(Outcome.done(present.status()));
            });
        }
        return done();
    }

    /** Who declares a queue, and finds a topic whose readers compete, gets what it wants: what it does not ask for may be anything. */
    private static @Nullable String difference(QueueSpec received, QueueSpec current) {
        boolean asQueue = current.readersCompete() && !received.isTopic();
        String difference = firstOf(
                different("durable", received.durable(), current.durable()),
                different("exclusive", received.exclusive(), current.exclusive()),
                different("auto_delete", received.autoDelete(), current.autoDelete()));
        for (QueueProperty property : QueueProperty.values()) {
            boolean isCompared = !asQueue || received.settings().chosen(property) != null;
            if (difference == null && isCompared) {
                difference = different(
                        property.propertyName(),
                        received.settings().chosen(property),
                        current.settings().chosen(property));
            }
        }
        return difference;
    }

    void deleteQueue(String name, boolean ifUnused, boolean ifEmpty, long connection, Reply<Long> reply) {
        changes.submit(reply, name, deletionClaims(name), () -> {
            Queue queue = changes.topology().queue(name);
            if (queue == null || queue.isLockedFor(connection)) {
                reply.on(Outcome.refused(queue == null ? Reason.QUEUE_NOT_FOUND : Reason.QUEUE_LOCKED, name));
                return done();
            }
            return removeIf(queue, ifUnused, ifEmpty, reply);
        });
    }

    /** A topic goes with its subscriptions. */
    private Supplier<Claims> deletionClaims(String name) {
        return () -> {
            var altered = new ArrayList<Object>(List.of(queue(name)));
            changes.topology().subscriptions(name).forEach(subscription -> altered.add(queue(subscription.name())));
            return new Claims(List.of(), altered);
        };
    }

    void deleteUnused(Queue queue) {
        Reply<Long> nobody = outcome -> {};
        changes.submit(
                nobody,
                queue.name(),
                deletionClaims(queue.name()),
                () -> changes.topology().queue(queue.name()) == queue ? removeIf(queue, true, false, nobody) : done());
    }

    /** Changes what is paused of the queue; the reply says what is paused then. */
    void pauseQueue(String name, UnaryOperator<QueuePauses> change, Reply<QueuePauses> reply) {
        changes.submit(reply, name, altering(queue(name)), () -> {
            Queue queue = changes.topology().queue(name);
            if (queue == null) {
                reply.on(Outcome.refused(Reason.QUEUE_NOT_FOUND, name));
                return done();
            }
            return CompletableFuture.supplyAsync(() -> change.apply(queue.pauses()), queue.shard())
                    .thenCompose(pauses -> pause(queue, pauses))
                    .thenAccept(pauses -> reply.on(Outcome.done(pauses)));
        });
    }

    /** Completes, on the queue's shard, when this and nothing else is paused. */
    private CompletableFuture<QueuePauses> pause(Queue queue, QueuePauses pauses) {
        return (queue.isPersistent() ? changes.store().change(queue.name(), stored -> stored.with(pauses)) : done())
                .thenApplyAsync(
                        stored -> {
                            queue.pause(pauses);
                            queue.wake();
                            return pauses;
                        },
                        queue.shard());
    }

    void closeConnection(long connection) {
        Reply<Long> nobody = outcome -> {};
        changes.submit(
                nobody,
                "",
                () -> {
                    var altered = new ArrayList<Object>(List.of(connection));
                    exclusiveOf(connection)
                            .forEach(queue -> altered.addAll(
                                    deletionClaims(queue.name()).get().altered()));
                    return new Claims(List.of(), altered);
                },
                () -> all(exclusiveOf(connection).stream()
                        .map(queue -> removeIf(queue, false, false, nobody))
                        .toList()));
    }

    private Set<Queue> exclusiveOf(long connection) {
        return exclusive.getOrDefault(connection, Set.of());
    }

    /** Completes when the queue is gone or stays. */
    private CompletableFuture<Void> removeIf(Queue queue, boolean ifUnused, boolean ifEmpty, Reply<Long> reply) {
        boolean hasSubscriptions =
                !changes.topology().subscriptions(queue.name()).isEmpty();
        return CompletableFuture.<Outcome<Long>>supplyAsync(
                        () -> {
                            QueueStatus status = queue.status();
                            if (ifUnused && (status.consumerCount() > 0 || hasSubscriptions)) {
                                return Outcome.refused(Reason.QUEUE_IN_USE, queue.name());
                            }
                            return ifEmpty && status.readyCount() > 0
                                    ? Outcome.refused(Reason.QUEUE_NOT_EMPTY, queue.name())
                                    : Outcome.done(status.readyCount());
                        },
                        queue.shard())
                .thenComposeAsync(
                        outcome -> {
                            if (outcome instanceof Outcome.Done) {
                                return remove(queue, () -> reply.on(outcome));
                            }
                            reply.on(outcome);
                            return done();
                        },
                        changes.shard());
    }

    private CompletableFuture<Void> remove(Queue queue, Runnable answer) {
        List<Queue> subscriptions = changes.topology().subscriptions(queue.name());
        if (!subscriptions.isEmpty()) {
            return all(subscriptions.stream()
                            .map(subscription -> remove(subscription, () -> {}))
                            .toList())
                    .thenComposeAsync(removed -> remove(queue, answer), changes.shard());
        }
        List<Binding> gone = changes.topology().to(queue(queue.name()));
        CompletableFuture<?> first = queue.isPersistent() ? changes.store().deleteQueue(queue.name()) : done();
        return exchanges
                .withdraw(first, gone, new TopologyChange.QueueDeleted(queue.name()))
                .thenRun(() -> {
                    exclusive.computeIfPresent(queue.owner(), (connection, queues) -> {
                        queues.remove(queue);
                        return queues.isEmpty() ? null : queues;
                    });
                    factory.destroy(queue);
                    exchanges.removeEmptied(gone, answer);
                });
    }
}
