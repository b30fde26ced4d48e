package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OffsetSetTest {
    private static final int CHUNK = OffsetChunk.SIZE;

    @Test
    void joinsRangesThatTouch() {
        var set = new OffsetSet();
        set.add(1, 3);
        set.add(7, 9);
        set.add(4, 6);
        assertThat(set).hasToString("[1..9]");
    }

    @Test
    void aRangeIsOneAlthoughItGoesThroughSeveralChunks() {
        var set = new OffsetSet();
        set.add(CHUNK - 1, CHUNK);
        set.add(2 * CHUNK - 2, 5L * CHUNK);
        set.add(CHUNK + 1, 2 * CHUNK - 3);
        assertThat(set).hasToString("[65535..327680]");
        assertThat(set.cardinality()).isEqualTo(4L * CHUNK + 2);
        assertThat(set.firstAbsent(CHUNK)).isEqualTo(5L * CHUNK + 1);
    }

    @Test
    void aRunOfFullChunksIsOnePieceHoweverItCameAbout() {
        var set = new OffsetSet();
        set.add(0, (1L << 40) - 1);
        assertThat(set.pieces()).isOne();
        set.remove(10L * CHUNK + 5, 10L * CHUNK + 5);
        assertThat(set.pieces()).isEqualTo(3);
        set.add(10L * CHUNK + 5, 10L * CHUNK + 5);
        assertThat(set.pieces()).isOne();
        assertThat(set.cardinality()).isEqualTo(1L << 40);
        for (int offset = 0; offset < 3 * CHUNK; offset++) {
            set.add((1L << 40) + offset, (1L << 40) + offset);
        }
        assertThat(set.pieces()).isOne();
    }

    @Test
    void becomesOnePieceAgainWhenTheLastHoleIsFilled() {
        long seed = 7;
        var order = new ArrayList<Integer>();
        for (int offset = 0; offset < 4 * CHUNK; offset++) {
            order.add(offset);
        }
        Collections.shuffle(order, new Random(seed));
        var set = new OffsetSet();
        for (int offset : order) {
            set.add(offset, offset);
        }
        assertThat(set.pieces()).as("seed %d", seed).isOne();
        assertThat(set.cardinality()).isEqualTo(4L * CHUNK);
    }

    @Test
    void anEmptySetAnswersToo() {
        var set = new OffsetSet();
        assertThat(set.last()).isEqualTo(-1);
        assertThat(set.firstPresent(0)).isEqualTo(-1);
        assertThat(set.firstAbsent(5)).isEqualTo(5);
        assertThat(set.covers(3, 3)).isFalse();
        assertThat(set.copyOf(0, Long.MAX_VALUE).isEmpty()).isTrue();
        set.removeBelow(100);
        set.remove(0, 100);
        set.add(3, 2);
        set.clear();
        assertThat(set.isEmpty()).isTrue();
    }

    @Test
    void refusesNegativeOffsets() {
        assertThatThrownBy(() -> new OffsetSet().add(-1, 3)).hasMessageContaining("-1");
    }

    @Test
    void movesItsFirstRangesToAnother() {
        var set = new OffsetSet();
        for (int i = 0; i < 5; i++) {
            set.add(10L * i, 10L * i + 3);
        }
        assertThat(set.takeFirst(2)).hasToString("[0..3, 10..13]");
        assertThat(set).hasToString("[20..23, 30..33, 40..43]");
        assertThat(set.takeFirst(9)).hasToString("[20..23, 30..33, 40..43]");
        assertThat(set.isEmpty()).isTrue();
        assertThat(set.takeFirst(1).isEmpty()).isTrue();
    }

    @Test
    void aCopyDoesNotChangeWithTheSet() {
        var set = new OffsetSet();
        for (long offset = 0; offset < 2 * CHUNK; offset += 2) {
            set.add(offset, offset);
        }
        OffsetSet copy = set.copyOf(0, 2 * CHUNK);
        set.add(0, 2 * CHUNK);
        assertThat(copy.cardinality()).isEqualTo(CHUNK);
        assertThat(copy.contains(1)).isFalse();
    }

    /** All that was ever allocated is more than what is kept. */
    @Test
    void tenMillionOffsetsInScatteredOrderTakeLessThanThreeMegabytes() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int offsets = 10_000_000;
        var set = new OffsetSet();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (long i = 0; i < offsets; i++) {
            long offset = i * 7_368_787 % offsets;
            set.add(offset, offset);
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(3_000_000);
        assertThat(set).hasToString("[0..9999999]");
    }

    @Test
    void fillingAndClearingASmallSetAllocatesNothing() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        var set = new OffsetSet();
        set.add(1, 1);
        set.clear();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (long i = 0; i < 100_000; i++) {
            set.add(i, i + 1);
            if (i % 2 == 0) {
                set.clear();
            } else {
                set.removeBelow(i + 2);
            }
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000);
    }

    @Test
    void aChunkIsABitmapWhileItHasManyRanges() {
        OffsetChunk chunk = RangeChunk.of(0, 0);
        for (int i = 1; i <= RangeChunk.MOST_RANGES; i++) {
            assertThat(chunk).isInstanceOf(RangeChunk.class);
            chunk = chunk.add(3 * i, 3 * i);
        }
        assertThat(chunk).isInstanceOf(BitmapChunk.class);
        assertThat(chunk.cardinality()).isEqualTo(RangeChunk.MOST_RANGES + 1);
        for (int i = RangeChunk.MOST_RANGES; i >= BitmapChunk.FEWEST_RANGES; i--) {
            assertThat(chunk).isInstanceOf(BitmapChunk.class);
            chunk = i > 640 ? chunk.remove(3 * i, 3 * i) : chunk.add(3 * i - 2, 3 * i - 1);
        }
        assertThat(chunk).isInstanceOf(RangeChunk.class);
        assertThat(chunk.last()).isEqualTo(3 * 640);
    }

    @Test
    void rangesBecomeABitmapAlsoWhenTheyAreSplit() {
        OffsetChunk chunk = RangeChunk.of(0, CHUNK - 1);
        for (int i = 1; i <= RangeChunk.MOST_RANGES; i++) {
            chunk = chunk.remove(4 * i, 4 * i + 1);
        }
        assertThat(chunk).isInstanceOf(BitmapChunk.class);
        assertThat(chunk.cardinality()).isEqualTo(CHUNK - 2 * RangeChunk.MOST_RANGES);
        assertThat(chunk.nextAbsent(5000)).isEqualTo(CHUNK);
    }

    @Test
    void agreesWithAPlainModelOfFewOffsets() {
        for (long seed = 0; seed < 300; seed++) {
            new Comparison(seed, 110, 8, 15).run(60, 1);
        }
    }

    /** Long ranges and single offsets around the borders of chunks, dense enough for bitmaps and full chunks to come and go. */
    @Test
    void agreesWithAPlainModelOverSeveralChunks() {
        for (long seed = 0; seed < 12; seed++) {
            new Comparison(seed, 5 * CHUNK, CHUNK + CHUNK / 2, 40).run(400, 100);
        }
    }

    @Test
    void agreesWithAPlainModelWhileChunksChangeTheirForm() {
        for (long seed = 0; seed < 6; seed++) {
            new Comparison(seed, 3 * CHUNK, 40, 10_000).run(30_000, 5_000);
        }
    }

    /** The set and a bit per offset, changed alike. */
    private static final class Comparison {
        private final long seed;
        private final Random random;
        private final int end;
        private final int longest;
        private final int rarely;
        private OffsetSet set = new OffsetSet();
        private final BitSet model = new BitSet();

        Comparison(long seed, int end, int longest, int rarely) {
            this.seed = seed;
            this.random = new Random(seed);
            this.end = end;
            this.longest = longest;
            this.rarely = rarely;
        }

        void run(int steps, int compareEvery) {
            // Mostly adding, then mostly removing, so that it fills and empties.
            for (int step = 0; step < steps; step++) {
                change(step * 3 / steps == 1);
                compareAt(random.nextInt(end));
                if (step % compareEvery == 0 || step == steps - 1) {
                    compareAll();
                }
            }
        }

        private void change(boolean mostlyRemoving) {
            int first = random.nextInt(end);
            int length = random.nextBoolean() ? 1 : 1 + random.nextInt(longest);
            int last = Math.min(end - 1, first + length - 1);
            if (random.nextInt(rarely) == 0) {
                cutAway(first, last);
            } else if (random.nextInt(300) == 0) {
                addOften(first);
            } else if (random.nextInt(4) == 0 == mostlyRemoving) {
                set.add(first, last);
                model.set(first, last + 1);
            } else {
                set.remove(first, last);
                model.clear(first, last + 1);
            }
        }

        private void cutAway(int first, int last) {
            int what = random.nextInt(5);
            if (what < 2) {
                int below = first / (2 + random.nextInt(20));
                set.removeBelow(below);
                model.clear(0, below);
            } else if (what < 4) {
                int end = Math.min(this.end, last + longest + 1);
                set = set.copyOf(first / 4, end - 1);
                model.clear(0, first / 4);
                model.clear(end, Math.max(end, this.end));
            } else {
                set.clear();
                model.clear();
            }
        }

        /** As records that are acknowledged alternately. */
        private void addOften(int first) {
            for (int offset = first; offset < Math.min(end, first + 3 * longest); offset += 2) {
                set.add(offset, offset);
                model.set(offset);
            }
        }

        private void compareAt(int offset) {
            assertThat(set.contains(offset)).as("seed %d: %d", seed, offset).isEqualTo(model.get(offset));
            assertThat(set.firstAbsent(offset))
                    .as("seed %d: first absent from %d", seed, offset)
                    .isEqualTo(model.nextClearBit(offset));
            assertThat(set.firstPresent(offset))
                    .as("seed %d: first present from %d", seed, offset)
                    .isEqualTo(model.nextSetBit(offset));
            int last = Math.min(end - 1, offset + random.nextInt(longest));
            assertThat(set.countWithin(offset, last))
                    .as("seed %d: count from %d to %d", seed, offset, last)
                    .isEqualTo(model.get(offset, last + 1).cardinality());
            assertThat(set.covers(offset, last))
                    .as("seed %d: covers %d to %d", seed, offset, last)
                    .isEqualTo(model.nextClearBit(offset) > last);
            assertThat(set.cardinality()).as("seed %d", seed).isEqualTo(model.cardinality());
        }

        private void compareAll() {
            assertThat(set.last()).as("seed %d", seed).isEqualTo(model.length() - 1);
            assertThat(set.isEmpty()).as("seed %d", seed).isEqualTo(model.isEmpty());
            assertThat(ranges(0, Long.MAX_VALUE)).as("seed %d", seed).isEqualTo(modelRanges(0, end - 1));
            int first = random.nextInt(end);
            int last = first + random.nextInt(end - first);
            assertThat(ranges(first, last))
                    .as("seed %d: ranges from %d to %d", seed, first, last)
                    .isEqualTo(modelRanges(first, last));
        }

        private List<Long> ranges(long first, long last) {
            var ranges = new ArrayList<Long>();
            set.forEachRange(first, last, (from, to) -> {
                ranges.add(from);
                ranges.add(to);
            });
            return ranges;
        }

        private List<Long> modelRanges(int first, int last) {
            var ranges = new ArrayList<Long>();
            for (int from = model.nextSetBit(first); from >= 0 && from <= last; ) {
                int to = Math.min(last, model.nextClearBit(from) - 1);
                ranges.add((long) from);
                ranges.add((long) to);
                from = model.nextSetBit(to + 1);
            }
            return ranges;
        }
    }
}
