package dev.sluice.log;

/**
 * What a backup holds. Immutable.
 *
 * @param checksum SHA-256 in hexadecimal over the names, sizes and checksums of all files
 */
public record BackupSummary(int files, long bytes, String checksum) {}
