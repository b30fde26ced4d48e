package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.Binding.Destination;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.BiPredicate;
import org.junit.jupiter.api.Test;

/** Matchers beside models that look at every binding, while bindings come and go. Each seed runs alone; a failure names it. */
class MatcherModelTest {
    private static final int SEEDS = 150;
    private static final int CHANGES = 120;
    private static final Object[] VALUES = {
        "a",
        "b",
        "",
        1L,
        1,
        2L,
        1.0,
        0.0,
        -0.0,
        true,
        new BigDecimal("1"),
        new BigDecimal("1.0"),
        List.of(1L, "a"),
        Map.of("a", 1L),
        Binding.PRESENT
    };

    private record Model(List<Binding> bindings, Matcher matcher, Random random) {
        Model(Matcher matcher, long seed) {
            this(new ArrayList<>(), matcher, new Random(seed));
        }

        void bind(Binding binding) {
            if (!bindings.contains(binding)) {
                bindings.add(binding);
                matcher.add(binding);
            }
        }

        void unbindOne() {
            if (!bindings.isEmpty()) {
                Binding removed = bindings.remove(random.nextInt(bindings.size()));
                // As a client that comes again would name it.
                matcher.remove(
                        new Binding(removed.source(), removed.destination(), removed.key(), removed.arguments()));
            }
        }

        void expect(BiPredicate<Binding, String> model, String key, Map<String, Object> headers, String seed) {
            var found = new ArrayList<Destination>();
            matcher.match(key, () -> headers, found::add);
            var expected = bindings.stream()
                    .filter(binding -> model.test(binding, key))
                    .map(Binding::destination)
                    .toList();
            assertThat(found)
                    .as("%s, key '%s', headers %s", seed, key, headers)
                    .containsExactlyInAnyOrderElementsOf(expected);
            assertThat(matcher.isEmpty()).isEqualTo(bindings.isEmpty());
        }
    }

    @Test
    void topicsFindEachBindingOnceAndNoOther() {
        for (long seed = 0; seed < SEEDS; seed++) {
            var model = new Model(new TopicMatcher(), seed);
            Random random = model.random;
            for (int i = 0; i < CHANGES; i++) {
                if (random.nextInt(3) == 0) {
                    model.unbindOne();
                } else {
                    model.bind(binding(random, key(random, "a", "b", "", "*", "#", "#"), Map.of()));
                }
                model.expect(
                        (binding, key) -> topicMatches(words(binding.key()), words(key)),
                        key(random, "a", "b", "", "*", "#"),
                        Map.of(),
                        "seed " + seed);
            }
        }
    }

    @Test
    void headersFindEachBindingOnceAndNoOther() {
        for (long seed = 0; seed < SEEDS; seed++) {
            var model = new Model(new HeadersMatcher(), seed);
            Random random = model.random;
            int values = 2 + random.nextInt(VALUES.length - 1);
            for (int i = 0; i < CHANGES; i++) {
                if (random.nextInt(4) == 0) {
                    model.unbindOne();
                } else {
                    model.bind(binding(random, "", arguments(random, values)));
                }
                Map<String, Object> headers = headers(random, values, 4);
                model.expect((binding, key) -> headersMatch(binding.arguments(), headers), "", headers, "seed " + seed);
            }
            while (!model.bindings.isEmpty()) {
                model.unbindOne();
                Map<String, Object> headers = headers(random, values, 4);
                model.expect((binding, key) -> headersMatch(binding.arguments(), headers), "", headers, "seed " + seed);
            }
        }
    }

    @Test
    void directAndFanoutFindEachBindingOnceAndNoOther() {
        for (long seed = 0; seed < SEEDS; seed++) {
            var direct = new Model(new DirectMatcher(), seed);
            var fanout = new Model(new FanoutMatcher(), seed);
            for (int i = 0; i < CHANGES; i++) {
                for (Model model : List.of(direct, fanout)) {
                    if (model.random.nextInt(3) == 0) {
                        model.unbindOne();
                    } else {
                        model.bind(binding(model.random, key(model.random, "a", "b"), Map.of()));
                    }
                }
                String key = key(direct.random, "a", "b");
                direct.expect((binding, given) -> binding.key().equals(given), key, Map.of(), "seed " + seed);
                fanout.expect((binding, given) -> true, key, Map.of(), "seed " + seed);
            }
        }
    }

    /** With every way to share the words among the wildcards tried, it would not end. */
    @Test
    void manyWildcardsForAnyNumberOfWordsCostNoMoreThanTheirNumberTimesTheWords() {
        var topic = new TopicMatcher();
        String pattern = "#.a.".repeat(60) + "b";
        topic.add(binding(new Random(0), pattern, Map.of()));
        var found = new ArrayList<Destination>();
        topic.match("a.".repeat(126) + "a", null, found::add);
        assertThat(found).isEmpty();
        topic.match("a.".repeat(126) + "b", null, found::add);
        assertThat(found).hasSize(1);
    }

    private static Binding binding(Random random, String key, Map<String, Object> arguments) {
        return new Binding("e", new Destination.ToQueue("q" + random.nextInt(25)), key, arguments);
    }

    private static String key(Random random, String... words) {
        var key = new ArrayList<String>();
        for (int i = random.nextInt(6); i > 0; i--) {
            key.add(words[random.nextInt(words.length)]);
        }
        return String.join(".", key);
    }

    private static List<String> words(String key) {
        return key.isEmpty() ? List.of() : Arrays.asList(key.split("\\.", -1));
    }

    private static boolean topicMatches(List<String> pattern, List<String> words) {
        if (pattern.isEmpty()) {
            return words.isEmpty();
        }
        List<String> rest = pattern.subList(1, pattern.size());
        if (pattern.getFirst().equals("#")) {
            return topicMatches(rest, words)
                    || (!words.isEmpty() && topicMatches(pattern, words.subList(1, words.size())));
        }
        // A wildcard's character in a key is an ordinary word, which only a wildcard matches.
        boolean agrees = !words.isEmpty()
                && (pattern.getFirst().equals("*") || pattern.getFirst().equals(words.getFirst()));
        return agrees && topicMatches(rest, words.subList(1, words.size()));
    }

    private static Map<String, Object> arguments(Random random, int values) {
        Map<String, Object> arguments = headers(random, values, 3);
        String[] modes = {"all", "any", "all-with-x", "any-with-x", "other"};
        if (random.nextInt(5) > 0) {
            arguments.put("x-match", modes[random.nextInt(modes.length)]);
        }
        return arguments;
    }

    private static Map<String, Object> headers(Random random, int values, int most) {
        String[] names = {"a", "b", "c", "x-a", "x-b"};
        var headers = new HashMap<String, Object>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            int value = random.nextInt(values + 1);
            headers.put(
                    names[random.nextInt(names.length)],
                    value < VALUES.length && value < values ? VALUES[value] : new byte[] {(byte) random.nextInt(2)});
        }
        return headers;
    }

    private static boolean headersMatch(Map<String, Object> wanted, Map<String, Object> given) {
        String mode = String.valueOf(wanted.getOrDefault("x-match", "all"));
        var agreements = new ArrayList<Boolean>();
        wanted.forEach((name, value) -> {
            if (!name.equals("x-match") && (mode.endsWith("-with-x") || !name.startsWith("x-"))) {
                Object other = given.get(name);
                agreements.add(other != null && (Binding.PRESENT.equals(value) || equal(value, other)));
            }
        });
        return mode.startsWith("any") ? agreements.contains(true) : !agreements.contains(false);
    }

    private static boolean equal(Object a, Object b) {
        return (a instanceof byte[] x && b instanceof byte[] y) ? Arrays.equals(x, y) : Objects.equals(a, b);
    }
}
