package dev.sluice.broker;

import dev.sluice.log.LogId;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.file.Path;

/** A log in memory, of which every record is durable at once, on whatever thread uses it. */
final class MemoryLog implements AutoCloseable {
    private static final int BATCH = 10;

    private final Storage storage;
    private final PartitionLog log;

    MemoryLog(Path folder) {
        storage = Storage.open(folder, StorageConfig.defaults());
        log = storage.openMemoryLog(new LogId(1 << 20), Runnable::run, new SilentListener());
    }

    PartitionLog log() {
        return log;
    }

    /** Appends empty records, in batches of ten. */
    void append(int records) {
        try (var builder = new RecordBatchBuilder(UnpooledByteBufAllocator.DEFAULT)) {
            for (int i = 0; i < records; i += BATCH) {
                for (int j = 0; j < BATCH; j++) {
                    builder.append(0, null, Unpooled.EMPTY_BUFFER, RecordHeaders.EMPTY);
                }
                log.append(builder.build());
            }
        }
    }

    @Override
    public void close() {
        log.trim(log.endOffset());
        log.close(() -> {});
        storage.close();
    }
}
