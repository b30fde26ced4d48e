package dev.sluice.server;

import java.util.Collection;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Writes one JSON object (RFC 8259) in one line. Confined to one thread. */
final class JsonObject {
    private static final int FIRST_PRINTABLE = 0x20;

    private final StringJoiner fields = new StringJoiner(",", "{", "}");

    JsonObject put(String name, @Nullable String value) {
        return value == null ? this : add(name, quoted(value));
    }

    JsonObject put(String name, long value) {
        return add(name, Long.toString(value));
    }

    JsonObject put(String name, boolean value) {
        return add(name, Boolean.toString(value));
    }

    JsonObject put(String name, JsonObject value) {
        return add(name, value.toString());
    }

    JsonObject put(String name, Map<String, String> values) {
        var object = new JsonObject();
        values.forEach(object::put);
        return put(name, object);
    }

    JsonObject put(String name, Collection<JsonObject> values) {
        var array = new StringJoiner(",", "[", "]");
        values.forEach(value -> array.add(value.toString()));
        return add(name, array.toString());
    }

    private JsonObject add(String name, String value) {
        fields.add(quoted(name) + ':' + value);
        return this;
    }

    private static String quoted(String text) {
        var out = new StringBuilder(text.length() + 2).append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                default -> out.append(c < FIRST_PRINTABLE ? String.format("\\u%04x", (int) c) : String.valueOf(c));
            }
        }
        return out.append('"').toString();
    }

    @Override
    public String toString() {
        return fields.toString();
    }
}
