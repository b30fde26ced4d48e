package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Finds the queues of a message in a shard's topology: each once, whatever the number of ways that lead to it. Confined to that shard. */
final class Router {
    private final Topology topology;
    private final BrokerShard shard;
    private final List<Inlet> found = new ArrayList<>();
    private long routing;
    private boolean cacheable;

    Router(Topology topology, BrokerShard shard) {
        this.topology = topology;
        this.shard = shard;
    }

    Route route(String exchangeName, String routingKey, @Nullable Supplier<Map<String, Object>> headers) {
        found.clear();
        routing++;
        cacheable = true;
        if (exchangeName.isEmpty()) {
            addQueue(routingKey);
            return Route.to(found, true);
        }
        Exchange exchange = topology.exchange(exchangeName);
        if (exchange == null) {
            return Route.refused(Refusal.Reason.EXCHANGE_NOT_FOUND, exchangeName);
        }
        if (exchange.spec.internal()) {
            return Route.refused(Refusal.Reason.EXCHANGE_INTERNAL, exchangeName);
        }
        follow(exchange, routingKey, headers);
        return Route.to(found, cacheable);
    }

    private void follow(Exchange exchange, String routingKey, @Nullable Supplier<Map<String, Object>> headers) {
        if (exchange.visited == routing) {
            return;
        }
        exchange.visited = routing;
        cacheable &= !exchange.matcher.needsHeaders();
        var matched = new ArrayList<Destination>();
        exchange.matcher.match(routingKey, headers, matched::add);
        for (Destination destination : matched) {
            switch (destination) {
                case Destination.ToQueue(String name) -> addQueue(name);
                case Destination.ToExchange(String name) -> followNamed(name, routingKey, headers);
            }
        }
        String alternate = exchange.spec.alternate();
        if (matched.isEmpty() && alternate != null) {
            followNamed(alternate, routingKey, headers);
        }
    }

    private void followNamed(String name, String routingKey, @Nullable Supplier<Map<String, Object>> headers) {
        Exchange exchange = topology.exchange(name);
        if (exchange != null) {
            follow(exchange, routingKey, headers);
        }
    }

    private void addQueue(String name) {
        Queue queue = topology.queue(name);
        if (queue == null) {
            return;
        }
        Inlet inlet = queue.inletOf(shard);
        if (inlet.routed != routing) {
            inlet.routed = routing;
            found.add(inlet);
        }
    }
}
