package dev.sluice.log;

/**
 * The room of a file system. Immutable.
 *
 * @param usableBytes what it still offers to this process
 * @param totalBytes what it has in all
 */
public record DiskSpace(long usableBytes, long totalBytes) {}
