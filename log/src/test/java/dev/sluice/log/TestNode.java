package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A storage on a real folder whose threads the test steps, with short ways to append and to read. Confined to one test. */
final class TestNode implements AutoCloseable {
    final SteppedThreads threads = new SteppedThreads();
    final FaultyDisk disk;
    final Storage storage;

    private final RecordBatchBuilder builder = new RecordBatchBuilder(ByteBufAllocator.DEFAULT);
    private boolean isOver;

    TestNode(FaultyDisk disk, StorageConfig config) {
        this.disk = disk;
        this.storage = Storage.open(disk, config, threads);
        threads.runAll();
    }

    /** What a listener heard. */
    static class Heard implements PartitionLog.Listener {
        final List<Long> durable = new ArrayList<>();
        final List<String> events = new ArrayList<>();

        @Override
        public void durable(long durableOffset) {
            durable.add(durableOffset);
        }

        @Override
        public void stalled(String reason) {
            events.add("stalled: " + reason);
        }

        @Override
        public void resumed() {
            events.add("resumed");
        }

        @Override
        public void lost(StorageException cause) {
            events.add("lost: " + cause.getMessage());
        }
    }

    PartitionLog open(long id) {
        return open(id, new Heard());
    }

    PartitionLog open(long id, Heard heard) {
        return open(id, LogSettings.DEFAULT, heard);
    }

    PartitionLog open(long id, LogSettings settings, Heard heard) {
        List<PartitionLog> opened = new ArrayList<>();
        storage.openLog(new LogId(id), settings, threads.owner(), heard, new OpenCallback() {
            @Override
            public void opened(PartitionLog log) {
                opened.add(log);
            }

            @Override
            public void failed(StorageException cause) {
                throw cause;
            }
        });
        threads.runAll();
        return opened.getFirst();
    }

    /** Appends one batch of so many records with values of the size given; not yet durable. */
    long appendLater(PartitionLog log, int records, int valueBytes) {
        return log.append(batch(log, records, valueBytes));
    }

    /** Appends one record as a member of the group; not yet durable. */
    void appendLater(PartitionLog log, AppendGroup group, int valueBytes) {
        log.append(batch(log, 1, valueBytes), group);
    }

    private ByteBuf batch(PartitionLog log, int records, int valueBytes) {
        for (int i = 0; i < records; i++) {
            ByteBuf value = Unpooled.buffer();
            value.writeLong(log.endOffset() + i);
            value.writeZero(Math.max(0, valueBytes - 8));
            builder.append(1_700_000_000_000L, null, value, RecordHeaders.EMPTY.duplicate());
        }
        return builder.build();
    }

    /** Appends one record of that time and makes it durable. */
    void appendAt(PartitionLog log, long timestampMs, int valueBytes) {
        ByteBuf value = Unpooled.buffer();
        value.writeLong(log.endOffset());
        value.writeZero(Math.max(0, valueBytes - 8));
        builder.append(timestampMs, null, value, RecordHeaders.EMPTY.duplicate());
        log.append(builder.build());
        threads.runAll();
    }

    long offsetFor(PartitionLog log, long timestampMs) {
        return found(callback -> log.offsetFor(timestampMs, callback)).offset();
    }

    /** What a search by time found. */
    record Found(long offset, long timestampMs) {}

    Found latest(PartitionLog log) {
        return found(log::latest);
    }

    private Found found(Consumer<TimestampCallback> search) {
        CompletableFuture<Found> result = new CompletableFuture<>();
        search.accept(new TimestampCallback() {
            @Override
            public void found(long offset, long foundMs) {
                result.complete(new Found(offset, foundMs));
            }

            @Override
            public void failed(StorageException cause) {
                result.completeExceptionally(cause);
            }
        });
        threads.runAll();
        return result.join();
    }

    /** Appends one record and makes it durable. */
    void append(PartitionLog log, int valueBytes) {
        appendLater(log, 1, valueBytes);
        threads.runAll();
    }

    /** Reads the whole log and checks that each record is the one that was appended at its offset. */
    List<Long> offsets(PartitionLog log) {
        List<Long> offsets = new ArrayList<>();
        long next = log.startOffset();
        while (next < log.durableOffset()) {
            ByteBuf tail = log.tail(next);
            ByteBuf batches = tail != null ? tail.retainedDuplicate() : fetch(log, next);
            if (!batches.isReadable()) {
                batches.release();
                break;
            }
            next = addOffsets(batches, next, offsets);
            batches.release();
        }
        return offsets;
    }

    ByteBuf fetch(PartitionLog log, long offset) {
        return fetch(log, offset, 10_000);
    }

    ByteBuf fetch(PartitionLog log, long offset, int maxBytes) {
        CompletableFuture<ByteBuf> result = new CompletableFuture<>();
        log.fetch(offset, maxBytes, new FetchCallback() {
            @Override
            public void fetched(ByteBuf batches) {
                result.complete(batches);
            }

            @Override
            public void failed(StorageException cause) {
                result.completeExceptionally(cause);
            }
        });
        assertThat(result).isNotDone();
        threads.runAll();
        return result.join();
    }

    private static long addOffsets(ByteBuf batches, long from, List<Long> offsets) {
        RecordCursor cursor = new RecordCursor();
        long next = from;
        int at = batches.readerIndex();
        while (at < batches.writerIndex()) {
            assertThat(RecordBatch.violation(batches, at, batches.writerIndex() - at))
                    .isEmpty();
            cursor.reset(batches, at);
            while (cursor.next()) {
                assertThat(batches.getLong(cursor.valueIndex())).isEqualTo(cursor.offset());
                if (cursor.offset() >= from) {
                    offsets.add(cursor.offset());
                }
            }
            next = RecordBatch.lastOffset(batches, at) + 1;
            at += RecordBatch.sizeInBytes(batches, at);
        }
        return next;
    }

    /** Ends without a clean mark, as a crash would, but gives the memory back. */
    void crash() {
        isOver = true;
        disk.setDead();
        end();
    }

    private void end() {
        builder.close();
        CompletableFuture<Void> closed = storage.closeLater();
        threads.runAll();
        assertThat(closed).isDone();
        storage.close();
    }

    @Override
    public void close() {
        if (!isOver) {
            isOver = true;
            end();
        }
    }

    /** Sizes of the files of a folder. */
    static Map<String, Long> sizes(Disk disk, String folder) throws IOException {
        Map<String, Long> sizes = new TreeMap<>();
        for (String name : disk.list(folder)) {
            try (DiskFile file = disk.open(folder + '/' + name, Disk.Layout.BLOCKS, Disk.Writes.FORCED)) {
                sizes.put(name, file.size());
            }
        }
        return sizes;
    }

    static @Nullable StorageException openFailure(TestNode node, long id) {
        CompletableFuture<@Nullable StorageException> result = new CompletableFuture<>();
        node.storage.openLog(new LogId(id), node.threads.owner(), new Heard(), new OpenCallback() {
            @Override
            public void opened(PartitionLog log) {
                result.complete(null);
            }

            @Override
            public void failed(StorageException cause) {
                result.complete(cause);
            }
        });
        node.threads.runAll();
        return result.join();
    }
}
