package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Bindings by their key. Confined to its shard. */
final class DirectMatcher implements Matcher {
    private final Map<String, CompactSet<Binding>> byKey = new HashMap<>();

    @Override
    public void add(Binding binding) {
        byKey.computeIfAbsent(binding.key(), key -> new CompactSet<>()).add(binding);
    }

    @Override
    public void remove(Binding binding) {
        byKey.computeIfPresent(binding.key(), (key, bindings) -> {
            bindings.remove(binding);
            return bindings.isEmpty() ? null : bindings;
        });
    }

    @Override
    public boolean isEmpty() {
        return byKey.isEmpty();
    }

    @Override
    public void match(String routingKey, @Nullable Supplier<Map<String, Object>> headers, Consumer<Destination> found) {
        CompactSet<Binding> bindings = byKey.get(routingKey);
        if (bindings != null) {
            bindings.forEach(binding -> found.accept(binding.destination()));
        }
    }
}
