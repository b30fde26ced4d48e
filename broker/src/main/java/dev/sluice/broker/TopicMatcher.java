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
 * Patterns of words separated by dots, as a tree with one level per word: {@code *} stands for one word, {@code #} for any number of words, none
 * included. Matching costs in the order of the words of the key, not of the number of bindings, as long as {@code #} is rare. Confined to its shard.
 */
final class TopicMatcher implements Matcher {
    private final Node root = new Node();

    @Override
    public void add(Binding binding) {
        Node node = root;
        for (String word : words(binding.key())) {
            node = node.next.computeIfAbsent(word, w -> new Node());
        }
        node.bindings.add(binding);
    }

    @Override
    public void remove(Binding binding) {
        remove(root, words(binding.key()), 0, binding);
    }

    @Override
    public boolean isEmpty() {
        return root.isEmpty();
    }

    @Override
    public void match(String routingKey, @Nullable Supplier<Map<String, Object>> headers, Consumer<Destination> found) {
        match(root, words(routingKey), 0, found);
    }

    private static void match(Node node, String[] words, int at, Consumer<Destination> found) {
        Node any = node.next.get("#");
        if (any != null) {
            matchAnyNumber(any, words, at, found);
        }
        if (at == words.length) {
            node.bindings.forEach(binding -> found.accept(binding.destination()));
            return;
        }
        Node exact = isWildcard(words[at]) ? null : node.next.get(words[at]);
        if (exact != null) {
            match(exact, words, at + 1, found);
        }
        Node one = node.next.get("*");
        if (one != null) {
            match(one, words, at + 1, found);
        }
    }

    /** {@code #} swallows none, one or more of the words that are left. A pattern's end after it matches whatever is left, found once at the end. */
    private static void matchAnyNumber(Node any, String[] words, int at, Consumer<Destination> found) {
        if (any.next.isEmpty()) {
            any.bindings.forEach(binding -> found.accept(binding.destination()));
            return;
        }
        for (int rest = at; rest <= words.length; rest++) {
            match(any, words, rest, found);
        }
    }

    /** A routing key may contain the wildcards' characters as words; they are no patterns there. */
    private static boolean isWildcard(String word) {
        return word.equals("*") || word.equals("#");
    }

    private static void remove(Node node, String[] words, int at, Binding binding) {
        if (at == words.length) {
            node.bindings.remove(binding);
            return;
        }
        Node next = node.next.get(words[at]);
        if (next != null) {
            remove(next, words, at + 1, binding);
            if (next.isEmpty()) {
                node.next.remove(words[at]);
            }
        }
    }

    private static String[] words(String key) {
        var words = new ArrayList<String>();
        int start = 0;
        for (int dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', start)) {
            words.add(key.substring(start, dot));
            start = dot + 1;
        }
        if (!key.isEmpty()) {
            words.add(key.substring(start));
        }
        return words.toArray(String[]::new);
    }

    private static final class Node {
        private final Map<String, Node> next = new HashMap<>(2);
        private final List<Binding> bindings = new ArrayList<>(1);

        private boolean isEmpty() {
            return bindings.isEmpty() && next.isEmpty();
        }
    }
}
