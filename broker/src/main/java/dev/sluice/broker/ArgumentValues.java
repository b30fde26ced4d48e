package dev.sluice.broker;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Compares arguments of bindings by what they say; as {@link Object#equals}, but for bytes, at any depth. Stateless. */
final class ArgumentValues {
    private ArgumentValues() {}

    static boolean equal(@Nullable Object a, @Nullable Object b) {
        return switch (a) {
            case byte[] bytes -> b instanceof byte[] others && Arrays.equals(bytes, others);
            case List<?> list -> b instanceof List<?> others && equal(list, others);
            case Map<?, ?> map -> b instanceof Map<?, ?> others && equal(map, others);
            case null, default -> Objects.equals(a, b);
        };
    }

    private static boolean equal(List<?> a, List<?> b) {
        if (a.size() != b.size()) {
            return false;
        }
        Iterator<?> others = b.iterator();
        for (Object element : a) {
            if (!equal(element, others.next())) {
                return false;
            }
        }
        return true;
    }

    private static boolean equal(Map<?, ?> a, Map<?, ?> b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (Map.Entry<?, ?> entry : a.entrySet()) {
            Object other = b.get(entry.getKey());
            if ((other == null && !b.containsKey(entry.getKey())) || !equal(entry.getValue(), other)) {
                return false;
            }
        }
        return true;
    }

    static int hash(@Nullable Object value) {
        return switch (value) {
            case byte[] bytes -> Arrays.hashCode(bytes);
            case List<?> list -> {
                int hash = 1;
                for (Object element : list) {
                    hash = 31 * hash + hash(element);
                }
                yield hash;
            }
            case Map<?, ?> map -> {
                int hash = 0;
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    hash += Objects.hashCode(entry.getKey()) ^ hash(entry.getValue());
                }
                yield hash;
            }
            case null, default -> Objects.hashCode(value);
        };
    }
}
