package dev.sluice.broker;

import dev.sluice.log.FetchCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatch;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;

/** Shows every durable batch of a log from an offset on to a visitor, in order, without looking at their records. Confined to the log's owner. */
final class BatchScan implements FetchCallback {
    private static final int FETCH_BYTES = 256 * 1024;

    private final PartitionLog log;
    private final Visitor visitor;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private long next;

    /** Sees a batch that begins at an index of a buffer, which is valid until it returns. */
    interface Visitor {
        void batch(ByteBuf batches, int index);
    }

    private BatchScan(PartitionLog log, long from, Visitor visitor) {
        this.log = log;
        this.visitor = visitor;
        this.next = from;
    }

    /** Completes on the owner when the last batch that is durable was shown. The first shown may begin before {@code from}. */
    static CompletableFuture<Void> run(PartitionLog log, long from, Visitor visitor) {
        var scan = new BatchScan(log, from, visitor);
        scan.advance();
        return scan.done;
    }

    private void advance() {
        if (next >= log.durableOffset()) {
            done.complete(null);
        } else {
            log.fetch(next, FETCH_BYTES, this);
        }
    }

    @Override
    public void fetched(ByteBuf batches) {
        try {
            if (!batches.isReadable()) {
                next = log.durableOffset();
            }
            for (int at = batches.readerIndex();
                    at < batches.writerIndex();
                    at += RecordBatch.sizeInBytes(batches, at)) {
                visitor.batch(batches, at);
                next = RecordBatch.lastOffset(batches, at) + 1;
            }
        } catch (RuntimeException damaged) {
            done.completeExceptionally(damaged);
            return;
        } finally {
            batches.release();
        }
        advance();
    }

    @Override
    public void failed(StorageException cause) {
        done.completeExceptionally(cause);
    }
}
