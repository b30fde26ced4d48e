package dev.sluice.broker;

import dev.sluice.broker.Binding.Destination;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Bindings all of whose conditions a message must meet. A node with more than a few of them has them in children, each under one of its conditions: the one with the fewest bindings so far. So what many bindings want tells nothing apart
 * and is looked at last, and a message comes only where it meets the conditions on the way. Confined to its shard.
 */
final class ConditionTree {
    /** So many bindings are compared with the message one by one. */
    private static final int FEW = 8;

    private final Node root = new Node(null, null);
    private final List<Node> pending = new ArrayList<>();

    void add(HeaderBinding binding) {
        root.add(binding, new ArrayList<>(binding.conditions));
    }

    void remove(HeaderBinding binding) {
        Node node = binding.node;
        if (node == null) {
            return;
        }
        node.here.remove(binding);
        binding.node = null;
        while (node != null) {
            node.count--;
            node = node.count == 0 ? node.leaveParent() : node.parent;
        }
    }

    /** {@code offered} has every condition that {@code headers} meet. */
    void match(List<HeaderCondition> offered, Map<String, Object> headers, Consumer<Destination> found) {
        pending.add(root);
        while (!pending.isEmpty()) {
            Node node = pending.removeLast();
            node.here.forEach(binding -> {
                if (node.children != null || binding.isMetBy(headers)) {
                    found.accept(binding.destination());
                }
            });
            if (node.children != null) {
                addMet(node.children, offered);
            }
        }
    }

    private void addMet(Map<HeaderCondition, Node> children, List<HeaderCondition> offered) {
        for (HeaderCondition condition : offered) {
            Node child = children.get(condition);
            if (child != null) {
                pending.add(child);
            }
        }
    }

    /** A part of the bindings: those that were put under the conditions from the root to here. */
    static final class Node {
        private final @Nullable Node parent;
        private final @Nullable HeaderCondition condition;
        /** Without children all bindings of this part; with children those that want nothing but the conditions on the way. */
        private CompactSet<HeaderBinding> here = new CompactSet<>();

        private @Nullable Map<HeaderCondition, Node> children;
        private int count;

        private Node(@Nullable Node parent, @Nullable HeaderCondition condition) {
            this.parent = parent;
            this.condition = condition;
        }

        /** {@code left} has the binding's conditions without those on the way here, and is changed. */
        private void add(HeaderBinding binding, List<HeaderCondition> left) {
            Node node = this;
            node.count++;
            while (node.children != null && !left.isEmpty()) {
                HeaderCondition rarest = rarest(node.children, left);
                left.remove(rarest);
                node = node.childOf(node.children, rarest);
                node.count++;
            }
            node.here.add(binding);
            binding.node = node;
            if (node.children == null && node.here.size() > FEW) {
                node.split();
            }
        }

        private Node childOf(Map<HeaderCondition, Node> among, HeaderCondition wanted) {
            return among.computeIfAbsent(wanted, c -> new Node(this, c));
        }

        private static HeaderCondition rarest(Map<HeaderCondition, Node> children, List<HeaderCondition> left) {
            HeaderCondition rarest = left.getFirst();
            int fewest = Integer.MAX_VALUE;
            for (HeaderCondition condition : left) {
                Node child = children.get(condition);
                int bindings = child == null ? 0 : child.count;
                if (bindings < fewest) {
                    fewest = bindings;
                    rarest = condition;
                }
            }
            return rarest;
        }

        private void split() {
            CompactSet<HeaderBinding> all = here;
            here = new CompactSet<>();
            children = new HashMap<>();
            count -= all.size();
            all.forEach(binding -> {
                List<HeaderCondition> left = new ArrayList<>(binding.conditions);
                for (Node node = this; node.parent != null; node = node.parent) {
                    left.remove(node.condition);
                }
                add(binding, left);
            });
        }

        private @Nullable Node leaveParent() {
            children = null;
            if (parent != null && parent.children != null && condition != null) {
                parent.children.remove(condition);
            }
            return parent;
        }
    }
}
