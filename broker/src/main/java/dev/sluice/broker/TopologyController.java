package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import dev.sluice.broker.Outcome.Reply;
import dev.sluice.broker.Refusal.Reason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides every change of exchanges, queues and bindings, one after another: checks it, makes it durable where it has to be, sends it to the topology of each shard, and only then answers. Confined to the first
 * shard.
 */
final class TopologyController {
    private static final Logger LOG = LoggerFactory.getLogger(TopologyController.class);

    private final BrokerShard home;
    private final List<BrokerShard> shards;
    private final TopologyStore store;
    private final QueueFactory factory;
    private final ArrayDeque<Supplier<CompletableFuture<?>>> waiting = new ArrayDeque<>();
    private final Map<Long, Set<Queue>> exclusive = new HashMap<>();
    private boolean busy;

    TopologyController(List<BrokerShard> shards, TopologyStore store, QueueFactory factory) {
        this.home = shards.getFirst();
        this.shards = shards;
        this.store = store;
        this.factory = factory;
    }

    void declareExchange(ExchangeSpec spec, Reply<ExchangeSpec> reply) {
        submit(reply, spec.name(), () -> {
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
                    .thenComposeAsync(stored -> broadcast(new TopologyChange.ExchangeDeclared(spec)), home.shard())
                    .thenRun(() -> reply.on(Outcome.done(spec)));
        });
    }

    private static @Nullable String difference(ExchangeSpec received, ExchangeSpec current) {
        return firstOf(
                different("type", received.type(), current.type()),
                different("durable", received.durable(), current.durable()),
                different("auto_delete", received.autoDelete(), current.autoDelete()),
                different("internal", received.internal(), current.internal()),
                different("alternate-exchange", received.alternate(), current.alternate()));
    }

    void deleteExchange(String name, boolean ifUnused, Reply<Boolean> reply) {
        submit(reply, name, () -> {
            Exchange present = topology().exchange(name);
            if (present == null) {
                reply.on(Outcome.done(false));
                return done();
            }
            if (ifUnused && !present.matcher.isEmpty()) {
                reply.on(Outcome.refused(Reason.EXCHANGE_IN_USE, name));
                return done();
            }
            return removeExchange(present).thenRun(() -> reply.on(Outcome.done(true)));
        });
    }

    private CompletableFuture<Void> removeExchange(Exchange exchange) {
        String name = exchange.spec.name();
        var destination = new Destination.ToExchange(name);
        var gone = new ArrayList<>(topology().from(name));
        gone.addAll(topology().to(destination));
        var writes = new ArrayList<CompletableFuture<?>>();
        if (exchange.spec.durable()) {
            writes.add(store.deleteExchange(name));
        }
        gone.stream().filter(this::isStored).map(store::delete).forEach(writes::add);
        return all(writes)
                .thenComposeAsync(stored -> broadcast(new TopologyChange.ExchangeDeleted(name)), home.shard())
                .thenCompose(sent -> removeEmptied(gone));
    }

    /** Exchanges that go when their last binding goes. */
    private CompletableFuture<Void> removeEmptied(List<Binding> gone) {
        for (Binding binding : gone) {
            Exchange source = topology().exchange(binding.source());
            if (source != null && source.spec.autoDelete() && source.matcher.isEmpty()) {
                return removeExchange(source).thenCompose(removed -> removeEmptied(gone));
            }
        }
        return done();
    }

    void bind(Binding binding, long connection, Reply<Boolean> reply) {
        submit(reply, binding.source(), () -> {
            Refusal refusal = refusalOfEnds(binding, connection);
            if (refusal != null || topology().contains(binding)) {
                reply.on(refusal == null ? Outcome.done(false) : new Outcome.Refused<>(refusal));
                return done();
            }
            return (isStored(binding) ? store.put(binding) : done())
                    .thenComposeAsync(stored -> broadcast(new TopologyChange.Bound(binding)), home.shard())
                    .thenRun(() -> reply.on(Outcome.done(true)));
        });
    }

    void unbind(Binding binding, long connection, Reply<Boolean> reply) {
        submit(reply, binding.source(), () -> {
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
                    .thenComposeAsync(stored -> broadcast(new TopologyChange.Unbound(binding)), home.shard())
                    .thenCompose(sent -> removeEmptied(List.of(binding)))
                    .thenRun(() -> reply.on(Outcome.done(true)));
        });
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
        submit(reply, spec.name(), () -> {
            Queue present = topology().queue(spec.name());
            if (present != null) {
                return declareAgain(present, spec, connection, reply);
            }
            return factory.create(spec, connection, caller)
                    .thenComposeAsync(this::announce, home.shard())
                    .thenRun(() -> reply.on(Outcome.done(new QueueStatus(spec.name(), 0, 0))));
        });
    }

    private CompletableFuture<Void> announce(Queue queue) {
        if (queue.owner() != 0) {
            exclusive
                    .computeIfAbsent(queue.owner(), connection -> new HashSet<>())
                    .add(queue);
        }
        return broadcast(new TopologyChange.QueueDeclared(queue));
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

    private static @Nullable String difference(QueueSpec received, QueueSpec current) {
        String difference = firstOf(
                different("durable", received.durable(), current.durable()),
                different("exclusive", received.exclusive(), current.exclusive()),
                different("auto_delete", received.autoDelete(), current.autoDelete()));
        for (QueueProperty property : QueueProperty.values()) {
            if (difference == null) {
                difference = different(
                        property.propertyName(),
                        received.settings().chosen(property),
                        current.settings().chosen(property));
            }
        }
        return difference;
    }

    void deleteQueue(String name, boolean ifUnused, boolean ifEmpty, long connection, Reply<Long> reply) {
        submit(reply, name, () -> {
            Queue queue = topology().queue(name);
            if (queue == null || queue.isLockedFor(connection)) {
                reply.on(Outcome.refused(queue == null ? Reason.QUEUE_NOT_FOUND : Reason.QUEUE_LOCKED, name));
                return done();
            }
            return removeIf(queue, ifUnused, ifEmpty).thenAccept(reply::on);
        });
    }

    void deleteUnused(Queue queue) {
        submit(
                outcome -> {},
                queue.name(),
                () -> topology().queue(queue.name()) == queue ? removeIf(queue, true, false) : done());
    }

    void closeConnection(long connection) {
        submit(
                outcome -> {},
                "",
                () -> all(exclusive.getOrDefault(connection, Set.of()).stream()
                        .map(queue -> removeIf(queue, false, false))
                        .toList()));
    }

    private CompletableFuture<Outcome<Long>> removeIf(Queue queue, boolean ifUnused, boolean ifEmpty) {
        return CompletableFuture.<Outcome<Long>>supplyAsync(
                        () -> {
                            QueueStatus status = queue.status();
                            if (ifUnused && status.consumerCount() > 0) {
                                return Outcome.refused(Reason.QUEUE_IN_USE, queue.name());
                            }
                            return ifEmpty && status.readyCount() > 0
                                    ? Outcome.refused(Reason.QUEUE_NOT_EMPTY, queue.name())
                                    : Outcome.done(status.readyCount());
                        },
                        queue.shard())
                .thenComposeAsync(
                        outcome -> outcome instanceof Outcome.Done
                                ? remove(queue).thenApply(removed -> outcome)
                                : CompletableFuture.completedFuture(outcome),
                        home.shard());
    }

    private CompletableFuture<Void> remove(Queue queue) {
        List<Binding> gone = topology().to(new Destination.ToQueue(queue.name()));
        var writes = new ArrayList<CompletableFuture<?>>();
        if (queue.isPersistent()) {
            writes.add(store.deleteQueue(queue.name()));
        }
        gone.stream().filter(this::isStored).map(store::delete).forEach(writes::add);
        return all(writes)
                .thenComposeAsync(stored -> broadcast(new TopologyChange.QueueDeleted(queue.name())), home.shard())
                .thenCompose(sent -> {
                    exclusive.computeIfPresent(queue.owner(), (connection, queues) -> {
                        queues.remove(queue);
                        return queues.isEmpty() ? null : queues;
                    });
                    factory.destroy(queue);
                    return removeEmptied(gone);
                });
    }

    /** Completes when every change asked for so far has been made or refused. */
    CompletableFuture<Void> finish() {
        var finished = new CompletableFuture<Void>();
        submit(outcome -> {}, "", () -> {
            finished.complete(null);
            return done();
        });
        return finished;
    }

    /** Every shard knows the change when the future completes, on this shard. */
    private CompletableFuture<Void> broadcast(TopologyChange change) {
        var left = new AtomicInteger(shards.size());
        var known = new CompletableFuture<Void>();
        for (BrokerShard shard : shards) {
            shard.shard().execute(() -> {
                shard.topology().replay(change);
                if (left.decrementAndGet() == 0) {
                    home.shard().execute(() -> known.complete(null));
                }
            });
        }
        return known;
    }

    private Topology topology() {
        return home.topology();
    }

    /** Runs {@code operation} after those before it; whatever goes wrong in it is its caller's refusal and nobody else's. */
    private <T> void submit(Reply<T> reply, String subject, Supplier<CompletableFuture<?>> operation) {
        home.shard().assertOwner();
        waiting.addLast(() -> start(operation).exceptionally(failure -> {
            Throwable cause = failure.getCause() == null ? failure : failure.getCause();
            LOG.error("a change of {} failed", subject.isEmpty() ? "the topology" : subject, cause);
            reply.on(Outcome.refused(Reason.STORAGE, subject, String.valueOf(cause.getMessage())));
            return null;
        }));
        runNext();
    }

    private static CompletableFuture<Object> start(Supplier<CompletableFuture<?>> operation) {
        try {
            return operation.get().thenApply(value -> value);
        } catch (RuntimeException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    private void runNext() {
        while (!busy) {
            Supplier<CompletableFuture<?>> operation = waiting.pollFirst();
            if (operation == null) {
                return;
            }
            busy = true;
            CompletableFuture<?> running = operation.get();
            if (running.isDone()) {
                busy = false;
            } else {
                var _ = running.whenCompleteAsync(
                        (value, failure) -> {
                            busy = false;
                            runNext();
                        },
                        home.shard());
            }
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
