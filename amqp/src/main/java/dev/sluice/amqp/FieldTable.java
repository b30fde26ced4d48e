package dev.sluice.amqp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A field table (section 4.2.5.5), {@code F}: names with typed values in the order of the wire. A peer may send a name twice; both are kept, and look-ups
 * find the first, as RabbitMQ does. Immutable.
 */
record FieldTable(List<Entry> entries) implements FieldValue {
    /** Tables and arrays inside one another. Each level is a Java stack frame of the decoder, and a level costs a peer only seven bytes. */
    static final int MAX_DEPTH = 32;

    /** Fields of a table with all that is nested in it. An empty field takes two bytes on the wire and some fifty as objects. */
    static final int MAX_FIELDS = 4096;

    static final FieldTable EMPTY = new FieldTable(List.of());

    /** One name and its value. */
    record Entry(String name, FieldValue value) {}

    FieldTable {
        entries = List.copyOf(entries);
    }

    static Builder builder() {
        return new Builder();
    }

    @Nullable
    FieldValue get(String name) {
        for (Entry entry : entries) {
            if (entry.name().equals(name)) {
                return entry.value();
            }
        }
        return null;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Whether the value is boolean true: how capabilities are announced. */
    boolean isTrue(String name) {
        return get(name) instanceof Bool(boolean value) && value;
    }

    @Override
    public char type() {
        return 'F';
    }

    @Override
    public Map<String, @Nullable Object> plain() {
        Map<String, @Nullable Object> plain = LinkedHashMap.newLinkedHashMap(entries.size());
        for (Entry entry : entries) {
            if (!plain.containsKey(entry.name())) {
                plain.put(entry.name(), entry.value().plain());
            }
        }
        return Collections.unmodifiableMap(plain);
    }

    /** Collects entries in order. Confined to one thread. */
    static final class Builder {
        private final List<Entry> entries = new ArrayList<>();

        private Builder() {}

        Builder put(String name, FieldValue value) {
            entries.add(new Entry(name, value));
            return this;
        }

        Builder put(String name, String value) {
            return put(name, FieldValue.of(value));
        }

        Builder put(String name, boolean value) {
            return put(name, FieldValue.of(value));
        }

        Builder put(String name, int value) {
            return put(name, FieldValue.of(value));
        }

        Builder put(String name, long value) {
            return put(name, FieldValue.of(value));
        }

        FieldTable build() {
            return entries.isEmpty() ? EMPTY : new FieldTable(entries);
        }
    }
}
