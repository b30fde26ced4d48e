package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Exchanges, queues and bindings as one shard sees them. Each shard has its own, confined to it, and routes without asking anybody; the controller sends every change to all of them.
 */
final class Topology {
    private final Map<String, Exchange> exchanges = new HashMap<>();
    private final Map<String, Queue> queues = new HashMap<>();
    private final Map<Long, Queue> queuesById = new HashMap<>();
    /** By the name of their topic. */
    private final Map<String, Set<Queue>> subscriptions = new HashMap<>();

    private final Map<String, Set<Binding>> bySource = new HashMap<>();
    private final Map<Destination, Set<Binding>> byDestination = new HashMap<>();
    private long version;

    /** Grows with every change. */
    long version() {
        return version;
    }

    @Nullable
    Exchange exchange(String name) {
        return exchanges.get(name);
    }

    @Nullable
    Queue queue(String name) {
        return queues.get(name);
    }

    @Nullable
    Queue queueWithId(long id) {
        return queuesById.get(id);
    }

    Collection<Queue> queues() {
        return queues.values();
    }

    /** Those of the topic that have a name. */
    List<Queue> subscriptions(String topic) {
        return List.copyOf(subscriptions.getOrDefault(topic, Set.of()));
    }

    boolean contains(Binding binding) {
        return bySource.getOrDefault(binding.source(), Set.of()).contains(binding);
    }

    /** Bindings that start from the exchange. */
    List<Binding> from(String exchange) {
        return List.copyOf(bySource.getOrDefault(exchange, Set.of()));
    }

    /** Bindings that lead to the destination. */
    List<Binding> to(Destination destination) {
        return List.copyOf(byDestination.getOrDefault(destination, Set.of()));
    }

    void replay(TopologyChange change) {
        version++;
        switch (change) {
            case TopologyChange.ExchangeDeclared(ExchangeSpec spec) -> exchanges.put(spec.name(), new Exchange(spec));
            case TopologyChange.ExchangeDeleted(String name) -> {
                from(name).forEach(this::remove);
                to(new Destination.ToExchange(name)).forEach(this::remove);
                exchanges.remove(name);
            }
            case TopologyChange.QueueDeclared(Queue queue) -> add(queue);
            case TopologyChange.QueueChanged changed -> {} // the queue itself knows
            case TopologyChange.QueueDeleted(String name) -> {
                to(new Destination.ToQueue(name)).forEach(this::remove);
                remove(queues.remove(name));
            }
            case TopologyChange.Bound(Binding binding) -> add(binding);
            case TopologyChange.Unbound(Binding binding) -> remove(binding);
        }
    }

    private void add(Queue queue) {
        queues.put(queue.name(), queue);
        queuesById.put(queue.id().value(), queue);
        String topic = queue.spec().topic();
        if (topic != null) {
            subscriptions.computeIfAbsent(topic, t -> new LinkedHashSet<>()).add(queue);
        }
    }

    private void remove(@Nullable Queue queue) {
        if (queue == null) {
            return;
        }
        queuesById.remove(queue.id().value(), queue);
        String topic = queue.spec().topic();
        if (topic != null) {
            removeFrom(subscriptions, topic, queue);
        }
    }

    private void add(Binding binding) {
        Exchange source = exchanges.get(binding.source());
        if (source != null
                && bySource.computeIfAbsent(binding.source(), s -> new LinkedHashSet<>())
                        .add(binding)) {
            byDestination
                    .computeIfAbsent(binding.destination(), d -> new LinkedHashSet<>())
                    .add(binding);
            source.matcher.add(binding);
        }
    }

    private void remove(Binding binding) {
        Exchange source = exchanges.get(binding.source());
        if (source != null && removeFrom(bySource, binding.source(), binding)) {
            removeFrom(byDestination, binding.destination(), binding);
            source.matcher.remove(binding);
        }
    }

    private static <K, V> boolean removeFrom(Map<K, Set<V>> index, K key, V value) {
        Set<V> values = index.get(key);
        if (values == null || !values.remove(value)) {
            return false;
        }
        if (values.isEmpty()) {
            index.remove(key);
        }
        return true;
    }
}
