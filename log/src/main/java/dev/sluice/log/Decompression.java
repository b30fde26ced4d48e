package dev.sluice.log;

import com.github.luben.zstd.RecyclingBufferPool;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.xerial.snappy.SnappyError;

/**
 * Stateless. Makes an uncompressed batch of a compressed one, as producers send them: its header stays, and behind it come the records. The codecs are numbered in the attributes of a batch; Kafka's documentation of the record batch
 * lists them, and the framing of each is that of Kafka's Java client. What the bytes claim is checked before memory is taken.
 */
final class Decompression {
    private static final int GZIP = 1;
    private static final int SNAPPY = 2;
    private static final int LZ4 = 3;
    private static final int ZSTD = 4;

    private Decompression() {}

    /**
     * The batch at {@code index}, which is compressed, without compression; its checksum is that of the compressed one. A buffer on the heap that needs not be released, of at most {@link RecordBatch#MAX_BATCH_BYTES}.
     *
     * @throws IOException if the bytes are damaged or become too many
     * @throws StorageException if the codec cannot be loaded on this machine
     */
    static ByteBuf of(ByteBuf batch, int index) throws IOException {
        int compressedBytes = RecordBatch.sizeInBytes(batch, index) - RecordBatch.HEADER_BYTES;
        byte[] in = ByteBufUtil.getBytes(batch, index + RecordBatch.HEADER_BYTES, compressedBytes);
        var out = new DecompressedBytes(RecordBatch.HEADER_BYTES, compressedBytes, RecordBatch.MAX_BATCH_BYTES);
        decompress(RecordBatch.compression(batch, index), in, out);
        ByteBuf records = Unpooled.wrappedBuffer(out.array(), 0, out.size());
        batch.getBytes(index, records.array(), 0, RecordBatch.HEADER_BYTES);
        records.setInt(RecordBatch.LENGTH, out.size() - RecordBatch.LENGTH_EXCLUDES_BYTES);
        RecordBatch.clearCompression(records, 0);
        return records;
    }

    private static void decompress(int codec, byte[] in, DecompressedBytes out) throws IOException {
        try {
            switch (codec) {
                case GZIP -> inflate(in, out);
                case SNAPPY -> SnappyFrames.decompress(in, out);
                case LZ4 -> Lz4Frame.decompress(in, out);
                case ZSTD -> decompressZstd(in, out);
                default -> throw new IOException("there is no compression type " + codec);
            }
        } catch (LinkageError | SnappyError missing) {
            throw new StorageException(
                    StorageException.Kind.UNAVAILABLE,
                    "a compressed batch cannot be read, as the library for compression type " + codec
                            + " does not load: " + missing + "; it needs a java.io.tmpdir that allows execution",
                    missing);
        } catch (RuntimeException damage) {
            throw new IOException(String.valueOf(damage.getMessage()), damage);
        }
    }

    /** One member, as producers write it; {@link java.util.zip.GZIPInputStream} would take many, and a stack frame for each. */
    private static void inflate(byte[] in, DecompressedBytes out) throws IOException {
        int from = GzipHeader.lengthOf(in);
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(in, from, in.length - from);
            while (!inflater.finished()) {
                int room = out.room(); // before the array, which it may replace
                int read = inflater.inflate(out.array(), out.size(), room);
                out.added(read);
                if (read == 0 && !inflater.finished()) {
                    throw new IOException("its end is missing");
                }
            }
        } catch (DataFormatException damage) {
            throw new IOException(String.valueOf(damage.getMessage()), damage);
        } finally {
            inflater.end();
        }
    }

    private static void decompressZstd(byte[] in, DecompressedBytes out) throws IOException {
        try (var stream = new ZstdInputStreamNoFinalizer(new ByteArrayInputStream(in), RecyclingBufferPool.INSTANCE)) {
            int read = 0;
            while (read >= 0) {
                out.added(read);
                int room = out.room(); // before the array, which it may replace
                read = stream.read(out.array(), out.size(), room);
            }
        }
    }
}
