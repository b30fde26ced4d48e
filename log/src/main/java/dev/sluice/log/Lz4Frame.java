package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * Stateless. The LZ4 frame format, version 1 (lz4_Frame_format.md), of which Kafka's clients write one frame of independent blocks. Its checksums are passed over: the batch has one.
 */
final class Lz4Frame {
    private static final int MAGIC = 0x184D2204;
    private static final int VERSION_SHIFT = 6;
    private static final int VERSION = 1;
    private static final int HAS_INDEPENDENT_BLOCKS = 1 << 5;
    private static final int HAS_BLOCK_CHECKSUMS = 1 << 4;
    private static final int HAS_CONTENT_SIZE = 1 << 3;
    private static final int HAS_DICTIONARY = 1;
    private static final int CHECKSUM_BYTES = 4;
    private static final int CONTENT_SIZE_BYTES = 8;
    private static final int HEADER_CHECKSUM_BYTES = 1;

    /** The size of a block is {@code 1 << (8 + 2 * n)} at the most, n being at least 4: 64 KiB. */
    private static final int LEAST_BLOCK_SIZE = 4;

    private static final int IS_UNCOMPRESSED = 1 << 31;
    /** No block becomes larger than so many times what it has. */
    private static final long MOST_RATIO = 256;

    private Lz4Frame() {}

    static void decompress(byte[] bytes, DecompressedBytes out) throws IOException {
        ByteBuf in = Unpooled.wrappedBuffer(bytes); // at index 0: its indices are those of the array
        require(in.readableBytes() >= 7 && in.readIntLE() == MAGIC, "it does not begin as an LZ4 frame does");
        int flags = in.readUnsignedByte();
        require(flags >>> VERSION_SHIFT == VERSION, "the version of its LZ4 frame is not 1");
        require((flags & HAS_INDEPENDENT_BLOCKS) != 0, "blocks of its LZ4 frame depend on each other");
        require((flags & HAS_DICTIONARY) == 0, "its LZ4 frame needs a dictionary");
        int blockSize = in.readUnsignedByte() >>> 4 & 7;
        require(blockSize >= LEAST_BLOCK_SIZE, "the block size of its LZ4 frame is " + blockSize);
        int skipped = ((flags & HAS_CONTENT_SIZE) == 0 ? 0 : CONTENT_SIZE_BYTES) + HEADER_CHECKSUM_BYTES;
        require(in.readableBytes() >= skipped, "its LZ4 frame has no end");
        in.skipBytes(skipped);
        readBlocks(bytes, in, 1 << (8 + 2 * blockSize), (flags & HAS_BLOCK_CHECKSUMS) == 0 ? 0 : CHECKSUM_BYTES, out);
    }

    private static void readBlocks(byte[] bytes, ByteBuf in, int mostBytes, int checksumBytes, DecompressedBytes out)
            throws IOException {
        LZ4SafeDecompressor decompressor = LZ4Factory.fastestInstance().safeDecompressor();
        while (true) {
            require(in.readableBytes() >= Integer.BYTES, "its LZ4 frame has no end");
            int size = in.readIntLE();
            if (size == 0) {
                return;
            }
            int length = size & ~IS_UNCOMPRESSED;
            require(length <= in.readableBytes() - checksumBytes, "a block of its LZ4 frame is cut off");
            if (length == size) {
                int most = (int) Math.min(Math.min(mostBytes, out.left()), MOST_RATIO * length);
                out.need(most);
                out.added(decompressor.decompress(bytes, in.readerIndex(), length, out.array(), out.size(), most));
            } else {
                out.need(length);
                in.getBytes(in.readerIndex(), out.array(), out.size(), length);
                out.added(length);
            }
            in.skipBytes(length + checksumBytes);
        }
    }

    private static void require(boolean condition, String otherwise) throws IOException {
        if (!condition) {
            throw new IOException(otherwise);
        }
    }
}
