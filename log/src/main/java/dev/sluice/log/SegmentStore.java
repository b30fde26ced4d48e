package dev.sluice.log;

import java.util.List;
import java.util.function.Consumer;

/**
 * Where the batches of a partition log are kept: in memory, in this node's journal and segment files, or elsewhere. One
 * instance serves one log and is confined to that log's owner thread; what it shares with others is below it. Work that
 * blocks happens on other threads and comes back through the owner's executor.
 */
interface SegmentStore {

    /** Takes up its log; before anything else. */
    void attach(PartitionLog log);

    /**
     * Starts to make the entry durable. Entries of a log become durable in order, reported by
     * {@link PartitionLog#onDurable}.
     *
     * @return true if it is durable already, and then nothing is reported
     */
    boolean append(Entry entry);

    /** The entry has just become durable, or got a new place in the journal. */
    void onDurable(Entry entry);

    /** A copy that {@link #copyForward} asked for is not needed any more. */
    void onNotCopied();

    /** All entries of one write have been reported. */
    void afterDurable();

    /** An entry of the tail is marked as gone and is not in flight: nothing needs its journal space any more. */
    void onGone(Entry entry);

    /** The offset after the last batch that was moved from the tail to a segment: below it, {@link #fetch} must be asked. */
    long segmentEndOffset();

    /** Reads from segments only, below {@link #segmentEndOffset}; an empty buffer if there is nothing at or above. */
    void fetch(long offset, int maxBytes, FetchCallback callback);

    /**
     * Says where a search for the first record with the timestamp, or a later one, has to begin: at or above that offset it is, and little
     * below it is to be read. {@link #segmentEndOffset} if no segment has one.
     */
    void seekTimestamp(long timestampMs, OffsetCallback callback);

    /** The segments, in order. */
    List<SegmentRef> segments();

    /** Tells the chunks of a segment, in order; none if it is gone by now, or cannot be read. Never from inside the call. */
    void chunks(SegmentRef segment, Consumer<List<SegmentChunk>> callback);

    /** The first offset behind all segments from the front that may go: see {@link Retention}. */
    long retainedFrom(Retention retention, long nowMs, long tailBytes);

    /** Segments below the offset are no longer needed. */
    void trim(long before);

    /** The records of the range are settled; what lies in segments may go. */
    void discard(long firstOffset, long lastOffset);

    /** Starts to move the tail out of memory, as far as it is durable. */
    void moveTail();

    /** Bytes of the tail's entries whose durable copy is in the file. */
    long bytesInJournalFile(JournalFile file);

    /** Appends the tail's entries that are in the file to the journal once more, so that the file can go. */
    void copyForward(JournalFile file);

    /** Notes the log's end in the catalog if only the file knows it. */
    void saveEnd(JournalFile file);

    /** Bytes of the files that hold this log's segments. */
    long segmentBytes();

    /** Lets go of the log after what is in flight; runs {@code done} on the owner thread. */
    void close(Runnable done);

    /** Lets go at once, because the whole storage ends. */
    void abandon();
}
