package dev.sluice.log;

import io.netty.buffer.ByteBuf;

/** Where the answer of {@link PartitionLog#fetch} goes. Called once, on the log's owner thread, never from inside the call. */
public interface FetchCallback {

    /**
     * Whole batches one after another, the first at the reader index. Empty if nothing durable is left at or above the
     * offset asked for. The callee owns the buffer and releases it.
     */
    void fetched(ByteBuf batches);

    /** Nothing was read. */
    void failed(StorageException cause);
}
