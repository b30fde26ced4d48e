package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class OffsetRangesTest {
    @Test
    void joinsRangesThatTouch() {
        var ranges = new OffsetRanges();
        ranges.add(1, 3);
        ranges.add(7, 9);
        ranges.add(4, 6);
        assertThat(ranges).hasToString("[1..9]");
    }

    @Test
    void agreesWithASetOfOffsetsWhateverIsAddedAndRemoved() {
        for (long seed = 0; seed < 300; seed++) {
            var random = new Random(seed);
            var ranges = new OffsetRanges();
            var model = new TreeSet<Long>();
            for (int step = 0; step < 60; step++) {
                long from = random.nextInt(100);
                long to = from + random.nextInt(8);
                if (random.nextInt(10) == 0) {
                    ranges.removeBelow(from);
                    model.headSet(from).clear();
                } else {
                    ranges.add(from, to);
                    for (long offset = from; offset <= to; offset++) {
                        model.add(offset);
                    }
                }
                assertSame(seed, ranges, model);
            }
        }
    }

    private static void assertSame(long seed, OffsetRanges ranges, Set<Long> model) {
        assertThat(ranges.cardinality()).as("seed %d: %s", seed, ranges).isEqualTo(model.size());
        for (long offset = 0; offset < 110; offset++) {
            assertThat(ranges.contains(offset))
                    .as("seed %d, offset %d in %s", seed, offset, ranges)
                    .isEqualTo(model.contains(offset));
            long absent = offset;
            while (model.contains(absent)) {
                absent++;
            }
            assertThat(ranges.firstAbsent(offset))
                    .as("seed %d, first absent from %d in %s", seed, offset, ranges)
                    .isEqualTo(absent);
        }
        for (int i = 1; i < ranges.size(); i++) {
            assertThat(ranges.first(i)).as("seed %d: gaps in %s", seed, ranges).isGreaterThan(ranges.last(i - 1) + 1);
        }
    }
}
