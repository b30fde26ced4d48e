package dev.sluice.amqp;

import dev.sluice.broker.Binding;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Field tables as the broker's headers exchanges compare them. Stateless. */
final class PlainArguments {
    private PlainArguments() {}

    /** A field without value stands for the presence of its name. */
    static Map<String, Object> of(FieldTable table) {
        Map<String, @Nullable Object> plain = table.plain();
        Map<String, Object> present = HashMap.newHashMap(plain.size());
        plain.forEach((name, value) -> present.put(name, value == null ? Binding.PRESENT : value));
        return present;
    }
}
