package dev.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class SimSchedulerTest {

    @Test
    void runsTheTasksOfASerialExecutorInOrder() {
        for (long seed = 0; seed < 50; seed++) {
            SimScheduler scheduler = new SimScheduler(new Seeded(seed));
            SimExecutor executor = scheduler.serial("one");
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                int number = i;
                executor.execute(() -> {
                    scheduler.pause();
                    order.add(number);
                });
            }
            scheduler.runUntil(() -> false, 100);
            assertThat(order).containsExactly(0, 1, 2, 3, 4);
        }
    }

    @Test
    void interleavesTasksWhereTheyPause() {
        Set<String> orders = new HashSet<>();
        for (long seed = 0; seed < 200; seed++) {
            SimScheduler scheduler = new SimScheduler(new Seeded(seed));
            StringBuilder order = new StringBuilder();
            for (String name : List.of("a", "b")) {
                scheduler.serial(name).execute(() -> {
                    order.append(name);
                    scheduler.pause();
                    order.append(name);
                });
            }
            scheduler.runUntil(() -> false, 100);
            orders.add(order.toString());
        }
        assertThat(orders).contains("aabb", "abab", "abba", "bbaa");
    }

    @Test
    void movesTheClockToTheNextTimer() {
        SimScheduler scheduler = new SimScheduler(new Seeded(1));
        SimExecutor executor = scheduler.serial("one");
        List<Long> times = new ArrayList<>();
        scheduler.schedule(500, executor, () -> times.add(scheduler.clock().nowMs()));
        scheduler.schedule(20, executor, () -> times.add(scheduler.clock().nowMs()));
        scheduler.runUntil(() -> times.size() == 2, 100);
        assertThat(times.getLast()).isEqualTo(500);
    }

    @Test
    void runsTasksAtOnceWhileACallWaitsForThem() {
        SimScheduler scheduler = new SimScheduler(new Seeded(1));
        SimExecutor first = scheduler.serial("first");
        SimExecutor second = scheduler.serial("second");
        CompletableFuture<String> answer = new CompletableFuture<>();
        first.execute(scheduler::pause);

        String result = scheduler.blocking(() -> {
            first.execute(() -> second.execute(() -> answer.complete("done")));
            return answer.join();
        });

        assertThat(result).isEqualTo("done");
    }

    @Test
    void handsOnWhatATaskThrows() {
        SimScheduler scheduler = new SimScheduler(new Seeded(1));
        scheduler.serial("one").execute(() -> {
            throw new IllegalStateException("thrown by the task");
        });
        assertThatThrownBy(scheduler::step).hasMessage("thrown by the task");
    }
}
