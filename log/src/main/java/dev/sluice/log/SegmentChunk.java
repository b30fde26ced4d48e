package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The codec of one chunk of a segment file, and its place in the file. Immutable. A segment file is a row of chunks; each
 * begins at a multiple of {@link Disk#BLOCK_BYTES} and is filled up with zeros to the next. All numbers are big-endian.
 *
 * <pre>
 *    0  magic         4  "SLSC"
 *    4  version       4  1
 *    8  segment       8
 *   16  first offset  8
 *   24  last offset   8
 *   32  payload       4  bytes of all batches together
 *   36  records       4
 *   40  payload crc   4  CRC32C of the batches
 *   44  timestamp     8  no record has a later one
 *   52  crc           4  CRC32C of bytes 0 to 51
 *   56  the batches one after another
 * </pre>
 *
 * @param position of the header in the file
 */
record SegmentChunk(
        long position,
        long firstOffset,
        long lastOffset,
        int payloadBytes,
        int records,
        long maxTimestampMs,
        int payloadCrc) {
    static final int HEADER_BYTES = 56;

    private static final int MAGIC = 0x534c5343;
    private static final int VERSION = 1;
    private static final int CRC_AT = 52;

    /** What a chunk takes in the file, the filling included. */
    static long chunkBytes(long payloadBytes) {
        return (HEADER_BYTES + payloadBytes + Disk.BLOCK_BYTES - 1) & -Disk.BLOCK_BYTES;
    }

    long payloadPosition() {
        return position + HEADER_BYTES;
    }

    long endPosition() {
        return position + chunkBytes(payloadBytes);
    }

    void writeHeader(ByteBuf target, int index, long segment) {
        target.setInt(index, MAGIC);
        target.setInt(index + 4, VERSION);
        target.setLong(index + 8, segment);
        target.setLong(index + 16, firstOffset);
        target.setLong(index + 24, lastOffset);
        target.setInt(index + 32, payloadBytes);
        target.setInt(index + 36, records);
        target.setInt(index + 40, payloadCrc);
        target.setLong(index + 44, maxTimestampMs);
        target.setInt(index + CRC_AT, crcOf(target.nioBuffer(index, CRC_AT)));
    }

    /**
     * Reads the header at the buffer's position.
     *
     * @throws StorageException of kind CORRUPT if it is not what was written
     */
    static SegmentChunk readHeader(ByteBuffer header, String fileName, long segment, long position) {
        int at = header.position();
        if (header.remaining() < HEADER_BYTES
                || header.getInt(at) != MAGIC
                || header.getLong(at + 8) != segment
                || header.getInt(at + CRC_AT) != crcOf(header.slice(at, CRC_AT))) {
            throw corrupt(fileName, position, "a chunk has a damaged header");
        }
        if (header.getInt(at + 4) != VERSION) {
            throw corrupt(fileName, position, FormatVersions.unknown(header.getInt(at + 4), VERSION));
        }
        return new SegmentChunk(
                position,
                header.getLong(at + 16),
                header.getLong(at + 24),
                header.getInt(at + 32),
                header.getInt(at + 36),
                header.getLong(at + 44),
                header.getInt(at + 40));
    }

    /** @throws StorageException of kind CORRUPT if the batches are not what was written */
    void checkPayload(ByteBuffer payload, String fileName) {
        int found = crcOf(payload);
        if (found != payloadCrc) {
            throw corrupt(
                    fileName,
                    position,
                    String.format(
                            "the records %d to %d have checksum %08x instead of %08x",
                            firstOffset, lastOffset, found, payloadCrc));
        }
    }

    static int crcOf(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    static StorageException corrupt(String fileName, long position, String what) {
        return new StorageException(
                StorageException.Kind.CORRUPT,
                "the segment file " + fileName + " is damaged at position " + position + ": " + what
                        + ". Other logs are not affected; 'sluice check' lists all that is damaged, and a backup brings it back");
    }
}
