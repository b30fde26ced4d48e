package dev.sluice.broker;

import dev.sluice.log.PartitionLog;
import dev.sluice.log.StorageException;
import dev.sluice.log.TimestampCallback;
import java.util.concurrent.CompletableFuture;

/** Finds the offsets that a {@link StartPosition} means in a topic. Stateless; on the topic's shard. */
final class StartOffsets {
    private StartOffsets() {}

    /** Completes on the topic's shard with one offset for each partition. */
    static CompletableFuture<long[]> of(StartPosition start, Partition[] partitions) {
        var offsets = new long[partitions.length];
        var found = new CompletableFuture<?>[partitions.length];
        for (int i = 0; i < partitions.length; i++) {
            int index = i;
            found[i] = of(start, partitions[i].log()).thenAccept(offset -> offsets[index] = offset);
        }
        return CompletableFuture.allOf(found).thenApply(done -> offsets);
    }

    private static CompletableFuture<Long> of(StartPosition start, PartitionLog log) {
        return switch (start) {
            case StartPosition.AtOffset(long offset) -> found(log, offset);
            case StartPosition.AtTime(long timeMs) -> search(log, timeMs);
            case StartPosition.Named named when named.equals(StartPosition.FIRST) -> found(log, log.startOffset());
            case StartPosition.Named named when named.equals(StartPosition.LAST) -> found(log, log.durableOffset() - 1);
            case StartPosition.Named named -> found(log, log.endOffset());
        };
    }

    private static CompletableFuture<Long> found(PartitionLog log, long offset) {
        return CompletableFuture.completedFuture(Math.clamp(offset, log.startOffset(), log.endOffset()));
    }

    private static CompletableFuture<Long> search(PartitionLog log, long timeMs) {
        var found = new CompletableFuture<Long>();
        log.offsetFor(timeMs, new TimestampCallback() {
            @Override
            public void found(long offset, long foundMs) {
                found.complete(offset);
            }

            @Override
            public void failed(StorageException cause) {
                found.completeExceptionally(cause);
            }
        });
        return found;
    }

    /** So many cursors that stand at these offsets, as of subscriptions that have settled nothing; those of partitions that came later stand at their beginning. */
    static CursorState[] cursors(long[] offsets, int count) {
        var cursors = new CursorState[count];
        for (int i = 0; i < count; i++) {
            cursors[i] = new CursorState();
            if (i < offsets.length) {
                cursors[i].acknowledged.add(0, offsets[i] - 1);
            }
        }
        return cursors;
    }
}
