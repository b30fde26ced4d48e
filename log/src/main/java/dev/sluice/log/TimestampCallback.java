package dev.sluice.log;

/** Gets the answer to a search by time. Called once, on the owner thread of the log. */
public interface TimestampCallback {
    /** Where there is no record. */
    long NO_TIMESTAMP = -1;

    /** {@code timestampMs}: of the record at that offset. */
    void found(long offset, long timestampMs);

    /** A segment could not be read; the log is as it was. */
    void failed(StorageException cause);
}
