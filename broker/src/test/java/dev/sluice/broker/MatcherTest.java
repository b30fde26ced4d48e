package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.Binding.Destination;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MatcherTest {
    @Test
    void topicPatternsMatchWordByWord() {
        var topic = new TopicMatcher();
        for (String pattern : List.of("#", "*", "a.*", "a.#", "#.c", "a.*.c", "a.#.c", "a.b.c", "")) {
            topic.add(binding(pattern, Map.of()));
        }
        assertThat(match(topic, "a.b.c")).containsExactly("#", "#.c", "a.#", "a.#.c", "a.*.c", "a.b.c");
        assertThat(match(topic, "a")).containsExactly("#", "*", "a.#");
        assertThat(match(topic, "")).containsExactly("", "#");
        assertThat(match(topic, "a.c")).containsExactly("#", "#.c", "a.#", "a.#.c", "a.*");
    }

    @Test
    void topicPatternsAgreeWithRegularExpressions() {
        String[] words = {"a", "b", "*", "#"};
        for (long seed = 0; seed < 200; seed++) {
            var random = new Random(seed);
            var topic = new TopicMatcher();
            var patterns = new TreeSet<String>();
            for (int i = 0; i < 20; i++) {
                patterns.add(randomKey(random, words, 4));
            }
            patterns.forEach(pattern -> topic.add(binding(pattern, Map.of())));
            for (String removed : List.copyOf(patterns).subList(0, patterns.size() / 3)) {
                topic.remove(binding(removed, Map.of()));
                patterns.remove(removed);
            }
            String key = randomKey(random, new String[] {"a", "b", "c"}, 5);
            assertThat(match(topic, key))
                    .as("seed %d, key %s", seed, key)
                    .containsExactlyElementsOf(patterns.stream()
                            .filter(p -> expression(p).matcher(key).matches())
                            .toList());
        }
    }

    private static String randomKey(Random random, String[] words, int most) {
        var key = new StringBuilder(words[random.nextInt(words.length)]);
        for (int i = random.nextInt(most); i > 0; i--) {
            key.append('.').append(words[random.nextInt(words.length)]);
        }
        return key.toString();
    }

    /** Every word of the pattern takes its dot before it; so does the key, by a dot put in front. */
    private static Pattern expression(String pattern) {
        var expression = new StringBuilder("(?=.)");
        var body = new StringBuilder();
        for (String word : pattern.split("\\.", -1)) {
            body.append(
                    switch (word) {
                        case "*" -> "(^|\\.)[^.]+";
                        case "#" -> "((^|\\.)[^.]+)*";
                        default -> "(^|\\.)" + Pattern.quote(word);
                    });
        }
        return Pattern.compile(expression.append(body).toString());
    }

    @Test
    void headersMatchAllOrAny() {
        var headers = new HeadersMatcher();
        headers.add(binding("all", Map.of("x-match", "all", "type", "pdf", "pages", 3L)));
        headers.add(binding("any", Map.of("x-match", "any", "type", "pdf", "pages", 3L)));
        headers.add(binding("there", Map.of("type", Binding.PRESENT)));
        headers.add(binding("with-x", Map.of("x-match", "all-with-x", "x-id", 1L)));
        headers.add(binding("nothing", Map.of()));
        assertThat(match(headers, Map.of("type", "pdf", "pages", 3L)))
                .containsExactly("all", "any", "nothing", "there");
        assertThat(match(headers, Map.of("pages", 3L))).containsExactly("any", "nothing");
        assertThat(match(headers, Map.of("type", "txt", "x-id", 1L))).containsExactly("nothing", "there", "with-x");
    }

    private static Binding binding(String key, Map<String, Object> arguments) {
        return new Binding("e", new Destination.ToQueue(key), key, arguments);
    }

    private static Set<String> match(Matcher matcher, String key) {
        var found = new TreeSet<String>();
        matcher.match(key, null, destination -> found.add(destination.name()));
        return found;
    }

    private static Set<String> match(Matcher matcher, Map<String, Object> headers) {
        var found = new TreeSet<String>();
        matcher.match("", () -> headers, destination -> found.add(destination.name()));
        return found;
    }
}
