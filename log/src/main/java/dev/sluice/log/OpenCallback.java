package dev.sluice.log;

/** Where the answer of {@link Storage#openLog} goes. Called once, on the log's owner thread. */
public interface OpenCallback {

    /** The log is recovered and ready; what it holds below its end offset is durable. */
    void opened(PartitionLog log);

    /** Only this log is affected; the others of the node go on. */
    void failed(StorageException cause);
}
