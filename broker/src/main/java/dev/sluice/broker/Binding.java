package dev.sluice.broker;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One arrow of the routing table. Immutable.
 *
 * @param source name of the exchange it starts from
 * @param key routing key, or pattern for a topic exchange
 * @param arguments what a headers exchange matches: String, Long, Double, Boolean, byte[], BigDecimal, Instant, List or Map; a header whose
 *     mere presence is asked for has the value {@link #PRESENT}
 */
public record Binding(String source, Destination destination, String key, Map<String, Object> arguments) {
    /** Stands for "any value" in arguments. */
    public static final Object PRESENT = Void.class;

    public Binding {
        arguments = Map.copyOf(arguments);
    }

    /** Arguments are compared by what they say, bytes too: so a binding is found again by whoever names it again. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Binding binding
                && source.equals(binding.source)
                && destination.equals(binding.destination)
                && key.equals(binding.key)
                && ArgumentValues.equal(arguments, binding.arguments);
    }

    @Override
    public int hashCode() {
        int hash = 31 * source.hashCode() + destination.hashCode();
        return 31 * (31 * hash + key.hashCode()) + ArgumentValues.hash(arguments);
    }

    /** Where a binding leads. */
    public sealed interface Destination {
        String name();

        record ToQueue(String name) implements Destination {}

        record ToExchange(String name) implements Destination {}
    }
}
