package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Bindings by the message's headers; {@code x-match} in the binding's arguments says whether {@code all} (default) or {@code any} must agree. Arguments that begin with {@code x-} count only
 * with {@code all-with-x} and {@code any-with-x}. Confined to its shard.
 */
final class HeadersMatcher implements Matcher {
    private static final String MATCH = "x-match";
    private final List<Binding> bindings = new ArrayList<>();

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
    public boolean needsHeaders() {
        return true;
    }

    @Override
    public void match(String routingKey, @Nullable Supplier<Map<String, Object>> headers, Consumer<Destination> found) {
        Map<String, Object> given = headers == null ? Map.of() : headers.get();
        for (Binding binding : bindings) {
            if (matches(binding.arguments(), given)) {
                found.accept(binding.destination());
            }
        }
    }

    private static boolean matches(Map<String, Object> wanted, Map<String, Object> given) {
        String mode = String.valueOf(wanted.getOrDefault(MATCH, "all"));
        boolean any = mode.startsWith("any");
        boolean withX = mode.endsWith("-with-x");
        for (Map.Entry<String, Object> argument : wanted.entrySet()) {
            String name = argument.getKey();
            if (name.equals(MATCH) || (!withX && name.startsWith("x-"))) {
                continue;
            }
            boolean agrees = given.containsKey(name) && agrees(argument.getValue(), given.get(name));
            if (agrees == any) {
                return any;
            }
        }
        return !any;
    }

    private static boolean agrees(Object wanted, @Nullable Object given) {
        return Binding.PRESENT.equals(wanted) || (given != null && equal(wanted, given));
    }

    private static boolean equal(Object a, Object b) {
        return (a instanceof byte[] x && b instanceof byte[] y) ? Arrays.equals(x, y) : Objects.equals(a, b);
    }
}
