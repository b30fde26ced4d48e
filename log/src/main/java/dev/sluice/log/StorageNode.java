package dev.sluice.log;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the logs of one node share. Thread-safe: immutable, of thread-safe parts.
 *
 * @param aheadBytes what {@link ReadAhead} of all logs may have read
 * @param ids gives out numbers that were never given out in this data folder before
 */
record StorageNode(
        Disk disk,
        StorageConfig config,
        StorageThreads threads,
        MetadataStore metadata,
        Journal journal,
        TailBudget budget,
        Stalls stalls,
        DeferredDeletes deletes,
        AtomicLong aheadBytes,
        AtomicLong ids) {}
