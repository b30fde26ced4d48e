package dev.sluice.broker;

import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a binding may want of a message: that a header has a value, or that it is there at all. Immutable, and a key of maps.
 *
 * @param value what {@link Object#equals} compares as headers are to be compared
 */
record HeaderCondition(String name, Object value) {
    /** {@code value} as it is in a binding or a message. */
    static HeaderCondition of(String name, Object value) {
        return new HeaderCondition(name, comparable(value));
    }

    static HeaderCondition present(String name) {
        return new HeaderCondition(name, Binding.PRESENT);
    }

    boolean isMetBy(Map<String, Object> headers) {
        Object given = headers.get(name);
        if (Binding.PRESENT.equals(value)) {
            return given != null || headers.containsKey(name);
        }
        return given != null && value.equals(comparable(given));
    }

    private static Object comparable(Object value) {
        return value instanceof byte[] bytes ? new Bytes(bytes) : value;
    }

    @SuppressWarnings("ArrayRecordComponent") // compared by what is in it
    private record Bytes(byte[] content) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Bytes(byte[] others) && Arrays.equals(content, others);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(content);
        }
    }
}
