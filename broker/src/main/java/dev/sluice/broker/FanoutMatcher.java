package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** All bindings match. Confined to its shard. */
final class FanoutMatcher implements Matcher {
    private final Set<Binding> bindings = new LinkedHashSet<>();

    @Override
    public void add(Binding binding) {
        bindings.add(binding);
    }

    @Override
    public void remove(Binding binding) {
        bindings.remove(binding);
    }

    @Override
    public boolean isEmpty() {
        return bindings.isEmpty();
    }

    @Override
    public void match(String routingKey, @Nullable Supplier<Map<String, Object>> headers, Consumer<Destination> found) {
        for (Binding binding : bindings) {
            found.accept(binding.destination());
        }
    }
}
