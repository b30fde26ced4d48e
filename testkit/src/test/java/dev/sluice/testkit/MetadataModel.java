package dev.sluice.testkit;

import dev.sluice.log.MetadataStore;
import dev.sluice.log.Versioned;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Confined to the thread of the simulation. What some keys of the metadata must hold. */
final class MetadataModel {
    private static final String ABSENT = "(absent)";

    private static final class Key {
        String confirmed = ABSENT;
        /** Handed in after what was confirmed; not answered, or failed with an unknown outcome. */
        final List<String> possible = new ArrayList<>();
    }

    private final Map<String, Key> keys = new HashMap<>();
    private long changes;

    /** Changes a key; the answer counts only if {@code isAlive} says so then. */
    void change(MetadataStore store, Seeded random, BooleanSupplier isAlive) {
        String name = "model/" + random.below(8);
        Key key = keys.computeIfAbsent(name, ignored -> new Key());
        boolean deletes = random.oneIn(4);
        String value = deletes ? ABSENT : changes++ + "x".repeat(random.size(3_000));
        key.possible.add(value);
        int position = key.possible.size();
        var future = deletes
                ? store.delete(name, MetadataStore.ANY)
                : store.put(name, value.getBytes(StandardCharsets.UTF_8), MetadataStore.ANY);
        // Compared by identity later: the same text is never written twice, but deleting is.
        String marker = value;
        var _ = future.whenComplete((done, failure) -> {
            if (isAlive.getAsBoolean() && failure == null) {
                confirmed(key, marker, position);
            }
        });
    }

    private static void confirmed(Key key, String value, int position) {
        key.confirmed = value;
        int at = Math.min(position, key.possible.size());
        while (at > 0 && !key.possible.get(at - 1).equals(value)) {
            at--;
        }
        key.possible.subList(0, at).clear();
    }

    /** What a started store holds must be what was confirmed, or a later change whose outcome was unknown. */
    void opened(MetadataStore store) {
        keys.forEach((name, key) -> {
            String found = value(store, name);
            if (!found.equals(key.confirmed) && !key.possible.contains(found)) {
                throw new AssertionError(
                        "metadata " + name + " is " + shortened(found) + ", confirmed was " + shortened(key.confirmed));
            }
            key.confirmed = found;
            key.possible.clear();
        });
    }

    /** The last change may have been undone: damage that cannot be told from an unfinished write. */
    void mayHaveLost(String name, String before) {
        Key key = keys.get(name);
        if (key != null) {
            key.possible.add(before);
        }
    }

    /** Reads show what was confirmed. */
    void check(MetadataStore store) {
        keys.forEach((name, key) -> {
            String found = value(store, name);
            if (!found.equals(key.confirmed)) {
                throw new AssertionError("metadata " + name + " reads as " + shortened(found) + ", confirmed was "
                        + shortened(key.confirmed));
            }
        });
    }

    private static String value(MetadataStore store, String name) {
        Optional<Versioned> found = store.get(name);
        return found.map(versioned -> new String(versioned.value(), StandardCharsets.UTF_8))
                .orElse(ABSENT);
    }

    private static String shortened(String text) {
        return text.substring(0, Math.min(12, text.length()));
    }
}
