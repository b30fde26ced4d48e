package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A binding of a headers exchange, with what {@link HeadersMatcher} has to know of it. Confined to its shard. */
final class HeaderBinding {
    final List<HeaderCondition> conditions;
    private final Binding binding;
    /** Number of the message that was told of it last. */
    long matched;
    /** Where it is in the tree of those that want all; null if it is not. */
    ConditionTree.@Nullable Node node;

    HeaderBinding(Binding binding, List<HeaderCondition> conditions) {
        this.binding = binding;
        this.conditions = conditions;
    }

    Destination destination() {
        return binding.destination();
    }

    boolean isMetBy(Map<String, Object> headers) {
        for (HeaderCondition condition : conditions) {
            if (!condition.isMetBy(headers)) {
                return false;
            }
        }
        return true;
    }
}
