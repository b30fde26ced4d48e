package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentReadTest {
    private static final long ID = 7;
    private static final int CHUNK_BYTES = StorageConfig.small().chunkBytes();

    @TempDir
    Path folder;

    /** Of each batch that was written, the first and the last offset. */
    private final List<long[]> written = new ArrayList<>();

    @Test
    void findsTheSameBatchesWhateverIsKnownOfTheSegmentAndHoweverItIsRead() throws Exception {
        var random = new Random(42);
        FileDisk disk = FileDisk.open(folder);
        SegmentRef segment = write(disk, 300, () -> random.nextInt(random.nextInt(10) == 0 ? 30_000 : 3_000));
        SegmentIndex whole = SegmentIndex.unknown(segment).with(SegmentReader.readIndex(disk, segment));
        assertThat(whole.endPosition()).isEqualTo(segment.bytes());
        SegmentIndex partly = SegmentIndex.unknown(segment);
        for (int round = 0; round < 500; round++) {
            long offset = random.nextLong(segment.lastOffset() + 3);
            int maxBytes = 1 + random.nextInt(200_000);
            SegmentIndex index = random.nextBoolean() ? whole : partly;
            SegmentRead read = new SegmentRead(segment, index, offset, maxBytes, CHUNK_BYTES, random.nextBoolean());
            ByteBuf batches = read.execute(disk);
            try {
                assertRead(batches, offset, maxBytes);
            } finally {
                batches.release();
            }
            SegmentIndex grown = partly.with(read.found());
            assertThat(grown.endPosition()).isGreaterThanOrEqualTo(partly.endPosition());
            partly = random.nextInt(50) == 0 ? SegmentIndex.unknown(segment) : grown;
        }
    }

    private void assertRead(ByteBuf batches, long offset, int maxBytes) {
        int next = 0;
        while (next < written.size() && written.get(next)[1] < offset) {
            next++;
        }
        if (next == written.size()) {
            assertThat(batches.isReadable()).isFalse();
            return;
        }
        int count = 0;
        for (int at = batches.readerIndex();
                at < batches.writerIndex();
                at += RecordBatch.sizeInBytes(batches, at), count++) {
            assertThat(RecordBatch.violation(batches, at, batches.writerIndex() - at))
                    .isEmpty();
            assertThat(RecordBatch.baseOffset(batches, at)).isEqualTo(written.get(next + count)[0]);
        }
        assertThat(count).isPositive();
        assertThat(count == 1 || batches.readableBytes() <= maxBytes).isTrue();
    }

    @Test
    void readsABatchLargerThanItWasAskedForAsAWhole() throws Exception {
        FileDisk disk = FileDisk.open(folder);
        SegmentRef segment = write(disk, 2, () -> 900_000);
        ByteBuf batches =
                new SegmentRead(segment, SegmentIndex.unknown(segment), 0, 1, CHUNK_BYTES, false).execute(disk);
        assertThat(batches.readableBytes()).isBetween(900_000, 901_000);
        batches.release();
    }

    @Test
    void saysThatAFileEndsTooEarly() throws Exception {
        FileDisk disk = FileDisk.open(folder);
        SegmentRef segment = write(disk, 2, () -> 20_000);
        for (long bytes : new long[] {10_000, 8192, 0}) {
            try (DiskFile file = SegmentReader.open(disk, segment)) {
                file.truncate(bytes);
            }
            for (boolean isCached : new boolean[] {true, false}) {
                assertThatThrownBy(() -> new SegmentRead(
                                        segment, SegmentIndex.unknown(segment), 0, 1, CHUNK_BYTES, isCached)
                                .execute(disk))
                        .isInstanceOf(StorageException.class)
                        .hasMessageContaining(segment.fileName() + " is damaged at position 0");
            }
        }
    }

    @Test
    void saysThatRecordsAreDamaged() throws Exception {
        FileDisk disk = FileDisk.withoutDirectIo(folder);
        SegmentRef segment = write(disk, 2, () -> 20_000);
        try (DiskFile file = disk.open(segment.fileName(), Disk.Layout.STREAM, Disk.Writes.FORCED)) {
            file.write(5000, ByteBuffer.allocateDirect(1).put(0, (byte) 1));
        }
        assertThatThrownBy(() ->
                        new SegmentRead(segment, SegmentIndex.unknown(segment), 0, 1, CHUNK_BYTES, false).execute(disk))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("the records 0 to")
                .hasMessageContaining("checksum");
    }

    private interface Sizes {
        int next();
    }

    /** With gaps between the offsets of batches here and there. */
    private SegmentRef write(Disk disk, int batches, Sizes sizes) throws IOException {
        disk.createFolder(SegmentRef.FOLDER);
        long next = 0;
        try (RecordBatchBuilder builder = new RecordBatchBuilder(ByteBufAllocator.DEFAULT);
                SegmentWriter writer = SegmentWriter.open(disk, StorageConfig.small(), ID, 0, 1_000_000)) {
            for (int i = 0; i < batches; i++) {
                int records = 1 + i % 3;
                for (int r = 0; r < records; r++) {
                    builder.append(
                            1,
                            null,
                            Unpooled.buffer().writeZero(sizes.next() / records),
                            RecordHeaders.EMPTY.duplicate());
                }
                ByteBuf batch = builder.build();
                RecordBatch.setBaseOffset(batch, batch.readerIndex(), next);
                written.add(new long[] {next, next + records - 1});
                writer.add(batch, batch.readerIndex(), batch.readableBytes());
                batch.release();
                next += records + (i % 7 == 0 ? 5 : 0);
            }
            writer.finish();
            return new SegmentRef(
                    ID, 0, written.getLast()[1], writer.endPosition(), writer.records(), writer.maxTimestampMs());
        }
    }
}
