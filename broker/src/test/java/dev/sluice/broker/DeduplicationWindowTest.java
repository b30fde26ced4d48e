package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DeduplicationWindowTest {
    private record Id(long first, long second, long timeMs, long note) {}

    @Test
    void remembersTheNewestUpToItsNumber() {
        var window = new DeduplicationWindow(3, QueueSettings.UNLIMITED);
        for (long id = 1; id <= 5; id++) {
            window.add(id, id, 0, 10 * id);
        }
        assertThat(window.size()).isEqualTo(3);
        assertThat(window.contains(2, 2)).isFalse();
        assertThat(window.contains(3, 3)).isTrue();
        assertThat(window.note(5, 5)).isEqualTo(50);
    }

    @Test
    void forgetsWhenTheTimeIsOver() {
        var window = new DeduplicationWindow(10, 100);
        window.add(1, 1, 1_000, 0);
        window.add(2, 2, 1_050, 0);
        window.expire(1_099);
        assertThat(window.size()).isEqualTo(2);
        window.expire(1_100);
        assertThat(window.contains(1, 1)).isFalse();
        assertThat(window.contains(2, 2)).isTrue();
        window.expire(Long.MAX_VALUE);
        assertThat(window.size()).isZero();
    }

    @Test
    void tellsApartIdsThatAreAlikeInPart() {
        var window = new DeduplicationWindow(10, QueueSettings.UNLIMITED);
        window.add(1, 7, 0, 0);
        assertThat(window.contains(7, 1)).isFalse();
        assertThat(window.contains(2, 7)).isFalse();
        assertThat(window.contains(1, 7)).isTrue();
    }

    /** Ids collide here much more than hashes do. */
    @Test
    void doesAsAListDoes() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int life = 0; life < 50; life++) {
            int most = 1 + random.nextInt(300);
            long windowMs = random.nextBoolean() ? QueueSettings.UNLIMITED : 1 + random.nextInt(500);
            compare(new DeduplicationWindow(most, windowMs), random, most, windowMs, seed);
        }
    }

    private static void compare(DeduplicationWindow window, Random random, int most, long windowMs, long seed) {
        var model = new ArrayDeque<Id>();
        long nowMs = 0;
        for (int step = 0; step < 2_000; step++) {
            nowMs += random.nextInt(4);
            window.expire(nowMs);
            while (windowMs >= 0 && !model.isEmpty() && model.getFirst().timeMs + windowMs <= nowMs) {
                model.removeFirst();
            }
            var id = new Id(random.nextInt(3), (long) random.nextInt(40) << random.nextInt(3), nowMs, step);
            Id known = model.stream()
                    .filter(other -> other.first == id.first && other.second == id.second)
                    .findFirst()
                    .orElse(null);
            assertThat(window.contains(id.first, id.second)).as("seed " + seed).isEqualTo(known != null);
            if (known != null) {
                assertThat(window.note(id.first, id.second)).as("seed " + seed).isEqualTo(known.note);
                continue;
            }
            window.add(id.first, id.second, nowMs, step);
            if (model.size() == most) {
                model.removeFirst();
            }
            model.addLast(id);
        }
        List<Id> all = new ArrayList<>();
        window.forEach((first, second, timeMs, note) -> all.add(new Id(first, second, timeMs, note)));
        assertThat(all).as("seed " + seed).containsExactlyElementsOf(model);
        assertThat(window.size()).isEqualTo(model.size());
    }
}
