package dev.sluice.broker;

import dev.sluice.log.RecordBatch;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Makes batches as producers send them that number their records. Stateless. */
final class NumberedBatch {
    private static final int CRC = 17;
    private static final int ATTRIBUTES = 21;
    private static final int PRODUCER_ID = 43;
    private static final int PRODUCER_EPOCH = 51;
    private static final int BASE_SEQUENCE = 53;

    private NumberedBatch() {}

    static ByteBuf of(long producerId, int epoch, int sequence, String... texts) {
        return keyed(null, producerId, epoch, sequence, texts);
    }

    static ByteBuf keyed(@Nullable String key, long producerId, int epoch, int sequence, String... texts) {
        try (var builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT)) {
            for (String text : texts) {
                builder.append(TimedBroker.START_MS, key == null ? null : bytes(key), bytes(text), RecordHeaders.EMPTY);
            }
            ByteBuf batch = builder.build();
            batch.setLong(PRODUCER_ID, producerId)
                    .setShort(PRODUCER_EPOCH, epoch)
                    .setInt(BASE_SEQUENCE, sequence);
            var crc = new CRC32C();
            crc.update(batch.nioBuffer(ATTRIBUTES, batch.readableBytes() - ATTRIBUTES));
            batch.setInt(CRC, (int) crc.getValue());
            if (!RecordBatch.isValid(batch, 0, batch.readableBytes())) {
                throw new AssertionError("the batch is not what it should be");
            }
            return batch;
        }
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
    }
}
