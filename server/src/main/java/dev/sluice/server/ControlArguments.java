package dev.sluice.server;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a command is told: names with one value or more each. On the control socket it is one line, written as the query of a URL. Confined to one thread. */
final class ControlArguments {
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    ControlArguments add(String name, String value) {
        values.computeIfAbsent(name, first -> new ArrayList<>(1)).add(value);
        return this;
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /** The value, null if there is none. */
    @Nullable
    String get(String name) {
        return values.containsKey(name) ? all(name).getLast() : null;
    }

    String get(String name, String otherwise) {
        String value = get(name);
        return value == null ? otherwise : value;
    }

    List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    String encode() {
        var pairs = new ArrayList<String>();
        values.forEach((name, all) -> all.forEach(value -> pairs.add(encode(name) + '=' + encode(value))));
        return String.join("&", pairs);
    }

    static ControlArguments decode(String line) {
        var arguments = new ControlArguments();
        for (String pair : line.split("&", -1)) {
            int at = pair.indexOf('=');
            if (at >= 0) {
                arguments.add(decodePart(pair.substring(0, at)), decodePart(pair.substring(at + 1)));
            }
        }
        return arguments;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String decodePart(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
