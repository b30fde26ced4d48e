package dev.sluice.kafka;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.RecordsSend;

/** Batches as they were read, on their way into a response. Owns the buffers until {@link #takeOver}. Confined to one thread. */
final class StoredBatches implements BaseRecords {
    /** No records; not null, which older versions of the protocol do not have. */
    static final StoredBatches NONE = new StoredBatches(List.of(), 0);

    private List<ByteBuf> batches;
    private final int bytes;

    StoredBatches(List<ByteBuf> batches, int bytes) {
        this.batches = batches;
        this.bytes = bytes;
    }

    /** The caller releases them from now on. */
    List<ByteBuf> takeOver() {
        List<ByteBuf> taken = batches;
        batches = List.of();
        return taken;
    }

    void release() {
        takeOver().forEach(ByteBuf::release);
    }

    @Override
    public int sizeInBytes() {
        return bytes;
    }

    @Override
    public RecordsSend<? extends BaseRecords> toSend() {
        throw new UnsupportedOperationException("the socket is Netty's");
    }
}
