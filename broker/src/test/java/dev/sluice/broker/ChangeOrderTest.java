package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.ChangeOrder.Claims;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ChangeOrderTest {
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final ChangeOrder order = new ChangeOrder(tasks::add);
    private final List<String> started = new ArrayList<>();
    private final Map<String, CompletableFuture<String>> running = new HashMap<>();

    @Test
    void changesThatRelyOnTheSameThingsRunTogether() {
        add("bind 1", List.of("exchange", "queue"), List.of("binding 1"));
        add("bind 2", List.of("exchange", "queue"), List.of("binding 2"));
        assertThat(started).containsExactly("bind 1", "bind 2");
    }

    @Test
    void oneThatAltersWhatAnotherReliesOnWaitsAndIsNotOvertaken() {
        add("bind", List.of("exchange", "queue"), List.of("binding"));
        add("delete", List.of(), List.of("queue"));
        add("declare another", List.of(), List.of("another"));
        assertThat(started).containsExactly("bind");
        end("bind");
        assertThat(started).containsExactly("bind", "delete", "declare another");
    }

    @Test
    void whatFollowsFromAChangeComesAheadOfWhatWaits() {
        add("unbind", List.of("exchange"), List.of("binding"));
        add("bind", List.of("exchange"), List.of("binding"));
        order.addFirst(() -> Claims.altering("exchange"), () -> start("remove exchange"));
        end("unbind");
        end("remove exchange");
        assertThat(started).containsExactly("unbind", "remove exchange", "bind");
    }

    @Test
    void noMoreThanTheLimitRunAtTheSameTime() {
        for (int i = 0; i < ChangeOrder.MOST_RUNNING + 1; i++) {
            add("change " + i, List.of(), List.of(i));
        }
        assertThat(started).hasSize(ChangeOrder.MOST_RUNNING);
        end("change 7");
        assertThat(started).hasSize(ChangeOrder.MOST_RUNNING + 1);
    }

    @Test
    void finishesWhenNothingRunsOrWaits() {
        add("first", List.of(), List.of("thing"));
        add("second", List.of(), List.of("thing"));
        CompletableFuture<Void> finished = order.finish();
        end("first");
        assertThat(finished).isNotDone();
        end("second");
        assertThat(finished).isDone();
    }

    /** Whatever is asked for: none runs beside another that alters what it touches, dependent ones keep their order, and all end. */
    @Test
    void dependentChangesNeverOverlapNorChangePlaces() {
        for (long seed = 0; seed < 200; seed++) {
            var random = new Random(seed);
            var asked = new HashMap<String, Claims>();
            started.clear();
            for (int i = 0; i < 60; i++) {
                String name = "change " + i;
                Claims claims = randomClaims(random);
                asked.put(name, claims);
                add(name, claims.relied(), claims.altered());
                while (!running.isEmpty() && random.nextInt(3) == 0) {
                    end(running.keySet().iterator().next());
                }
                assertNoneOverlap(asked, "seed " + seed);
            }
            while (!running.isEmpty()) {
                end(running.keySet().iterator().next());
                assertNoneOverlap(asked, "seed " + seed);
            }
            assertThat(started).as("seed %d", seed).hasSize(60);
            for (int i = 0; i < 60; i++) {
                assertThat(started.get(i)).as("seed %d", seed).isEqualTo("change " + i);
            }
        }
    }

    private void assertNoneOverlap(Map<String, Claims> asked, String seed) {
        for (String one : running.keySet()) {
            for (String other : running.keySet()) {
                if (!one.equals(other)) {
                    assertThat(List.<Object>copyOf(
                                    Objects.requireNonNull(asked.get(one)).altered()))
                            .as("%s: %s beside %s", seed, one, other)
                            .doesNotContainAnyElementsOf(touched(Objects.requireNonNull(asked.get(other))));
                }
            }
        }
    }

    private static List<Object> touched(Claims claims) {
        var touched = new ArrayList<Object>(claims.relied());
        touched.addAll(claims.altered());
        return touched;
    }

    private static Claims randomClaims(Random random) {
        List<String> altered = List.of("thing " + random.nextInt(8));
        return random.nextBoolean()
                ? new Claims(List.of(), altered)
                : new Claims(altered, List.of("other " + random.nextInt(8)));
    }

    private void add(String name, List<?> relied, List<?> altered) {
        order.add(() -> new Claims(relied, altered), () -> start(name));
        runTasks();
    }

    private CompletableFuture<String> start(String name) {
        started.add(name);
        var ended = new CompletableFuture<String>();
        running.put(name, ended);
        return ended;
    }

    private void end(String name) {
        Objects.requireNonNull(running.remove(name)).complete(name);
        runTasks();
    }

    private void runTasks() {
        while (!tasks.isEmpty()) {
            tasks.remove().run();
        }
    }
}
