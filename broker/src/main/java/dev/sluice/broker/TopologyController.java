package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import dev.sluice.broker.ChangeOrder.Claims;
import dev.sluice.broker.Outcome.Reply;
import dev.sluice.broker.Refusal.Reason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides every change of exchanges, queues and bindings: checks it, makes it durable where it has to be, sends it to the topology of each shard, and only then answers. Changes that touch the same things are made one after
 * another, others at the same time: see {@link ChangeOrder}. Confined to the first shard.
 */
final class TopologyController {
    private static final Logger LOG = LoggerFactory.getLogger(TopologyController.class);

    private final BrokerShard home;
    private final TopologyBroadcast broadcast;
    private final TopologyStore store;
    private final QueueFactory factory;
    private final ChangeOrder order;
    private final Map<Long, Set<Queue>> exclusive = new HashMap<>();

    TopologyController(List<BrokerShard> shards, TopologyStore store, QueueFactory factory) {
        this.home = shards.getFirst();
        this.broadcast = new TopologyBroadcast(shards);
        this.order = new ChangeOrder(home.shard());
        this.store = store;
        this.factory = factory;
    }

    void declareExchange(ExchangeSpec spec, Reply<ExchangeSpec> reply) {
        submit(reply, spec.name(), altering(exchange(spec.name())), () -> {
            Exchange present = topology().exchange(spec.name());
            if (present != null) {
                String difference = difference(spec, present.spec);
                reply.on(
                        difference == null
                                ? Outcome.done(present.spec)
                                : Outcome.refused(Reason.EXCHANGE_DIFFERS, spec.name(), difference));
                return done();
            }
            return (spec.durable() ? store.put(spec) : done())
                    .thenComposeAsync(stored -> broadcast.send(new TopologyChange.ExchangeDeclared(spec)), home.shard())
                    .thenRun(() -> reply.on(Outcome.done(spec)));
        });
    }

    private static @Nullable String difference(ExchangeSpec received, ExchangeSpec current) {
        return firstOf(
                different("type", received.type(), current.type()),
                different("delayed", received.delayed(), current.delayed()),
                different("durable", received.durable(), current.durable()),
                different("auto_delete", received.autoDelete(), current.autoDelete()),
                different("internal", received.internal(), current.internal()),
                different("alternate-exchange", received.alternate(), current.alternate()));
    }

    void deleteExchange(String name, boolean ifUnused, Reply<Boolean> reply) {
        submit(reply, name, altering(exchange(name)), () -> {
            Exchange present = topology().exchange(name);
            if (present == null) {
                reply.on(Outcome.done(false));
                return done();
            }
            if (ifUnused && !present.matcher.isEmpty()) {
                reply.on(Outcome.refused(Reason.EXCHANGE_IN_USE, name));
                return done();
            }
            return removeExchange(present, () -> reply.on(Outcome.done(true)));
        });
    }

    /** Completes when the exchange is gone; {@code answer} runs when those are gone too that go with their last binding. */
    private CompletableFuture<Void> removeExchange(Exchange exchange, Runnable answer) {
        String name = exchange.spec.name();
        var gone = new ArrayList<>(topology().from(name));
        topology().to(exchange(name)).stream()
                .filter(binding -> !binding.source().equals(name))
                .forEach(gone::add);
        CompletableFuture<?> first = exchange.spec.durable() ? store.deleteExchange(name) : done();
        return withdraw(first, gone, new TopologyChange.ExchangeDeleted(name))
                .thenRun(() -> removeEmptied(gone, answer));
    }

    /**
     * Makes {@code change}, whose own entry of the store is being deleted by {@code first}, together with the bindings that go with it. Should the process end before all their entries are deleted, {@link Recovery} does the rest.
     */
    private CompletableFuture<Void> withdraw(CompletableFuture<?> first, List<Binding> gone, TopologyChange change) {
        List<Binding> stored = gone.stream().filter(this::isStored).toList();
        var unbound = gone.stream().map(TopologyChange.Unbound::new).toList();
        return CompletableFuture.allOf(first, deleteFrom(0, stored))
                .thenComposeAsync(deleted -> broadcast.send(unbound, change), home.shard());
    }

    /** Deletes the entries of the bindings from the given one on; of many in parts, so that this shard does other work in between. */
    private CompletableFuture<Void> deleteFrom(int start, List<Binding> bindings) {
        int end = Math.min(bindings.size(), start + TopologyBroadcast.MOST_AT_ONCE);
        var part = all(bindings.subList(start, end).stream().map(store::delete).toList());
        return end == bindings.size()
                ? part
                : part.thenComposeAsync(deleted -> deleteFrom(end, bindings), home.shard());
    }

    /** Removes exchanges that go when their last binding goes, after the present change and ahead of all that wait; then runs {@code answer}. */
    private void removeEmptied(Collection<Binding> gone, Runnable answer) {
        for (String name : gone.stream().map(Binding::source).distinct().toList()) {
            if (emptied(name) != null) {
                order.addFirst(altering(exchange(name)), guarded(outcome -> answer.run(), name, () -> {
                    Exchange source = emptied(name);
                    Runnable goOn = () -> removeEmptied(gone, answer);
                    if (source != null) {
                        return removeExchange(source, goOn);
                    }
                    goOn.run();
                    return done();
                }));
                return;
            }
        }
        answer.run();
    }

    private @Nullable Exchange emptied(String name) {
        Exchange exchange = topology().exchange(name);
        return exchange != null && exchange.spec.autoDelete() && exchange.matcher.isEmpty() ? exchange : null;
    }

    void bind(Binding binding, long connection, Reply<Boolean> reply) {
        submit(reply, binding.source(), claims(binding), () -> {
            Refusal refusal = refusalOfEnds(binding, connection);
            if (refusal != null || topology().contains(binding)) {
                reply.on(refusal == null ? Outcome.done(false) : new Outcome.Refused<>(refusal));
                return done();
            }
            return (isStored(binding) ? store.put(binding) : done())
                    .thenComposeAsync(stored -> broadcast.send(new TopologyChange.Bound(binding)), home.shard())
                    .thenRun(() -> reply.on(Outcome.done(true)));
        });
    }

    void unbind(Binding binding, long connection, Reply<Boolean> reply) {
        submit(reply, binding.source(), claims(binding), () -> {
            Refusal refusal = refusalOfEnds(binding, connection);
            boolean present = topology().contains(binding);
            if (!present) {
                reply.on(
                        refusal != null && refusal.reason() == Reason.QUEUE_LOCKED
                                ? new Outcome.Refused<>(refusal)
                                : Outcome.done(false));
                return done();
            }
            return (isStored(binding) ? store.delete(binding) : done())
                    .thenComposeAsync(stored -> broadcast.send(new TopologyChange.Unbound(binding)), home.shard())
                    .thenRun(() -> removeEmptied(List.of(binding), () -> reply.on(Outcome.done(true))));
        });
    }

    private static Supplier<Claims> claims(Binding binding) {
        var claims = new Claims(List.of(exchange(binding.source()), binding.destination()), List.of(binding));
        return () -> claims;
    }

    private @Nullable Refusal refusalOfEnds(Binding binding, long connection) {
        if (topology().exchange(binding.source()) == null) {
            return new Refusal(Reason.EXCHANGE_NOT_FOUND, binding.source());
        }
        return switch (binding.destination()) {
            case Destination.ToExchange(String name) ->
                topology().exchange(name) == null ? new Refusal(Reason.EXCHANGE_NOT_FOUND, name) : null;
            case Destination.ToQueue(String name) -> {
                Queue queue = topology().queue(name);
                if (queue == null) {
                    yield new Refusal(Reason.QUEUE_NOT_FOUND, name);
                }
                if (queue.spec().topic() != null) {
                    yield new Refusal(
                            Reason.INVALID,
                            name,
                            "it reads the topic " + queue.spec().topic() + ": bind that");
                }
                yield queue.isLockedFor(connection) ? new Refusal(Reason.QUEUE_LOCKED, name) : null;
            }
        };
    }

    /** A binding outlives the process when both its ends do. */
    private boolean isStored(Binding binding) {
        Exchange source = topology().exchange(binding.source());
        boolean destinationStored = switch (binding.destination()) {
            case Destination.ToExchange(String name) -> {
                Exchange exchange = topology().exchange(name);
                yield exchange != null && exchange.spec.durable();
            }
            case Destination.ToQueue(String name) -> {
                Queue queue = topology().queue(name);
                yield queue != null && queue.isPersistent();
            }
        };
        return source != null && source.spec.durable() && destinationStored;
    }

    void declareQueue(QueueSpec spec, long connection, Shard caller, Reply<QueueStatus> reply) {
        submit(reply, spec.name(), claims(spec, connection), () -> {
            Queue present = topology().queue(spec.name());
            if (present != null) {
                return declareAgain(present, spec, connection, reply);
            }
            Refusal refusal = refusalOf(spec, connection);
            if (refusal != null) {
                reply.on(new Outcome.Refused<>(refusal));
                return done();
            }
            return create(spec, spec.settings().start(), connection, caller)
                    .thenComposeAsync(this::announce, home.shard())
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
        Queue topic = topology().queue(topicName);
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
        Queue topic = topicName == null ? null : topology().queue(topicName);
        return topic == null
                ? factory.create(spec, connection, caller)
                : factory.createSubscription(spec, start, connection, topic);
    }

    /** Lets a subscription that nobody consumes begin anew, elsewhere in its topic. */
    void seek(String name, StartPosition start, long connection, Reply<Boolean> reply) {
        submit(reply, name, seekClaims(name), () -> {
            Queue present = topology().queue(name);
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
            return CompletableFuture.supplyAsync(present::consumerCount, present.shard())
                    .thenComposeAsync(
                            consumers -> {
                                if (consumers > 0) {
                                    reply.on(Outcome.refused(Reason.QUEUE_IN_USE, name));
                                    return done();
                                }
                                return replace(present, start).thenRun(() -> reply.on(Outcome.done(true)));
                            },
                            home.shard());
        });
    }

    private Supplier<Claims> seekClaims(String name) {
        return () -> {
            Queue present = topology().queue(name);
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
                            return broadcast
                                    .send(new TopologyChange.QueueDeleted(old.name()))
                                    .thenComposeAsync(deleted -> announce(created), home.shard());
                        },
                        home.shard())
                .thenRun(() -> factory.destroy(old));
    }

    private CompletableFuture<Void> announce(Queue queue) {
        if (queue.owner() != 0) {
            exclusive
                    .computeIfAbsent(queue.owner(), connection -> new HashSet<>())
                    .add(queue);
        }
        return broadcast.send(new TopologyChange.QueueDeclared(queue));
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
        submit(reply, name, deletionClaims(name), () -> {
            Queue queue = topology().queue(name);
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
            topology().subscriptions(name).forEach(subscription -> altered.add(queue(subscription.name())));
            return new Claims(List.of(), altered);
        };
    }

    void deleteUnused(Queue queue) {
        Reply<Long> nobody = outcome -> {};
        submit(
                nobody,
                queue.name(),
                deletionClaims(queue.name()),
                () -> topology().queue(queue.name()) == queue ? removeIf(queue, true, false, nobody) : done());
    }

    /** Changes what is paused of the queue; the reply says what is paused then. */
    void pauseQueue(String name, UnaryOperator<QueuePauses> change, Reply<QueuePauses> reply) {
        submit(reply, name, altering(queue(name)), () -> {
            Queue queue = topology().queue(name);
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
        return (queue.isPersistent() ? store.put(queue.name(), pauses) : done())
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
        submit(
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
        boolean hasSubscriptions = !topology().subscriptions(queue.name()).isEmpty();
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
                        home.shard());
    }

    private CompletableFuture<Void> remove(Queue queue, Runnable answer) {
        List<Queue> subscriptions = topology().subscriptions(queue.name());
        if (!subscriptions.isEmpty()) {
            return all(subscriptions.stream()
                            .map(subscription -> remove(subscription, () -> {}))
                            .toList())
                    .thenComposeAsync(removed -> remove(queue, answer), home.shard());
        }
        List<Binding> gone = topology().to(queue(queue.name()));
        CompletableFuture<?> first = queue.isPersistent() ? store.deleteQueue(queue.name()) : done();
        return withdraw(first, gone, new TopologyChange.QueueDeleted(queue.name()))
                .thenRun(() -> {
                    exclusive.computeIfPresent(queue.owner(), (connection, queues) -> {
                        queues.remove(queue);
                        return queues.isEmpty() ? null : queues;
                    });
                    factory.destroy(queue);
                    removeEmptied(gone, answer);
                });
    }

    /** Completes when every change asked for so far has been made or refused. */
    CompletableFuture<Void> finish() {
        return order.finish();
    }

    private Topology topology() {
        return home.topology();
    }

    private static Destination queue(String name) {
        return new Destination.ToQueue(name);
    }

    private static Destination exchange(String name) {
        return new Destination.ToExchange(name);
    }

    private static Supplier<Claims> altering(Destination thing) {
        Claims claims = Claims.altering(thing);
        return () -> claims;
    }

    /** Runs {@code operation} when its turn has come. */
    private <T> void submit(
            Reply<T> reply, String subject, Supplier<Claims> claims, Supplier<CompletableFuture<?>> operation) {
        home.shard().assertOwner();
        order.add(claims, guarded(reply, subject, operation));
    }

    /** Whatever goes wrong in {@code operation} is its caller's refusal and nobody else's. */
    private static <T> Supplier<CompletableFuture<?>> guarded(
            Reply<T> reply, String subject, Supplier<CompletableFuture<?>> operation) {
        return () -> start(operation).exceptionally(failure -> {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            LOG.error("a change of {} failed", subject.isEmpty() ? "the topology" : subject, cause);
            reply.on(Outcome.refused(Reason.STORAGE, subject, String.valueOf(cause.getMessage())));
            return null;
        });
    }

    private static CompletableFuture<Object> start(Supplier<CompletableFuture<?>> operation) {
        try {
            return operation.get().thenApply(value -> value);
        } catch (RuntimeException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    private static CompletableFuture<Void> all(List<? extends CompletableFuture<?>> futures) {
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new));
    }

    @SuppressWarnings("NullAway") // a future of Void completes with null and nothing else
    private static <T> CompletableFuture<T> done() {
        return CompletableFuture.completedFuture(null);
    }

    private static @Nullable String different(String property, @Nullable Object received, @Nullable Object current) {
        return java.util.Objects.equals(received, current) ? null : property + "|" + received + "|" + current;
    }

    private static @Nullable String firstOf(@Nullable String... differences) {
        for (String difference : differences) {
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }
}
