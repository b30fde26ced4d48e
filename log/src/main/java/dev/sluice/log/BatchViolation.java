package dev.sluice.log;

/** Immutable. What {@link RecordBatch#violation} found wrong, in the order in which it looks. */
public enum BatchViolation {
    /** Fewer bytes are there than the header, or than the length in the header says. */
    TRUNCATED,
    /** The length is below that of a header, or above {@link RecordBatch#MAX_BATCH_BYTES}. */
    LENGTH,
    /** Not format 2. */
    MAGIC,
    /** The CRC32C does not match the bytes. */
    CHECKSUM,
    /** The number of records cannot be, given the offsets and bytes that the batch spans. */
    COUNT,
    /** Offsets below zero or beyond what 63 bits hold. The base offset is not covered by the checksum. */
    OFFSETS
}
