package dev.sluice.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testrules.FormatsPage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** The examples of docs/formats.md are what is written, and are read as what they say. */
class FormatsPageTest {
    private static final long SALT = 0x0102030405060708L;
    private static final LogId LOG = new LogId(0x2a);
    private static final int VERSION_AT = 4;

    @Test
    void recordBatch() throws IOException {
        ByteBuf batch = batch();
        assertPage("record-batch", ByteBufUtil.getBytes(batch));
        assertThat(RecordBatch.violation(batch, 0, batch.readableBytes())).isEmpty();
        batch.release();
    }

    @Test
    void metadataFile() throws IOException {
        ByteBuffer header = MetadataFile.header(SALT, 1);
        ByteBuffer group = MetadataFile.group(
                SALT,
                1,
                List.of(
                        new MetadataFile.Change("k", 7, "v".getBytes(StandardCharsets.UTF_8)),
                        new MetadataFile.Change("d", 8, null)));
        assertPage("metadata-header", bytes(header));
        assertPage("metadata-group", bytes(group));
    }

    @Test
    void metadataFileOfANewerReleaseIsRefused() {
        ByteBuffer header = MetadataFile.header(SALT, 0).putInt(8, 2);
        CRC32C crc = new CRC32C();
        crc.update(header.duplicate().limit(28));
        header.putInt(28, (int) crc.getValue());
        assertThatThrownBy(() -> MetadataFile.read("metadata", header, (key, change) -> {}))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("format version 2, and this release reads 1")
                .hasMessageContaining("newer release");
    }

    @Test
    void chainOfSegments() throws IOException {
        SegmentChain chain =
                new SegmentChain(3, 10, 30, List.of(new SegmentRef(0x100000002L, 8, 25, 8192, 18, 1_700_000_000_000L)));
        assertPage("segment-chain", chain.encode());
        assertThat(SegmentChain.decode(LOG, FormatsPage.example("segment-chain")))
                .isEqualTo(chain);
        assertRefusesVersion(2, "segment-chain", bytes -> SegmentChain.decode(LOG, bytes));
    }

    @Test
    void journalState() throws IOException {
        JournalState.Value state = new JournalState.Value(SALT, 2, 40, 41);
        assertPage("journal-state", state.encode());
        assertThat(JournalState.Value.decode(FormatsPage.example("journal-state")))
                .isEqualTo(state);
        assertRefusesVersion(2, "journal-state", JournalState.Value::decode);
    }

    @Test
    void journalFrame() throws IOException {
        ByteBuf frame = Unpooled.buffer(JournalFrame.headBytes(1)).writeZero(JournalFrame.headBytes(1));
        TailBudget budget = new TailBudget(1 << 20, new Stalls());
        PartitionLog log = new PartitionLog(
                LOG,
                LogSettings.DEFAULT,
                new OwnerLane(Runnable::run),
                new TestNode.Heard(),
                MemorySegmentStore.INSTANCE,
                budget,
                0,
                0,
                0);
        Entry entry = new Entry(log, 0, 0, batch());
        JournalFrame.writeHeader(frame, SALT, 42, 41, 1, entry.sizeInBytes);
        JournalFrame.writeTableEntry(frame, 0, entry);
        JournalFrame.seal(frame, new CRC32C(), 1);
        entry.release();

        assertPage("journal-frame", ByteBufUtil.getBytes(frame));
        ByteBuffer head = ByteBuffer.wrap(FormatsPage.example("journal-frame"));
        assertThat(JournalFrame.looksLikeFrame(head, 0, SALT)).isTrue();
        assertThat(JournalFrame.isHeadSound(head, 0, new CRC32C())).isTrue();
        assertThat(JournalFrame.sequence(head, 0)).isEqualTo(42);
        assertThat(JournalFrame.follows(head, 0)).isEqualTo(41);
        head.putInt(VERSION_AT, 2);
        assertThatThrownBy(() -> JournalFrame.checkVersion(head, 0, "journal/00000000", 4096))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("format version 2, and this release reads 1");
    }

    @Test
    void segmentChunk() throws IOException {
        ByteBuf batch = batch();
        ByteBuf header = Unpooled.buffer(SegmentChunk.HEADER_BYTES).writeZero(SegmentChunk.HEADER_BYTES);
        SegmentChunk chunk = new SegmentChunk(
                0,
                0,
                0,
                batch.readableBytes(),
                1,
                1_700_000_000_000L,
                SegmentChunk.crcOf(batch.nioBuffer(0, batch.readableBytes())));
        chunk.writeHeader(header, 0, 0x100000002L);
        batch.release();
        assertPage("segment-chunk", ByteBufUtil.getBytes(header));
        assertThat(SegmentChunk.readHeader(
                        ByteBuffer.wrap(FormatsPage.example("segment-chunk")), "segments/0", 0x100000002L, 0))
                .isEqualTo(chunk);

        header.setInt(VERSION_AT, 2);
        header.setInt(52, SegmentChunk.crcOf(header.nioBuffer(0, 52)));
        assertThatThrownBy(() -> SegmentChunk.readHeader(header.nioBuffer(), "segments/0", 0x100000002L, 0))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("format version 2, and this release reads 1");
    }

    private interface Decoder {
        Object decode(byte[] bytes);
    }

    private static void assertRefusesVersion(int version, String example, Decoder decoder) throws IOException {
        byte[] bytes = FormatsPage.example(example);
        bytes[0] = (byte) version;
        assertThatThrownBy(() -> decoder.decode(bytes))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("format version " + version + ", and this release reads 1");
    }

    private static void assertPage(String example, byte[] written) throws IOException {
        assertThat(FormatsPage.example(example)).as(example).asHexString().isEqualTo(hex(written));
    }

    private static String hex(byte[] bytes) {
        return java.util.HexFormat.of().withUpperCase().formatHex(bytes);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /** Key k, value v, header h=x, of 14 November 2023. */
    private static ByteBuf batch() {
        ByteBuf headers = Unpooled.buffer();
        RecordHeaders.writeCount(headers, 1);
        RecordHeaders.write(headers, ascii("h"), ascii("x"));
        try (RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT)) {
            builder.append(
                    1_700_000_000_000L,
                    Unpooled.wrappedBuffer(ascii("k")),
                    Unpooled.wrappedBuffer(ascii("v")),
                    headers);
            ByteBuf batch = builder.build();
            batch.setInt(RecordBatch.LEADER_EPOCH, 3);
            return batch;
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
