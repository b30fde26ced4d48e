package dev.sluice.log;

import io.netty.util.internal.PlatformDependent;

/**
 * The sizes of one node's storage, all in bytes. Immutable.
 *
 * @param journalFileBytes size of a journal file; files are used in turn
 * @param firstJournalFileBytes size of the first file of a new folder, small so that the first start is quick
 * @param journalBytes what the journal may take in all; at least four files. When it is used up, the oldest file is
 *     emptied: what is still needed of it is written to segments or to the front of the journal
 * @param writeBufferBytes most that one journal write carries, larger batches apart
 * @param segmentBytes size at which a log goes on in a new segment file
 * @param chunkBytes about how much of a segment is read at once
 * @param tailBudgetBytes batches that all logs together may hold in memory before the coldest tails are written to
 *     segments; at twice as much the storage stalls until that has happened
 * @param logTailBytes the same for one log
 * @param metadataBytes space that the metadata file has at least, half of it held in reserve for a full disk
 */
public record StorageConfig(
        int journalFileBytes,
        int firstJournalFileBytes,
        long journalBytes,
        int writeBufferBytes,
        long segmentBytes,
        int chunkBytes,
        long tailBudgetBytes,
        int logTailBytes,
        int metadataBytes) {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;
    private static final int LEAST_JOURNAL_FILES = 4;

    /** @throws IllegalArgumentException if a size is not usable; the text says which and why */
    public StorageConfig {
        requireBlocks("journalFileBytes", journalFileBytes);
        requireBlocks("firstJournalFileBytes", firstJournalFileBytes);
        requireBlocks("writeBufferBytes", writeBufferBytes);
        requireBlocks("chunkBytes", chunkBytes);
        requireBlocks("metadataBytes", metadataBytes);
        require(segmentBytes >= chunkBytes, "segmentBytes must be at least chunkBytes");
        require(
                journalBytes >= (long) LEAST_JOURNAL_FILES * journalFileBytes,
                "journalBytes must be at least " + LEAST_JOURNAL_FILES + " times journalFileBytes");
        require(writeBufferBytes <= journalFileBytes / 2, "writeBufferBytes must be at most half of journalFileBytes");
        require(tailBudgetBytes > 0, "tailBudgetBytes must be positive");
        require(logTailBytes > 0, "logTailBytes must be positive");
    }

    /** What suits this process: a quarter of its direct memory for tails, but a gigabyte at most. */
    public static StorageConfig defaults() {
        long direct = PlatformDependent.maxDirectMemory();
        return withTailBudget(Math.max(32L * MIB, Math.min(direct / 4, 1024L * MIB)));
    }

    /** The defaults with so many bytes for tails, and a journal that fits. */
    public static StorageConfig withTailBudget(long budget) {
        return new StorageConfig(
                64 * MIB,
                8 * MIB,
                Math.max(5L * 64 * MIB, 2 * budget),
                4 * MIB,
                64L * MIB,
                128 * KIB,
                budget,
                (int) Math.min(budget / 2, 64L * MIB),
                MIB);
    }

    /** Small sizes, so that a test sees every file change with little data. */
    public static StorageConfig small() {
        return new StorageConfig(
                64 * KIB, 64 * KIB, 256 * KIB, 16 * KIB, 128 * KIB, 8 * KIB, 256 * KIB, 64 * KIB, 64 * KIB);
    }

    private static void requireBlocks(String name, int bytes) {
        require(
                bytes >= Disk.BLOCK_BYTES && bytes % Disk.BLOCK_BYTES == 0,
                name + " must be a positive multiple of " + Disk.BLOCK_BYTES + ", not " + bytes);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
