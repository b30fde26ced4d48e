package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.Arrays;
import org.xerial.snappy.Snappy;

/**
 * Stateless. Snappy as Kafka's clients write it: blocks with their lengths before them, behind the header of snappy-java's streams, or, as librdkafka does it, one block without anything around it.
 */
final class SnappyFrames {
    private static final byte[] MAGIC = {(byte) 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
    /** Behind the magic: a version and the oldest one that can read it. */
    private static final int HEADER_BYTES = MAGIC.length + 2 * Integer.BYTES;

    private SnappyFrames() {}

    static void decompress(byte[] bytes, DecompressedBytes out) throws IOException {
        if (bytes.length < MAGIC.length || !Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            decompressBlock(bytes, 0, bytes.length, out);
            return;
        }
        ByteBuf in = Unpooled.wrappedBuffer(bytes);
        for (in.skipBytes(HEADER_BYTES); in.isReadable(); ) {
            int length = in.readInt();
            if (length < 0 || length > in.readableBytes()) {
                throw new IOException("a block has " + length + " bytes, " + in.readableBytes() + " are there");
            }
            decompressBlock(bytes, in.readerIndex(), length, out);
            in.skipBytes(length);
        }
    }

    private static void decompressBlock(byte[] bytes, int from, int length, DecompressedBytes out) throws IOException {
        int size = Snappy.uncompressedLength(bytes, from, length);
        if (size < 0) {
            throw new IOException("a block claims " + size + " bytes");
        }
        out.need(size);
        out.added(Snappy.uncompress(bytes, from, length, out.array(), out.size()));
    }
}
