package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The codec of one journal frame, and nothing else. Stateless. A frame is what one group commit writes; it begins at a
 * multiple of {@link Disk#BLOCK_BYTES} and is filled up with zeros to the next. All numbers are big-endian.
 *
 * <pre>
 *    0  magic     4  "SLJF"
 *    4  version   4  1
 *    8  salt      8  random per data folder, so that no payload can look like a frame
 *   16  sequence  8  grows with each frame, never used twice
 *   24  follows   8  sequence of the frame before it: the one that was durable when this was written
 *   32  count     4  entries
 *   36  payload   4  bytes of all batches together
 *   40  reserved  4  0
 *   44  crc       4  CRC32C of bytes 0 to 43 and of the table
 *   48  table, 32 bytes per entry
 *         0  log          8
 *         8  base offset  8
 *        16  offsets      4  last offset minus base offset
 *        20  length       4  bytes of the batch
 *        24  batch crc    4  as it stands in the batch
 *        28  epoch        4  as it stands in the batch
 *  then the batches one after another, in the order of the table
 * </pre>
 *
 * The table repeats what the batch's own checksum leaves out, so that every byte is covered and a batch left over from
 * an earlier use of the file is not taken for a new one.
 */
final class JournalFrame {
    static final int HEADER_BYTES = 48;
    static final int TABLE_ENTRY_BYTES = 32;

    /** A frame with more entries is damaged. */
    static final int MAX_ENTRIES = 1 << 20;

    private static final int MAGIC = 0x534c4a46;
    private static final int VERSION = 1;
    private static final int CRC_AT = 44;

    private JournalFrame() {}

    static int headBytes(int entryCount) {
        return HEADER_BYTES + entryCount * TABLE_ENTRY_BYTES;
    }

    /** What a frame takes in the file, the filling included. */
    static long frameBytes(int entryCount, long payloadBytes) {
        long bytes = headBytes(entryCount) + payloadBytes;
        return (bytes + Disk.BLOCK_BYTES - 1) & -Disk.BLOCK_BYTES;
    }

    /** Writes the header at index 0, all but the checksum; {@link #seal} completes it. */
    static void writeHeader(ByteBuf frame, long salt, long sequence, long follows, int entryCount, int payloadBytes) {
        frame.setInt(0, MAGIC);
        frame.setInt(4, VERSION);
        frame.setLong(8, salt);
        frame.setLong(16, sequence);
        frame.setLong(24, follows);
        frame.setInt(32, entryCount);
        frame.setInt(36, payloadBytes);
        frame.setInt(40, 0);
    }

    static void writeTableEntry(ByteBuf frame, int number, Entry entry) {
        int at = headBytes(number);
        ByteBuf batch = entry.batch();
        int index = batch.readerIndex();
        frame.setLong(at, entry.log.id().value());
        frame.setLong(at + 8, entry.baseOffset);
        frame.setInt(at + 16, (int) (entry.lastOffset - entry.baseOffset));
        frame.setInt(at + 20, entry.sizeInBytes);
        frame.setInt(at + 24, RecordBatch.crc(batch, index));
        frame.setInt(at + 28, RecordBatch.leaderEpoch(batch, index));
    }

    /** Sets the checksum of header and table. */
    static void seal(ByteBuf frame, CRC32C scratch, int entryCount) {
        frame.setInt(CRC_AT, crcOf(frame.nioBuffer(0, headBytes(entryCount)), scratch));
    }

    /** Whether the first bytes at the position look like a frame of this folder, so that reading its head pays. */
    static boolean looksLikeFrame(ByteBuffer block, int at, long salt) {
        return block.limit() - at >= HEADER_BYTES
                && block.getInt(at) == MAGIC
                && block.getLong(at + 8) == salt
                && count(block, at) >= 0
                && count(block, at) <= MAX_ENTRIES
                && payloadBytes(block, at) >= 0;
    }

    /** Whether the whole head, given in full, is as it was written. */
    static boolean isHeadSound(ByteBuffer head, int at, CRC32C scratch) {
        int bytes = headBytes(count(head, at));
        return head.limit() - at >= bytes && head.getInt(at + CRC_AT) == crcOf(head.slice(at, bytes), scratch);
    }

    /** @throws StorageException of kind CORRUPT if the head, which is sound, is of a version that this release does not read */
    static void checkVersion(ByteBuffer head, int at, String fileName, long position) {
        int version = head.getInt(at + 4);
        if (version != VERSION) {
            throw new StorageException(
                    StorageException.Kind.CORRUPT,
                    "the journal file " + fileName + " cannot be read at position " + position + ": "
                            + FormatVersions.unknown(version, VERSION));
        }
    }

    static long sequence(ByteBuffer head, int at) {
        return head.getLong(at + 16);
    }

    static long follows(ByteBuffer head, int at) {
        return head.getLong(at + 24);
    }

    static int count(ByteBuffer head, int at) {
        return head.getInt(at + 32);
    }

    static int payloadBytes(ByteBuffer head, int at) {
        return head.getInt(at + 36);
    }

    /** One row of the table. */
    record TableEntry(long log, long baseOffset, long lastOffset, int length, int batchCrc, int epoch) {

        static TableEntry read(ByteBuffer head, int frameAt, int number) {
            int at = frameAt + headBytes(number);
            long base = head.getLong(at + 8);
            return new TableEntry(
                    head.getLong(at),
                    base,
                    base + head.getInt(at + 16),
                    head.getInt(at + 20),
                    head.getInt(at + 24),
                    head.getInt(at + 28));
        }

        /** Whether the bytes at the index are the batch that this row announces, unharmed. */
        boolean matches(ByteBuf batch, int index, int availableBytes) {
            return availableBytes >= length
                    && length >= RecordBatch.HEADER_BYTES
                    && RecordBatch.sizeInBytes(batch, index) == length
                    && RecordBatch.baseOffset(batch, index) == baseOffset
                    && RecordBatch.lastOffset(batch, index) == lastOffset
                    && RecordBatch.crc(batch, index) == batchCrc
                    && RecordBatch.leaderEpoch(batch, index) == epoch
                    && RecordBatch.isValid(batch, index, length);
        }
    }

    private static int crcOf(ByteBuffer head, CRC32C crc) {
        crc.reset();
        crc.update(head.duplicate().limit(CRC_AT));
        crc.update(head.duplicate().position(HEADER_BYTES));
        return (int) crc.getValue();
    }
}
