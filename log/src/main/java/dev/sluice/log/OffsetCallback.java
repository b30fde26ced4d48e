package dev.sluice.log;

/** Gets the answer to a search. Called once, on the owner thread of the log. */
public interface OffsetCallback {
    void found(long offset);

    /** A segment could not be read; the log is as it was. */
    void failed(StorageException cause);
}
