package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The bindings of one exchange, arranged so that those a message follows are found fast. Confined to its shard. */
sealed interface Matcher permits DirectMatcher, FanoutMatcher, TopicMatcher, HeadersMatcher {
    static Matcher of(ExchangeType type) {
        return switch (type) {
            case DIRECT -> new DirectMatcher();
            case FANOUT -> new FanoutMatcher();
            case TOPIC -> new TopicMatcher();
            case HEADERS -> new HeadersMatcher();
        };
    }

    /** The binding is not there yet. */
    void add(Binding binding);

    /** The binding is there. */
    void remove(Binding binding);

    boolean isEmpty();

    /** Whether the answer depends on more than the routing key. */
    default boolean needsHeaders() {
        return false;
    }

    /**
     * Names every destination that a message follows; one may be named more than once.
     *
     * @param headers the message's headers; null when it has none
     */
    void match(String routingKey, @Nullable Supplier<Map<String, Object>> headers, Consumer<Destination> found);
}
