package dev.sluice.broker;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the order of delayed records costs. In the package of what it measures, which nobody else sees. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 1, jvmArgsAppend = "-Xmx1g")
public class DueHeapBenchmark {
    private static final int DELAY_MS = 7 * 24 * 3_600_000;

    /** How many records are delayed. */
    @Param({"10000", "1000000", "10000000"})
    public int entries;

    private final SplittableRandom random = new SplittableRandom(1);
    private DueHeap heap = new DueHeap();
    private long offset;

    /** Records with delays from nothing to a week. */
    @Setup
    public void fill() {
        for (int i = 0; i < entries; i++) {
            heap.add(random.nextInt(DELAY_MS), offset++);
        }
    }

    /** One falls due and another one comes: the number stays. */
    @Benchmark
    public long pollAndAdd() {
        long now = heap.peekDueMs();
        long due = heap.poll();
        heap.add(now + random.nextInt(DELAY_MS), offset++);
        return due;
    }

    /** So many records in a heap that was empty. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    public int addAll() {
        heap = new DueHeap();
        fill();
        return heap.size();
    }

    /** A walk that takes out next to nothing. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    public int removeIf() {
        return heap.removeIf(someOffset -> someOffset % 1000 == 0);
    }
}
