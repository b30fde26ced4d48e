package dev.sluice.benchmarks;

import dev.sluice.log.OffsetSet;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to remember which of ten million records are settled. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
public class OffsetSetBenchmark {
    private static final int OFFSETS = 10_000_000;

    private final int[] order = new int[OFFSETS];
    private final OffsetSet half = new OffsetSet();
    private final OffsetSet set = new OffsetSet();
    private int at;
    private long next;

    /** A random order of all offsets, and a set of the first half of it: 2.5 million ranges. */
    @Setup
    public void shuffle() {
        var random = new SplittableRandom(1);
        for (int i = 0; i < OFFSETS; i++) {
            int other = random.nextInt(i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        for (int i = 0; i < OFFSETS / 2; i++) {
            half.add(order[i], order[i]);
        }
    }

    private int nextInOrder() {
        if (at == OFFSETS) {
            at = 0;
            set.clear();
        }
        return order[at++];
    }

    /** Settlements in random order, from the first to the last of ten million. */
    @Benchmark
    @BenchmarkMode({Mode.AverageTime, Mode.SampleTime})
    public long addInRandomOrder() {
        int offset = nextInOrder();
        set.add(offset, offset);
        return set.cardinality();
    }

    /** Settlements in order behind one record that is not settled. */
    @Benchmark
    public long addInOrder() {
        next++;
        set.add(next, next);
        return set.cardinality();
    }

    /** What a queue's turn does with what was settled in it. */
    @Benchmark
    public long fillAndClear() {
        next += 2;
        set.add(next, next);
        long cardinality = set.cardinality();
        set.clear();
        return cardinality;
    }

    /** Whether one of them is settled. */
    @Benchmark
    public boolean contains() {
        return half.contains(nextInOrder());
    }

    /** The first unsettled from somewhere. */
    @Benchmark
    public long firstAbsent() {
        return half.firstAbsent(nextInOrder());
    }

    /** A walk over 2.5 million ranges, as a snapshot makes it. */
    @Benchmark
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    public long forEachOfTwoAndAHalfMillionRanges() {
        long[] sum = new long[1];
        half.forEachRange((first, last) -> sum[0] += last - first);
        return sum[0];
    }

    /** As the log takes what it is to leave out of segments. */
    @Benchmark
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    public OffsetSet copyOfFiveMillionOffsets() {
        return half.copyOf(0, OFFSETS);
    }
}
