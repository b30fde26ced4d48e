package dev.sluice.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one log in this node's journal and, what has left memory, in segment files. Confined to the log's owner thread;
 * files are read and written elsewhere and the results come back here.
 *
 * <p>The tail moves to segments from its front, so that everything below {@link #segmentEndOffset} is in segments or not
 * needed, and everything above in the tail. At most one of moving and rewriting is under way.
 */
final class JournalledSegments implements SegmentStore {
    private static final Logger LOG = LoggerFactory.getLogger(JournalledSegments.class);
    private static final long RETRY_MS = 500;
    private static final int MOST_BYTES_PER_MOVE = 8 << 20;
    private static final int LEAST_DISCARDS_BEFORE_LOOKING = 16;
    /** Of the memory that a log may have, one whose records are kept gets this part. */
    private static final int KEPT_SHARE = 4;

    private final StorageNode node;
    private final OwnerLane lane;
    private final ChainUpdates updates;
    private final SegmentReads reads;
    private final ReadAhead ahead;
    private final BiConsumer<LogId, DetachedLog> onDetached;
    private @Nullable PartitionLog log;

    /** The journal file that knows the log's end, if nothing else does; held. */
    private @Nullable JournalFile endFile;

    /** Everything below is in the journal or in segments. Lower than the log's durable offset if its durability is not {@code sync}. */
    private long writtenOffset;

    /** Entries handed to the journal and not yet back. */
    private int inFlight;

    /** The tail is to be moved up to here. */
    private long moveUntil;

    private boolean isBusy;
    private boolean isTrimming;

    /** The segment that the last move since the opening wrote without a failure, or -1: only such a one is written on. */
    private long growingSegment = -1;

    /** Settled offsets below the end of the segments. Created when first needed. */
    private @Nullable OffsetSet settled;

    /** What was settled while a rewrite runs. */
    private @Nullable OffsetSet settledMeanwhile;

    private long discardsSinceLook;

    /** As {@link SegmentRewrite#pick} wants it. */
    private final Map<Long, Long> irremovable = new HashMap<>(0);

    private @Nullable Runnable onClosed;

    JournalledSegments(
            StorageNode node,
            OwnerLane lane,
            ChainUpdates updates,
            @Nullable JournalFile endFile,
            BiConsumer<LogId, DetachedLog> onDetached) {
        this.node = node;
        this.lane = lane;
        this.updates = updates;
        this.reads = new SegmentReads(node, lane, updates);
        this.ahead = new ReadAhead(node, lane, reads);
        this.endFile = endFile;
        this.onDetached = onDetached;
    }

    @Override
    public void attach(PartitionLog attached) {
        log = attached;
        writtenOffset = attached.endOffset();
    }

    private PartitionLog log() {
        return Objects.requireNonNull(log);
    }

    @Override
    public boolean append(Entry entry) {
        inFlight++;
        node.journal().append(entry);
        return false;
    }

    @Override
    public void onDurable(Entry entry) {
        inFlight--;
        JournalFile file = entry.file;
        if (entry.lastOffset >= writtenOffset) {
            writtenOffset = entry.lastOffset + 1;
        }
        if (file != null && file != endFile && entry.lastOffset + 1 == writtenOffset) {
            file.hold();
            setEndFile(file);
        }
        if (onClosed != null) {
            finishClosing();
        }
    }

    @Override
    public void onNotCopied() {
        inFlight--;
        if (onClosed != null) {
            finishClosing();
        }
    }

    @Override
    public void afterDurable() {
        int most = node.config().logTailBytes();
        if (log().tailBytes() > (log().settings().isKept() ? most / KEPT_SHARE : most)) {
            moveTail();
        }
    }

    @Override
    public void onGone(Entry entry) {
        JournalFile file = entry.file;
        if (file != null) {
            file.release(entry.sizeInBytes);
        }
    }

    @Override
    public long segmentEndOffset() {
        return updates.chain().segmentEndOffset();
    }

    @Override
    public long segmentBytes() {
        return updates.chain().segmentBytes();
    }

    // ---- reading ----

    @Override
    public void fetch(long offset, int maxBytes, FetchCallback callback) {
        ahead.fetch(offset, maxBytes, callback);
    }

    @Override
    public void seekTimestamp(long timestampMs, OffsetCallback callback) {
        reads.seekTimestamp(timestampMs, log().startOffset(), callback);
    }

    @Override
    public List<SegmentRef> segments() {
        return updates.chain().segments();
    }

    @Override
    public void chunks(SegmentRef segment, Consumer<List<SegmentChunk>> callback) {
        reads.chunks(segment, callback);
    }

    @Override
    public long retainedFrom(Retention retention, long nowMs, long tailBytes) {
        long from = log().startOffset();
        long bytes = segmentBytes() + tailBytes;
        for (SegmentRef segment : updates.chain().segments()) {
            bytes -= segment.bytes();
            if (!retention.isTooOld(segment.maxTimestampMs(), nowMs) && !retention.isEnough(bytes)) {
                break;
            }
            from = Math.max(from, segment.lastOffset() + 1);
        }
        return from;
    }

    // ---- moving the tail to segments ----

    @Override
    public void moveTail() {
        moveUntil = log().durableOffset();
        moveSome();
    }

    private void moveSome() {
        if (isBusy || onClosed != null || log().isClosed()) {
            return;
        }
        List<Entry> entries = new ArrayList<>();
        List<Movable> movables = new ArrayList<>();
        int largest = 0;
        long bytes = 0;
        Tail tail = log().tail();
        for (int i = 0; i < tail.size() && bytes < MOST_BYTES_PER_MOVE; i++) {
            Entry entry = tail.at(i);
            // A log that is not sync has durable entries that are in flight; of a group none may be in a segment before
            // the others
            // are in the journal.
            if (entry.lastOffset >= moveUntil || entry.isOfOpenGroup) {
                break;
            }
            if (!entry.gone) {
                entries.add(entry);
                movables.add(new Movable(
                        entry.baseOffset, entry.lastOffset, entry.batch().retain()));
                bytes += entry.sizeInBytes;
                largest = Math.max(largest, entry.sizeInBytes);
            }
        }
        if (entries.isEmpty()) {
            return;
        }
        isBusy = true;
        SegmentRef grown = growing();
        long id = grown == null ? node.ids().incrementAndGet() : grown.id();
        SegmentMove move = new SegmentMove(movables, grown, id, largest);
        node.threads().flusher().execute(() -> {
            try {
                SegmentRef segment = move.execute(node.disk(), node.config());
                lane.execute(() -> moved(entries, segment));
            } catch (IOException failure) {
                lane.execute(() -> notMoved(failure));
            } finally {
                move.release();
            }
        });
    }

    /** The segment that the next batches go to, or null for a new one. */
    private @Nullable SegmentRef growing() {
        List<SegmentRef> segments = updates.chain().segments();
        if (segments.isEmpty()) {
            return null;
        }
        SegmentRef last = segments.getLast();
        boolean canGrow = last.bytes() < node.config().segmentBytes()
                && last.id() == growingSegment
                && last.lastOffset() >= log().startOffset();
        return canGrow ? last : null;
    }

    private void moved(List<Entry> entries, SegmentRef segment) {
        node.stalls().clear(Stalls.Cause.SEGMENT_SPACE);
        growingSegment = segment.id();
        if (log().isClosed() && onClosed == null) {
            return;
        }
        long start = log().startOffset();
        long end = writtenOffset;
        updates.submit(chain -> chain.withLast(segment).withBounds(start, end), () -> {
            isBusy = false;
            for (Entry entry : entries) {
                log().movePartlyDiscarded(entry.baseOffset, entry.lastOffset, settled());
                if (entry.gone) {
                    // Given up while it was being written: the segment has it, and need not keep it.
                    settled().add(entry.baseOffset, entry.lastOffset);
                }
                log().markGone(entry);
            }
            settled().removeBelow(log().startOffset());
            releaseEndFileIfKnown();
            afterWork();
        });
    }

    private void notMoved(IOException failure) {
        growingSegment = -1;
        String what = failure instanceof DiskFullException ? "the disk is full" : "segments cannot be written";
        node.stalls().raise(Stalls.Cause.SEGMENT_SPACE, what + " (" + failure.getMessage() + ")");
        if (onClosed != null) {
            isBusy = false;
            node.stalls().clear(Stalls.Cause.SEGMENT_SPACE); // this log does not try again
            finishClosing();
            return;
        }
        node.threads().schedule(RETRY_MS, () -> lane.execute(this::moveAgain));
    }

    private void moveAgain() {
        isBusy = false;
        trim(log().startOffset()); // may make the room that it takes
        moveSome();
        if (!isBusy) {
            node.stalls().clear(Stalls.Cause.SEGMENT_SPACE); // there is nothing left to move
            afterWork();
        }
    }

    private void afterWork() {
        if (onClosed != null) {
            finishClosing();
            return;
        }
        trim(log().startOffset());
        moveSome();
        rewriteIfWorth();
    }

    // ---- giving back ----

    @Override
    public void trim(long before) {
        SegmentChain chain = updates.chain();
        // What is being moved or rewritten keeps its segments until that is done; then this is called again.
        if (isBusy
                || isTrimming
                || chain.segments().isEmpty()
                || chain.segments().getFirst().lastOffset() >= before) {
            return;
        }
        isTrimming = true;
        long end = writtenOffset;
        updates.submit(now -> now.withBounds(before, end).withoutTrimmed(), () -> {
            isTrimming = false;
            if (settled != null) {
                settled.removeBelow(before);
            }
            deleteFiles(chain.segments().stream()
                    .filter(segment -> segment.lastOffset() < before)
                    .toList());
            trim(log().startOffset());
        });
    }

    @Override
    public void discard(long firstOffset, long lastOffset) {
        settled().add(firstOffset, lastOffset);
        if (settledMeanwhile != null) {
            settledMeanwhile.add(firstOffset, lastOffset);
        }
        discardsSinceLook += lastOffset - firstOffset + 1;
        rewriteIfWorth();
    }

    private OffsetSet settled() {
        if (settled == null) {
            settled = new OffsetSet();
        }
        return settled;
    }

    private void rewriteIfWorth() {
        if (isBusy || isTrimming || onClosed != null || log().isClosed() || settled == null || !isTimeToLook()) {
            return;
        }
        discardsSinceLook = 0;
        SegmentRewrite rewrite = SegmentRewrite.pick(
                updates.chain(), settled(), log().startOffset(), node.config().segmentBytes(), irremovable);
        if (rewrite == null) {
            return;
        }
        isBusy = true;
        settledMeanwhile = new OffsetSet();
        long id = node.ids().incrementAndGet();
        node.threads().flusher().execute(() -> {
            try {
                SegmentRewrite.Result result = rewrite.execute(node.disk(), node.config(), id);
                lane.execute(() -> rewritten(rewrite, result));
            } catch (IOException | StorageException failure) {
                lane.execute(() -> notRewritten(failure));
            }
        });
    }

    /** Looking walks the chain, so it has to be worth a sixteenth of it. */
    private boolean isTimeToLook() {
        return discardsSinceLook >= Math.max(LEAST_DISCARDS_BEFORE_LOOKING, updates.records() / 16);
    }

    private void rewritten(SegmentRewrite rewrite, SegmentRewrite.Result result) {
        if (log().isClosed() && onClosed == null) {
            return;
        }
        SegmentRef segment = result.segment();
        List<SegmentRef> replacement = segment == null ? List.of() : List.of(segment);
        updates.submit(chain -> chain.withReplaced(rewrite.run(), replacement), () -> {
            isBusy = false;
            settled().remove(rewrite.firstOffset(), rewrite.lastOffset());
            settled().addAll(result.settled());
            if (segment != null) {
                irremovable.put(segment.id(), rewrite.irremovable(result));
            }
            if (settledMeanwhile != null) {
                settled().addAll(settledMeanwhile);
                settledMeanwhile = null;
            }
            settled().removeBelow(log().startOffset());
            List<SegmentRef> unused = new ArrayList<>(rewrite.run());
            unused.addAll(replacement);
            unused.removeAll(updates.chain().segments());
            deleteFiles(unused);
            discardsSinceLook = Long.MAX_VALUE / 2; // what became small may be worth merging now
            afterWork();
        });
    }

    private void notRewritten(Exception failure) {
        // The old segments stay as they are; the next discards try again.
        isBusy = false;
        settledMeanwhile = null;
        LOG.warn("Rewriting segments of log {} failed: {}", log().id(), failure.getMessage());
        if (onClosed != null) {
            finishClosing();
        } else {
            trim(log().startOffset());
            moveSome();
        }
    }

    private void deleteFiles(List<SegmentRef> segments) {
        segments.forEach(reads::forget);
        segments.forEach(segment -> irremovable.remove(segment.id()));
        SegmentFiles.delete(node, segments);
    }

    // ---- the journal wants its space back ----

    @Override
    public long bytesInJournalFile(JournalFile file) {
        long bytes = 0;
        Tail tail = log().tail();
        for (int i = 0; i < tail.size(); i++) {
            Entry entry = tail.at(i);
            if (!entry.gone && entry.file == file) {
                bytes += entry.sizeInBytes;
            }
        }
        return bytes;
    }

    @Override
    public void saveEnd(JournalFile file) {
        if (endFile == file && !log().isClosed()) {
            long start = log().startOffset();
            long end = writtenOffset;
            updates.submit(chain -> chain.withBounds(start, end), this::releaseEndFileIfKnown);
        }
    }

    @Override
    public void copyForward(JournalFile file) {
        if (isBusy || log().isClosed()) {
            return; // a move under way leads out of the journal anyway
        }
        log().tail().forEach(entry -> {
            if (entry.file == file && !entry.inFlight) {
                entry.inFlight = true;
                entry.leadsOut = true;
                append(entry);
            }
        });
    }

    private void releaseEndFileIfKnown() {
        if (endFile != null && updates.chain().endOffset() >= writtenOffset) {
            setEndFile(null);
        }
    }

    private void setEndFile(@Nullable JournalFile file) {
        JournalFile old = endFile;
        endFile = file;
        if (old != null) {
            old.release();
        }
    }

    // ---- the end ----

    @Override
    public void close(Runnable done) {
        ahead.close();
        onClosed = done;
        finishClosing();
    }

    private void finishClosing() {
        Runnable done = onClosed;
        if (done == null || isBusy || inFlight > 0 || !updates.isIdle()) {
            if (done != null && !isBusy && inFlight == 0) {
                updates.submit(chain -> chain, this::finishClosing);
            }
            return;
        }
        onClosed = null;
        DetachedLog detached = new DetachedLog();
        log().tail().forEach(entry -> {
            JournalFile file = Objects.requireNonNull(entry.file);
            file.hold(1, entry.sizeInBytes);
            detached.add(new DetachedLog.Held(
                    entry.baseOffset, entry.lastOffset, entry.batch().retain(), file));
        });
        if (endFile != null) {
            detached.noteEnd(writtenOffset, endFile);
            setEndFile(null);
        }
        onDetached.accept(log().id(), detached);
        done.run();
    }

    @Override
    public void abandon() {
        ahead.close();
        Runnable done = onClosed;
        onClosed = null;
        if (done != null) {
            done.run();
        }
    }
}
