package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Bindings by the message's headers; {@code x-match} in the binding's arguments says whether {@code all} (default) or {@code any} must agree. Arguments that begin with {@code x-} count only with {@code all-with-x} and
 * {@code any-with-x}. Confined to its shard; not to be called again from {@code found}.
 *
 * <p>A message looks up what its own headers offer: bindings that want any of their conditions are found under each of them, those that want all of them in a {@link ConditionTree}.
 */
final class HeadersMatcher implements Matcher {
    private static final String MATCH = "x-match";

    private final Map<Binding, HeaderBinding> bindings = new HashMap<>();
    private final ConditionTree wantAll = new ConditionTree();
    private final Map<HeaderCondition, CompactSet<HeaderBinding>> wantAny = new HashMap<>();
    private final List<HeaderCondition> offered = new ArrayList<>();
    private long messages;

    @Override
    public void add(Binding binding) {
        var added = new HeaderBinding(binding, conditions(binding.arguments()));
        bindings.put(binding, added);
        if (!wantsAny(binding.arguments())) {
            wantAll.add(added);
            return;
        }
        for (HeaderCondition condition : added.conditions) {
            wantAny.computeIfAbsent(condition, c -> new CompactSet<>()).add(added);
        }
    }

    @Override
    public void remove(Binding binding) {
        HeaderBinding removed = bindings.remove(binding);
        if (removed == null) {
            return;
        }
        if (!wantsAny(binding.arguments())) {
            wantAll.remove(removed);
            return;
        }
        for (HeaderCondition condition : removed.conditions) {
            wantAny.computeIfPresent(condition, (c, under) -> {
                under.remove(removed);
                return under.isEmpty() ? null : under;
            });
        }
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
        given.forEach(this::offer);
        wantAll.match(offered, given, found);
        matchAny(found);
        offered.clear();
    }

    private void offer(String name, @Nullable Object value) {
        offered.add(HeaderCondition.present(name));
        if (value != null && !Binding.PRESENT.equals(value)) {
            offered.add(HeaderCondition.of(name, value));
        }
    }

    private void matchAny(Consumer<Destination> found) {
        if (wantAny.isEmpty()) {
            return;
        }
        messages++;
        for (HeaderCondition condition : offered) {
            CompactSet<HeaderBinding> under = wantAny.get(condition);
            if (under != null) {
                under.forEach(binding -> {
                    if (binding.matched != messages) {
                        binding.matched = messages;
                        found.accept(binding.destination());
                    }
                });
            }
        }
    }

    private static String mode(Map<String, Object> arguments) {
        return String.valueOf(arguments.getOrDefault(MATCH, "all"));
    }

    private static boolean wantsAny(Map<String, Object> arguments) {
        return mode(arguments).startsWith("any");
    }

    private static List<HeaderCondition> conditions(Map<String, Object> arguments) {
        boolean withX = mode(arguments).endsWith("-with-x");
        var conditions = new ArrayList<HeaderCondition>(arguments.size());
        arguments.forEach((name, value) -> {
            if (!name.equals(MATCH) && (withX || !name.startsWith("x-"))) {
                conditions.add(HeaderCondition.of(name, value));
            }
        });
        return List.copyOf(conditions);
    }
}
