package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Comparator;
import java.util.NoSuchElementException;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DueHeapTest {
    private record Due(long ms, long offset) {}

    @Test
    void givesWhatIsDueFirstAndEqualTimesInTheirOrder() {
        var heap = new DueHeap();
        heap.add(300, 1);
        heap.add(100, 9);
        heap.add(100, 4);
        heap.add(-5, 7);
        assertThat(heap.peekDueMs()).isEqualTo(-5);
        assertThat(heap.peekOffset()).isEqualTo(7);
        assertThat(new long[] {heap.poll(), heap.poll(), heap.poll(), heap.poll()})
                .containsExactly(7, 4, 9, 1);
        assertThat(heap.isEmpty()).isTrue();
    }

    @Test
    void nothingIsEverDueInAnEmptyHeap() {
        var heap = new DueHeap();
        assertThat(heap.peekDueMs()).isEqualTo(Long.MAX_VALUE);
        assertThat(heap.removeBelow(10)).isZero();
        assertThat(heap.memoryBytes()).isZero();
        assertThatThrownBy(heap::poll).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(heap::peekOffset).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void takesSixteenBytesAnEntryAndGivesThemBack() {
        var heap = new DueHeap();
        heap.add(1, 1);
        assertThat(heap.memoryBytes()).isLessThan(200);
        int entries = 500_000;
        for (int i = 1; i < entries; i++) {
            heap.add(i * 7919L % entries, i);
        }
        assertThat(heap.memoryBytes()).isLessThan(16L * entries + 300_000);
        heap.removeIf(offset -> offset % 100 != 0);
        assertThat(heap.size()).isEqualTo(entries / 100 - 1);
        assertThat(heap.memoryBytes()).isLessThan(16L * entries / 100 + 600_000);
        while (!heap.isEmpty()) {
            heap.poll();
        }
        assertThat(heap.memoryBytes()).isZero();
    }

    @Test
    void agreesWithAPlainModelWhileSmall() {
        for (long seed = 0; seed < 200; seed++) {
            compare(seed, 300, 20, 40);
        }
    }

    @Test
    void agreesWithAPlainModelOverSeveralPages() {
        for (long seed = 0; seed < 3; seed++) {
            compare(seed, 200_000, 1_000_000, 50_000);
        }
    }

    /** Grows in one third of the steps, shrinks in the next, grows again; now and then a part is taken out. */
    private static void compare(long seed, int steps, int times, int removeEvery) {
        var random = new Random(seed);
        var heap = new DueHeap();
        var model = new PriorityQueue<>(Comparator.comparingLong(Due::ms).thenComparingLong(Due::offset));
        for (int step = 0; step < steps; step++) {
            boolean mostlyAdds = step * 3 / steps != 1;
            if (random.nextInt(removeEvery) == 0) {
                removeSome(seed, random, heap, model);
            } else if (random.nextInt(4) == 0 != mostlyAdds) {
                var due = new Due(random.nextInt(times), random.nextInt(1000));
                heap.add(due.ms(), due.offset());
                model.add(due);
            } else if (!model.isEmpty()) {
                Due due = model.remove();
                assertThat(heap.peekDueMs()).as("seed %d", seed).isEqualTo(due.ms());
                assertThat(heap.poll()).as("seed %d", seed).isEqualTo(due.offset());
            }
            assertThat(heap.size()).as("seed %d", seed).isEqualTo(model.size());
        }
        for (Due due = model.poll(); due != null; due = model.poll()) {
            assertThat(heap.peekDueMs()).as("seed %d", seed).isEqualTo(due.ms());
            assertThat(heap.poll()).as("seed %d", seed).isEqualTo(due.offset());
        }
        assertThat(heap.isEmpty()).as("seed %d", seed).isTrue();
    }

    private static void removeSome(long seed, Random random, DueHeap heap, PriorityQueue<Due> model) {
        int before = model.size();
        int removed;
        if (random.nextBoolean()) {
            long floor = random.nextInt(300);
            model.removeIf(due -> due.offset() < floor);
            removed = heap.removeBelow(floor);
        } else {
            model.removeIf(due -> due.offset() % 3 == 0);
            removed = heap.removeIf(offset -> offset % 3 == 0);
        }
        assertThat(removed).as("seed %d", seed).isEqualTo(before - model.size());
    }
}
