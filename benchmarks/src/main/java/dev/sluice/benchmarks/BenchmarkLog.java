package dev.sluice.benchmarks;

import dev.sluice.log.LogId;
import dev.sluice.log.OpenCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * One log with an owner thread, appended to as fast as it becomes durable: so many batches at a time on their way. The calls are for one
 * other thread.
 */
final class BenchmarkLog implements PartitionLog.Listener, AutoCloseable {
    private record Sent(long end, long sinceNs) {}

    private final ExecutorService owner = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("owner").factory());
    private final RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);
    private final PartitionLog log;
    private final ArrayDeque<Sent> sent = new ArrayDeque<>();
    private byte[] value = new byte[0];
    private Latencies latencies = new Latencies();
    private CompletableFuture<Latencies> done = new CompletableFuture<>();
    private int toSend;
    private boolean trims;

    BenchmarkLog(Storage storage, long id) {
        var opened = new CompletableFuture<PartitionLog>();
        storage.openLog(new LogId(id), owner, this, new OpenCallback() {
            @Override
            public void opened(PartitionLog log) {
                opened.complete(log);
            }

            @Override
            public void failed(StorageException cause) {
                opened.completeExceptionally(cause);
            }
        });
        log = opened.join();
    }

    PartitionLog log() {
        return log;
    }

    ExecutorService owner() {
        return owner;
    }

    /**
     * Appends batches of one record each, and waits until all are durable.
     *
     * @param trimmed whether they are given up as soon as they are durable
     */
    Latencies append(int batches, int valueBytes, int inFlight, boolean trimmed) {
        var run = new CompletableFuture<Latencies>();
        owner.execute(() -> {
            done = run;
            latencies = new Latencies();
            value = new byte[valueBytes];
            toSend = batches;
            trims = trimmed;
            for (int i = 0; i < inFlight; i++) {
                sendOne();
            }
        });
        return run.join();
    }

    private void sendOne() {
        if (toSend > 0) {
            toSend--;
            long now = System.nanoTime();
            ByteBuf body = Unpooled.wrappedBuffer(value);
            builder.append(System.currentTimeMillis(), null, body, RecordHeaders.EMPTY);
            long base = log.append(builder.build());
            sent.addLast(new Sent(base + 1, now));
        }
    }

    @Override
    public void durable(long durableOffset) {
        long now = System.nanoTime();
        for (Sent first = sent.peekFirst(); first != null && first.end <= durableOffset; first = sent.peekFirst()) {
            sent.removeFirst();
            latencies.add(now - first.sinceNs);
            sendOne();
        }
        if (trims) {
            log.trim(durableOffset);
        }
        if (sent.isEmpty() && toSend == 0) {
            done.complete(latencies);
        }
    }

    @Override
    public void stalled(String reason) {}

    @Override
    public void resumed() {}

    @Override
    public void lost(StorageException cause) {
        done.completeExceptionally(cause);
    }

    @Override
    public void close() {
        var closed = new CompletableFuture<Void>();
        owner.execute(() -> log.close(() -> closed.complete(null)));
        closed.join();
        owner.shutdown();
        builder.close();
    }
}
