package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Finds the queues of a message in a shard's topology: each once, whatever the number of ways that lead to it. Confined to that shard. */
final class Router {
    private final Topology topology;
    private final BrokerShard shard;
    private final RouteCache cache = new RouteCache();
    private final List<Inlet> found = new ArrayList<>();
    /** Exchanges that the message comes to and has not been matched in. Not a recursion: a chain of exchanges may be long. */
    private final ArrayDeque<Exchange> pending = new ArrayDeque<>();

    private final Consumer<Destination> follow = this::follow;
    private long routing;
    private boolean cacheable;
    private boolean matched;

    Router(Topology topology, BrokerShard shard) {
        this.topology = topology;
        this.shard = shard;
    }

    Route route(String exchangeName, String routingKey, @Nullable Supplier<Map<String, Object>> headers) {
        if (exchangeName.isEmpty()) {
            begin();
            addQueue(routingKey);
            return Route.to(found, true, false);
        }
        Route known = cache.get(topology.version(), exchangeName, routingKey);
        if (known != null) {
            return known;
        }
        Exchange exchange = topology.exchange(exchangeName);
        if (exchange == null) {
            return Route.refused(Refusal.Reason.EXCHANGE_NOT_FOUND, exchangeName);
        }
        if (exchange.spec.internal()) {
            return Route.refused(Refusal.Reason.EXCHANGE_INTERNAL, exchangeName);
        }
        begin();
        Route route = follow(exchange, routingKey, headers);
        if (cacheable) {
            cache.put(exchangeName, routingKey, route);
        }
        return route;
    }

    /** As {@link #route}; null if the exchange asks for headers, which are not known yet. */
    @Nullable
    Route routeByKey(String exchangeName, String routingKey) {
        Exchange exchange = topology.exchange(exchangeName);
        return exchange != null && exchange.matcher.needsHeaders() ? null : route(exchangeName, routingKey, null);
    }

    /** As {@link #route} for the broker itself, which may publish to internal exchanges; a refusal only if there is no such exchange. Does not come back to what it found before. */
    Route deadLetterRoute(String exchangeName, String routingKey, Supplier<Map<String, Object>> headers) {
        begin();
        if (exchangeName.isEmpty()) {
            addQueue(routingKey);
            return Route.to(found, true, false);
        }
        Exchange exchange = topology.exchange(exchangeName);
        return exchange == null
                ? Route.refused(Refusal.Reason.EXCHANGE_NOT_FOUND, exchangeName)
                : follow(exchange, routingKey, headers);
    }

    private Route follow(Exchange exchange, String routingKey, @Nullable Supplier<Map<String, Object>> headers) {
        visit(exchange);
        for (Exchange next = pending.poll(); next != null; next = pending.poll()) {
            match(next, routingKey, headers);
        }
        return Route.to(found, cacheable, exchange.spec.delayed());
    }

    private void begin() {
        found.clear();
        pending.clear();
        routing++;
        cacheable = true;
    }

    private void match(Exchange exchange, String routingKey, @Nullable Supplier<Map<String, Object>> headers) {
        cacheable &= !exchange.matcher.needsHeaders();
        matched = false;
        exchange.matcher.match(routingKey, headers, follow);
        String alternate = exchange.spec.alternate();
        if (!matched && alternate != null) {
            visit(topology.exchange(alternate));
        }
    }

    private void follow(Destination destination) {
        matched = true;
        switch (destination) {
            case Destination.ToQueue(String name) -> addQueue(name);
            case Destination.ToExchange(String name) -> visit(topology.exchange(name));
        }
    }

    private void visit(@Nullable Exchange exchange) {
        if (exchange != null && exchange.visited != routing) {
            exchange.visited = routing;
            pending.add(exchange);
        }
    }

    private void addQueue(String name) {
        Queue queue = topology.queue(name);
        if (queue == null || queue.spec().topic() != null) {
            return;
        }
        Inlet inlet = queue.inletOf(shard);
        if (inlet.routed != routing) {
            inlet.routed = routing;
            found.add(inlet);
        }
    }
}
