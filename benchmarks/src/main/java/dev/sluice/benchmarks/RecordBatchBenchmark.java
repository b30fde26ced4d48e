package dev.sluice.benchmarks;

import dev.sluice.log.RecordBatch;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a batch of 50 records of 1 KiB costs on its way through the storage, in processor time alone. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RecordBatchBenchmark {
    private static final int RECORDS = 50;
    private static final int VALUE_BYTES = 1024;

    private final RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
    private final RecordCursor cursor = new RecordCursor();
    private final ByteBuf value = Unpooled.directBuffer(VALUE_BYTES).writeZero(VALUE_BYTES);
    private ByteBuf batch = Unpooled.EMPTY_BUFFER;

    /** Makes the batch that is read. */
    @Setup
    public void fill() {
        batch = newBatch();
    }

    /** Gives the memory back. */
    @TearDown
    public void release() {
        batch.release();
        value.release();
        builder.close();
    }

    private ByteBuf newBatch() {
        for (int i = 0; i < RECORDS; i++) {
            builder.append(i, null, value, RecordHeaders.EMPTY);
        }
        return builder.build();
    }

    /** Encoding, with the checksum. */
    @Benchmark
    public boolean build() {
        return newBatch().release();
    }

    /** As recovery and reads of a segment do. */
    @Benchmark
    public boolean verify() {
        return RecordBatch.isValid(batch, batch.readerIndex(), batch.readableBytes());
    }

    /** As a queue does that delivers them. */
    @Benchmark
    public long walk() {
        cursor.reset(batch, batch.readerIndex());
        long bytes = 0;
        while (cursor.next()) {
            bytes += cursor.valueLength();
        }
        return bytes;
    }
}
