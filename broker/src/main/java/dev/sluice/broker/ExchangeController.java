package dev.sluice.broker;

import static dev.sluice.broker.ChangeRunner.all;
import static dev.sluice.broker.ChangeRunner.altering;
import static dev.sluice.broker.ChangeRunner.different;
import static dev.sluice.broker.ChangeRunner.done;
import static dev.sluice.broker.ChangeRunner.exchange;
import static dev.sluice.broker.ChangeRunner.firstOf;

import dev.sluice.broker.Binding.Destination;
import dev.sluice.broker.ChangeOrder.Claims;
import dev.sluice.broker.Outcome.Reply;
import dev.sluice.broker.Refusal.Reason;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Decides changes of exchanges and bindings. Confined to the first shard. */
final class ExchangeController {
    private final ChangeRunner changes;

    ExchangeController(ChangeRunner changes) {
        this.changes = changes;
    }

    void declareExchange(ExchangeSpec spec, Reply<ExchangeSpec> reply) {
        changes.submit(reply, spec.name(), altering(exchange(spec.name())), () -> {
            Exchange present = changes.topology().exchange(spec.name());
            if (present != null) {
                String difference = difference(spec, present.spec);
                reply.on(
                        difference == null
                                ? Outcome.done(present.spec)
                                : Outcome.refused(Reason.EXCHANGE_DIFFERS, spec.name(), difference));
                return done();
            }
            return (spec.durable() ? changes.store().put(spec) : done())
                    .thenComposeAsync(
                            stored -> changes.broadcast(new TopologyChange.ExchangeDeclared(spec)), changes.shard())
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
        changes.submit(reply, name, altering(exchange(name)), () -> {
            Exchange present = changes.topology().exchange(name);
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
        var gone = new ArrayList<>(changes.topology().from(name));
        changes.topology().to(exchange(name)).stream()
                .filter(binding -> !binding.source().equals(name))
                .forEach(gone::add);
        CompletableFuture<?> first = exchange.spec.durable() ? changes.store().deleteExchange(name) : done();
        return withdraw(first, gone, new TopologyChange.ExchangeDeleted(name))
                .thenRun(() -> removeEmptied(gone, answer));
    }

    /**
     * Makes {@code change}, whose own entry of the store is being deleted by {@code first}, together with the bindings that go with it. Should the process end before all their entries are deleted, {@link Recovery} does the rest.
     */
    CompletableFuture<Void> withdraw(CompletableFuture<?> first, List<Binding> gone, TopologyChange change) {
        List<Binding> stored = gone.stream().filter(this::isStored).toList();
        var unbound = gone.stream().map(TopologyChange.Unbound::new).toList();
        return CompletableFuture.allOf(first, deleteFrom(0, stored))
                .thenComposeAsync(deleted -> changes.broadcast(unbound, change), changes.shard());
    }

    /** Deletes the entries of the bindings from the given one on; of many in parts, so that this shard does other work in between. */
    private CompletableFuture<Void> deleteFrom(int start, List<Binding> bindings) {
        int end = Math.min(bindings.size(), start + TopologyBroadcast.MOST_AT_ONCE);
        var part = all(bindings.subList(start, end).stream()
                .map(changes.store()::delete)
                .toList());
        return end == bindings.size()
                ? part
                : part.thenComposeAsync(deleted -> deleteFrom(end, bindings), changes.shard());
    }

    /** Removes exchanges that go when their last binding goes, after the present change and ahead of all that wait; then runs {@code answer}. */
    void removeEmptied(Collection<Binding> gone, Runnable answer) {
        for (String name : gone.stream().map(Binding::source).distinct().toList()) {
            if (emptied(name) != null) {
                changes.submitFirst(outcome -> answer.run(), name, altering(exchange(name)), () -> {
                    Exchange source = emptied(name);
                    Runnable goOn = () -> removeEmptied(gone, answer);
                    if (source != null) {
                        return removeExchange(source, goOn);
                    }
                    goOn.run();
                    return done();
                });
                return;
            }
        }
        answer.run();
    }

    private @Nullable Exchange emptied(String name) {
        Exchange exchange = changes.topology().exchange(name);
        return exchange != null && exchange.spec.autoDelete() && exchange.matcher.isEmpty() ? exchange : null;
    }

    void bind(Binding binding, long connection, Reply<Boolean> reply) {
        changes.submit(reply, binding.source(), claims(binding), () -> {
            Refusal refusal = refusalOfEnds(binding, connection);
            if (refusal != null || changes.topology().contains(binding)) {
                reply.on(refusal == null ? Outcome.done(false) : new Outcome.Refused<>(refusal));
                return done();
            }
            return (isStored(binding) ? changes.store().put(binding) : done())
                    .thenComposeAsync(stored -> changes.broadcast(new TopologyChange.Bound(binding)), changes.shard())
                    .thenRun(() -> reply.on(Outcome.done(true)));
        });
    }

    void unbind(Binding binding, long connection, Reply<Boolean> reply) {
        changes.submit(reply, binding.source(), claims(binding), () -> {
            Refusal refusal = refusalOfEnds(binding, connection);
            boolean present = changes.topology().contains(binding);
            if (!present) {
                reply.on(
                        refusal != null && refusal.reason() == Reason.QUEUE_LOCKED
                                ? new Outcome.Refused<>(refusal)
                                : Outcome.done(false));
                return done();
            }
            return (isStored(binding) ? changes.store().delete(binding) : done())
                    .thenComposeAsync(stored -> changes.broadcast(new TopologyChange.Unbound(binding)), changes.shard())
                    .thenRun(() -> removeEmptied(List.of(binding), () -> reply.on(Outcome.done(true))));
        });
    }

    private static Supplier<Claims> claims(Binding binding) {
        var claims = new Claims(List.of(exchange(binding.source()), binding.destination()), List.of(binding));
        return () -> claims;
    }

    private @Nullable Refusal refusalOfEnds(Binding binding, long connection) {
        if (changes.topology().exchange(binding.source()) == null) {
            return new Refusal(Reason.EXCHANGE_NOT_FOUND, binding.source());
        }
        return switch (binding.destination()) {
            case Destination.ToExchange(String name) ->
                changes.topology().exchange(name) == null ? new Refusal(Reason.EXCHANGE_NOT_FOUND, name) : null;
            case Destination.ToQueue(String name) -> {
                Queue queue = changes.topology().queue(name);
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
        Exchange source = changes.topology().exchange(binding.source());
        boolean destinationStored = switch (binding.destination()) {
            case Destination.ToExchange(String name) -> {
                Exchange exchange = changes.topology().exchange(name);
                yield exchange != null && exchange.spec.durable();
            }
            case Destination.ToQueue(String name) -> {
                Queue queue = changes.topology().queue(name);
                yield queue != null && queue.isPersistent();
            }
        };
        return source != null && source.spec.durable() && destinationStored;
    }
}
