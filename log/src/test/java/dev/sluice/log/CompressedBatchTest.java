package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.xerial.snappy.Snappy;

final class CompressedBatchTest {
    private static final int SEEDS = Integer.getInteger("fuzz.seeds", 4_000);
    private static final int GZIP = 1;
    private static final int SNAPPY = 2;

    static final List<Compression> CODECS = KafkaBatches.CODECS;

    private final RecordCursor cursor = new RecordCursor();

    @ParameterizedTest
    @FieldSource("CODECS")
    void readsWhatKafkaCompresses(Compression codec) {
        for (long seed = 0; seed < 200; seed++) {
            List<RandomRecords.Plain> records = new RandomRecords(seed).next(40);
            ByteBuf batch = Unpooled.buffer().writeLong(0).writeBytes(KafkaBatches.of(codec, records));
            RecordBatch.setBaseOffset(batch, Long.BYTES, seed * 1_000);
            cursor.reset(batch, Long.BYTES);
            for (int i = 0; i < records.size(); i++) {
                assertThat(cursor.next()).as("seed %d", seed).isTrue();
                assertThat(cursor.offset()).isEqualTo(seed * 1_000 + i);
                RecordCursorTest.assertIs(cursor, records.get(i), "seed " + seed);
            }
            assertThat(cursor.next()).isFalse();
        }
    }

    @ParameterizedTest
    @FieldSource("CODECS")
    void readsManyRecordsOfManyBlocks(Compression codec) {
        SplittableRandom random = new SplittableRandom(1);
        SimpleRecord[] records = new SimpleRecord[300];
        Arrays.setAll(records, i -> new SimpleRecord(i, new byte[0], randomLetters(random, 20_000)));
        ByteBuf batch = KafkaBatches.of(codec, records);
        cursor.reset(batch, 0);
        for (SimpleRecord record : records) {
            assertThat(cursor.next()).isTrue();
            assertThat(ByteBufUtil.getBytes(cursor.buffer(), cursor.valueIndex(), cursor.valueLength()))
                    .isEqualTo(record.value().array());
        }
        assertThat(cursor.next()).isFalse();
    }

    @ParameterizedTest
    @FieldSource("CODECS")
    void readsWhatIsManyTimesAsLargeAsItsCompressedForm(Compression codec) {
        for (int size = 1; size < 10_000_000; size = size * 3 + 1) {
            byte[] value = new byte[size];
            cursor.reset(KafkaBatches.of(codec, new SimpleRecord(0, new byte[0], value)), 0);
            assertThat(cursor.next()).as("%d bytes", size).isTrue();
            assertThat(ByteBufUtil.getBytes(cursor.buffer(), cursor.valueIndex(), cursor.valueLength()))
                    .isEqualTo(value);
            assertThat(cursor.next()).isFalse();
        }
    }

    private static byte[] randomLetters(SplittableRandom random, int count) {
        byte[] letters = new byte[count];
        for (int i = 0; i < count; i++) {
            letters[i] = (byte) random.nextInt('a', 'f');
        }
        return letters;
    }

    @ParameterizedTest
    @FieldSource("CODECS")
    void comesBackToAPositionOfTheDecompressedBatch(Compression codec) {
        ByteBuf batch = KafkaBatches.of(codec, record("one"), record("two"), record("three"));
        cursor.reset(batch, 0);
        assertThat(cursor.seek(1)).isTrue();
        ByteBuf kept = cursor.buffer().retain();
        int batchIndex = cursor.batchIndex();
        int position = cursor.position();
        cursor.clear();

        RecordCursor other = new RecordCursor();
        other.readAt(kept, batchIndex, position);
        assertThat(text(other)).isEqualTo("two");
        assertThat(other.next()).isTrue();
        assertThat(text(other)).isEqualTo("three");
        kept.release();
    }

    @Test
    void readsSnappyWithoutFramesAsLibrdkafkaWritesIt() throws IOException {
        ByteBuf plain = RecordBatchTest.threeRecords();
        byte[] records =
                ByteBufUtil.getBytes(plain, RecordBatch.HEADER_BYTES, plain.readableBytes() - RecordBatch.HEADER_BYTES);
        plain.release();
        cursor.reset(KafkaBatches.claiming(SNAPPY, Snappy.compress(records)), 0);
        assertThat(count()).isEqualTo(3);
    }

    @Test
    void readsGzipWithANameAndAComment() throws IOException {
        ByteBuf plain = RecordBatchTest.threeRecords();
        byte[] records =
                ByteBufUtil.getBytes(plain, RecordBatch.HEADER_BYTES, plain.readableBytes() - RecordBatch.HEADER_BYTES);
        plain.release();
        byte[] usual = gzip(records);
        byte[] more = "\u0002\u0000xxname\0comment\0cc".getBytes(StandardCharsets.US_ASCII);
        ByteBuf header = Unpooled.buffer()
                .writeBytes(usual, 0, 10)
                .setByte(3, 0b11110)
                .writeBytes(more)
                .writeBytes(usual, 10, usual.length - 10);
        cursor.reset(KafkaBatches.claiming(GZIP, ByteBufUtil.getBytes(header)), 0);
        assertThat(count()).isEqualTo(3);
    }

    @Test
    void refusesACodecThatThereIsNot() {
        assertThatThrownBy(() -> cursor.reset(KafkaBatches.claiming(5, new byte[100]), 0))
                .isInstanceOf(CorruptRecordException.class)
                .hasMessageContaining("compression type 5");
        assertThat(cursor.next()).isFalse();
    }

    @ParameterizedTest
    @FieldSource("CODECS")
    void refusesMoreThanABatchMayHave(Compression codec) {
        byte[] zeros = new byte[1 << 20];
        ByteBufferOutputStream compressed = new ByteBufferOutputStream(1 << 20);
        try (OutputStream out = codec.wrapForOutput(compressed, (byte) 2)) {
            for (int i = 0; i <= RecordBatch.MAX_BATCH_BYTES / zeros.length; i++) {
                out.write(zeros);
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        compressed.buffer().flip();
        byte[] bytes = new byte[compressed.buffer().remaining()];
        compressed.buffer().get(bytes);
        ByteBuf bomb = KafkaBatches.claiming(codec.type().id, bytes);

        long before = allocatedBytes();
        assertThatThrownBy(() -> cursor.reset(bomb, 0)).isInstanceOf(CorruptRecordException.class);
        assertThat(allocatedBytes() - before).isLessThan(5L * RecordBatch.MAX_BATCH_BYTES);
    }

    @Test
    void takesNoMemoryForWhatIsOnlyClaimed() {
        byte[] twoGigabytes = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7, 0, 0};
        ByteBuf batch = KafkaBatches.claiming(SNAPPY, twoGigabytes);
        // The first time loads the codec.
        assertThatThrownBy(() -> cursor.reset(batch, 0)).isInstanceOf(CorruptRecordException.class);
        long before = allocatedBytes();
        assertThatThrownBy(() -> cursor.reset(batch, 0)).isInstanceOf(CorruptRecordException.class);
        assertThat(allocatedBytes() - before).isLessThan(1 << 20);
    }

    @Test
    void takesNoStackForManyEmptyMembersOfGzip() throws IOException {
        ByteArrayOutputStream members = new ByteArrayOutputStream();
        byte[] empty = gzip(new byte[0]);
        for (int i = 0; i < 200_000; i++) {
            members.write(empty);
        }
        cursor.reset(KafkaBatches.claiming(GZIP, members.toByteArray()), 0);
        assertThatThrownBy(cursor::next).isInstanceOf(CorruptRecordException.class);
    }

    @ParameterizedTest
    @FieldSource("CODECS")
    void damageIsNothingButDamage(Compression codec) {
        int survived = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            ByteBuf batch = KafkaBatches.of(codec, new RandomRecords(seed).next(8));
            damage(random, batch);
            try {
                cursor.reset(batch, 0);
                count();
                survived++;
            } catch (CorruptRecordException damage) {
                assertThat(cursor.next()).isFalse();
            } catch (RuntimeException | Error other) {
                throw new AssertionError("seed " + seed, other);
            }
        }
        assertThat(survived).as("some damage is harmless").isBetween(1, SEEDS - 1);
    }

    private static void damage(SplittableRandom random, ByteBuf batch) {
        int first = RecordBatch.HEADER_BYTES;
        if (random.nextInt(4) == 0) {
            int size = random.nextInt(first, batch.writerIndex());
            batch.writerIndex(size).setInt(RecordBatch.LENGTH, size - RecordBatch.LENGTH_EXCLUDES_BYTES);
        }
        int places = random.nextInt(4);
        for (int i = 0; i < places && batch.writerIndex() > first; i++) {
            // Half of the damage where the headers of the formats are.
            int end = random.nextBoolean() ? Math.min(batch.writerIndex(), first + 24) : batch.writerIndex();
            batch.setByte(random.nextInt(first, end), random.nextInt(256));
        }
    }

    private int count() {
        List<String> texts = new ArrayList<>();
        while (cursor.next()) {
            texts.add(text(cursor));
            while (cursor.nextHeader()) {
                texts.add(cursor.buffer()
                        .toString(cursor.headerKeyIndex(), cursor.headerKeyLength(), StandardCharsets.UTF_8));
            }
        }
        return texts.isEmpty() ? 0 : RecordBatch.recordCount(cursor.buffer(), cursor.batchIndex());
    }

    private static String text(RecordCursor record) {
        return record.buffer().toString(record.valueIndex(), Math.max(0, record.valueLength()), StandardCharsets.UTF_8);
    }

    private static SimpleRecord record(String text) {
        return new SimpleRecord(1_700_000_000_000L, text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    private static long allocatedBytes() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
