package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Records as their readers see them: each written into a batch of its own, and read again. Releases nothing that is given to it. Stateless. */
final class SingleRecord {
    private SingleRecord() {}

    static <T> T withValue(ByteBuf value, Function<RecordCursor, T> reading) {
        return read(null, value, RecordHeaders.EMPTY, reading);
    }

    static <T> T withHeaders(ByteBuf headers, Function<RecordCursor, T> reading) {
        return read(null, Unpooled.EMPTY_BUFFER, headers, reading);
    }

    static <T> T read(@Nullable ByteBuf key, ByteBuf value, ByteBuf headers, Function<RecordCursor, T> reading) {
        try (var builder = new RecordBatchBuilder(UnpooledByteBufAllocator.DEFAULT)) {
            builder.append(0, key, value, headers);
            ByteBuf batch = builder.build();
            try {
                var record = new RecordCursor();
                record.reset(batch, batch.readerIndex());
                assertThat(record.next()).isTrue();
                return reading.apply(record);
            } finally {
                batch.release();
            }
        }
    }
}
