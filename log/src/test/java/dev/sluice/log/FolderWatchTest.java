package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderWatchTest {
    private static final int TIMEOUT_S = 30;

    private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();

    @Test
    void confirmsNothingWhileTheFolderIsGoneAndGoesOnWhenItIsBack(@TempDir Path parent) throws Exception {
        Path folder = parent.resolve("data");
        ExecutorService owner = Executors.newSingleThreadExecutor();
        try (Storage storage = Storage.open(folder, StorageConfig.small())) {
            PartitionLog log = open(storage, owner);
            append(owner, log);
            assertThat(next()).isEqualTo("durable 1");

            Files.move(folder, parent.resolve("elsewhere"));
            assertThat(next()).contains(folder.toString(), "was removed, moved or replaced");
            append(owner, log);

            Files.move(parent.resolve("elsewhere"), folder);
            assertThat(next()).isIn("resumed", "durable 2");
            assertThat(next()).isIn("resumed", "durable 2");
        } finally {
            owner.shutdown();
        }
    }

    private String next() throws InterruptedException {
        String event = heard.poll(TIMEOUT_S, TimeUnit.SECONDS);
        assertThat(event).isNotNull();
        return event;
    }

    private static void append(ExecutorService owner, PartitionLog log) throws Exception {
        owner.submit(() -> {
                    try (RecordBatchBuilder builder = new RecordBatchBuilder(ByteBufAllocator.DEFAULT)) {
                        builder.append(0, null, Unpooled.EMPTY_BUFFER, RecordHeaders.EMPTY);
                        log.append(builder.build());
                    }
                })
                .get(TIMEOUT_S, TimeUnit.SECONDS);
    }

    private PartitionLog open(Storage storage, ExecutorService owner) throws Exception {
        CompletableFuture<PartitionLog> opened = new CompletableFuture<>();
        PartitionLog.Listener listener = new PartitionLog.Listener() {
            @Override
            public void durable(long durableOffset) {
                heard.add("durable " + durableOffset);
            }

            @Override
            public void stalled(String reason) {
                heard.add(reason);
            }

            @Override
            public void resumed() {
                heard.add("resumed");
            }

            @Override
            public void lost(StorageException cause) {
                heard.add("lost");
            }
        };
        storage.openLog(new LogId(1), owner, listener, new OpenCallback() {
            @Override
            public void opened(PartitionLog log) {
                opened.complete(log);
            }

            @Override
            public void failed(StorageException cause) {
                opened.completeExceptionally(cause);
            }
        });
        return opened.get(TIMEOUT_S, TimeUnit.SECONDS);
    }
}
