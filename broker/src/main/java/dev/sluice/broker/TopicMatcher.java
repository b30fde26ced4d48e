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
 * Patterns of words separated by dots, as a tree with one level per word: {@code *} stands for one word, {@code #} for any number of words, none included. Confined to its shard; not to be called again from {@code found}.
 *
 * <p>A key is read once, word by word, with the set of all nodes that the words so far lead to. A node is in that set once however many ways lead to it, so that patterns with several {@code #} cost words times nodes
 * at most, not what the number of ways to share the words among them would. Nothing is allocated.
 */
final class TopicMatcher implements Matcher {
    private final Node root = new Node(null, new TopicWord(""));
    private final TopicWord word = new TopicWord("");
    private List<Node> reached = new ArrayList<>();
    private List<Node> reachedNext = new ArrayList<>();
    /** Grows with every word of every key: a node that has it is in the set. */
    private long step;
    /** The step at which the present key began. */
    private long firstStep;

    @Override
    public void add(Binding binding) {
        Node node = root;
        for (String part : words(binding.key())) {
            node = node.nextOrNew(part);
        }
        node.add(binding);
    }

    @Override
    public void remove(Binding binding) {
        Node node = root;
        for (String part : words(binding.key())) {
            Node next = node.next(part);
            if (next == null) {
                return;
            }
            node = next;
        }
        node.remove(binding);
        for (Node parent = node.parent; parent != null && node.isEmpty(); parent = node.parent) {
            parent.forget(node);
            node = parent;
        }
    }

    @Override
    public boolean isEmpty() {
        return root.isEmpty();
    }

    @Override
    public void match(String routingKey, @Nullable Supplier<Map<String, Object>> headers, Consumer<Destination> found) {
        step++;
        firstStep = step;
        enter(root, reached, found);
        int start = 0;
        boolean ended = routingKey.isEmpty();
        while (!ended && !reached.isEmpty()) {
            int dot = routingKey.indexOf('.', start);
            ended = dot < 0;
            int end = ended ? routingKey.length() : dot;
            advance(word.set(routingKey, start, end), found);
            start = end + 1;
        }
        for (Node node : reached) {
            node.report(found);
        }
        reached.clear();
    }

    private void advance(TopicWord next, Consumer<Destination> found) {
        step++;
        for (Node node : reached) {
            if (node.swallows) {
                enter(node, reachedNext, found);
            }
            enter(node.one, reachedNext, found);
            enter(node.exact(next), reachedNext, found);
        }
        List<Node> left = reached;
        left.clear();
        reached = reachedNext;
        reachedNext = left;
    }

    /** A node is reached together with what follows it after a {@code #} that stands for no word. */
    private void enter(@Nullable Node entered, List<Node> set, Consumer<Destination> found) {
        for (Node node = entered; node != null && node.step != step; node = node.any) {
            if (!node.isLast() || !node.swallows) {
                set.add(node);
            } else if (node.step < firstStep) {
                // Whatever words are left, it matches: so it need not be carried to the end of the key.
                node.report(found);
            }
            node.step = step;
        }
    }

    private static List<String> words(String pattern) {
        var words = new ArrayList<String>();
        int start = 0;
        for (int dot = pattern.indexOf('.'); dot >= 0; dot = pattern.indexOf('.', start)) {
            words.add(pattern.substring(start, dot));
            start = dot + 1;
        }
        if (!pattern.isEmpty()) {
            words.add(pattern.substring(start));
        }
        return words;
    }

    /** Where the words of a pattern lead. The wildcards are apart from the words, as a key may contain their characters, which are no wildcards there. */
    private static final class Node {
        private static final String ONE = "*";
        private static final String ANY = "#";

        private final @Nullable Node parent;
        private final TopicWord word;
        /** Whether it comes after a {@code #}, so that it stays reached whatever words follow. */
        private final boolean swallows;

        /** The only node that follows after a word, apart from {@link #exact} so that a chain is walked without maps; null when there are none or several. */
        private @Nullable Node only;
        /** All nodes that follow after words, when there are several. */
        private @Nullable Map<TopicWord, Node> exact;

        private @Nullable Node one;
        private @Nullable Node any;
        private @Nullable CompactSet<Binding> bindings;
        /** When it was reached last. */
        private long step;

        private Node(@Nullable Node parent, TopicWord word) {
            this.parent = parent;
            this.word = word;
            this.swallows = word.is(ANY);
        }

        private @Nullable Node exact(TopicWord next) {
            if (only != null) {
                return only.word.equals(next) ? only : null;
            }
            return exact == null ? null : exact.get(next);
        }

        private @Nullable Node next(String part) {
            return switch (part) {
                case ONE -> one;
                case ANY -> any;
                default -> exact(new TopicWord(part));
            };
        }

        private Node nextOrNew(String part) {
            Node present = next(part);
            if (present != null) {
                return present;
            }
            var added = new Node(this, new TopicWord(part));
            switch (part) {
                case ONE -> one = added;
                case ANY -> any = added;
                default -> addExact(added);
            }
            return added;
        }

        private void addExact(Node added) {
            if (only == null && exact == null) {
                only = added;
                return;
            }
            if (exact == null) {
                exact = new HashMap<>(4);
            }
            if (only != null) {
                exact.put(only.word, only);
                only = null;
            }
            exact.put(added.word, added);
        }

        private void forget(Node child) {
            if (child == one) {
                one = null;
            } else if (child == any) {
                any = null;
            } else if (child == only) {
                only = null;
            } else if (exact != null) {
                exact.remove(child.word);
                exact = exact.isEmpty() ? null : exact;
            }
        }

        private void add(Binding binding) {
            if (bindings == null) {
                bindings = new CompactSet<>();
            }
            bindings.add(binding);
        }

        private void remove(Binding binding) {
            if (bindings != null) {
                bindings.remove(binding);
                bindings = bindings.isEmpty() ? null : bindings;
            }
        }

        private void report(Consumer<Destination> found) {
            if (bindings != null) {
                bindings.forEach(binding -> found.accept(binding.destination()));
            }
        }

        /** Whether no pattern goes on from here. */
        private boolean isLast() {
            return only == null && exact == null && one == null && any == null;
        }

        private boolean isEmpty() {
            return bindings == null && isLast();
        }
    }
}
