package dev.sluice.log;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;

/**
 * One pass over a log that keeps, of the records with the same key, the last. First it reads records from where the pass before has ended, and
 * remembers the last offset of each key, as many as it may; then it reads the log from its beginning and discards older records of those keys.
 * Memory is bounded by the number of keys, whatever the length of the log. Confined to the log's owner thread, which it has for one read at a
 * time; used once.
 *
 * <p>Records without a key stay, and so do compressed batches. A record without a value says that its key is deleted; it goes itself
 * when it is old enough for every reader to have seen it. The space comes back as of any discarded record.
 */
public final class KeyCompaction implements FetchCallback {
    private static final int FETCH_BYTES = 256 << 10;

    /** Hears of the end of the pass, on the log's owner thread. */
    public interface Callback {

        /**
         * All is done.
         *
         * @param nextOffset where the next pass has to begin: the log's durable offset, or less if there were too many keys for one
         * @param discarded records that this pass has given up
         */
        void done(long nextOffset, long discarded);

        /** The log could not be read; what was discarded so far stays so. */
        void failed(StorageException cause);
    }

    /** The first half of the SHA-256 of a key: equal if and only if the keys are. */
    private record KeyHash(long high, long low) {}

    private final PartitionLog log;
    private final int mostKeys;
    private final long deletedBeforeMs;
    private final Callback callback;
    private final MessageDigest digest = BackupManifest.sha256();
    private final Map<KeyHash, Long> lastOffsets = new HashMap<>();
    private final RecordCursor cursor = new RecordCursor();
    private long next;
    private long learntTo;
    private boolean isDiscarding;
    private long discarded;

    private KeyCompaction(PartitionLog log, long fromOffset, int mostKeys, long deletedBeforeMs, Callback callback) {
        this.log = log;
        this.mostKeys = mostKeys;
        this.deletedBeforeMs = deletedBeforeMs;
        this.callback = callback;
        this.next = Math.max(fromOffset, log.startOffset());
    }

    /**
     * Begins a pass.
     *
     * @param fromOffset where the pass before has ended; 0 for the first one, and after the log was opened
     * @param mostKeys to remember at a time, about 100 bytes each
     * @param deletedBeforeMs records without a value and older than this timestamp go too
     */
    public static void run(PartitionLog log, long fromOffset, int mostKeys, long deletedBeforeMs, Callback callback) {
        new KeyCompaction(log, fromOffset, mostKeys, deletedBeforeMs, callback).advance();
    }

    private void advance() {
        if (!isDiscarding && next >= log.durableOffset()) {
            beginDiscarding(log.durableOffset());
        }
        if (isDiscarding && next >= learntTo) {
            callback.done(learntTo, discarded);
        } else {
            log.fetch(next, FETCH_BYTES, this);
        }
    }

    private void beginDiscarding(long learntBelow) {
        isDiscarding = true;
        learntTo = learntBelow;
        next = log.startOffset();
    }

    @Override
    public void fetched(ByteBuf batches) {
        try {
            if (!batches.isReadable()) {
                next = log.durableOffset();
            }
            int at = batches.readerIndex();
            boolean wasDiscarding = isDiscarding;
            while (at < batches.writerIndex() && isDiscarding == wasDiscarding) {
                read(batches, at);
                at += RecordBatch.sizeInBytes(batches, at);
            }
        } catch (CorruptRecordException damage) {
            callback.failed(new StorageException(
                    StorageException.Kind.CORRUPT,
                    "log " + log.id() + " cannot be compacted: " + damage.getMessage(),
                    damage));
            return;
        } finally {
            batches.release();
        }
        advance();
    }

    private void read(ByteBuf batches, int at) {
        if (!RecordBatch.isCompressed(batches, at)) {
            cursor.reset(batches, at);
            while (cursor.next()) {
                if (cursor.keyLength() < 0 || cursor.offset() < next) {
                    continue;
                }
                if (isDiscarding) {
                    discardIfOlder();
                } else if (!learn()) {
                    beginDiscarding(cursor.offset());
                    return;
                }
            }
        }
        next = RecordBatch.lastOffset(batches, at) + 1;
    }

    /** Returns false if there is no room for one more key. */
    private boolean learn() {
        KeyHash key = hash();
        if (lastOffsets.size() == mostKeys && !lastOffsets.containsKey(key)) {
            return false;
        }
        lastOffsets.put(key, cursor.offset());
        return true;
    }

    private void discardIfOlder() {
        long offset = cursor.offset();
        Long last = lastOffsets.get(hash());
        boolean isOlder = last != null && offset < last;
        boolean isDeletion =
                last != null && offset == last && cursor.valueLength() < 0 && cursor.timestampMs() < deletedBeforeMs;
        if (isOlder || isDeletion) {
            log.discard(offset, offset);
            discarded++;
        }
    }

    private KeyHash hash() {
        digest.update(ByteBufUtil.getBytes(cursor.buffer(), cursor.keyIndex(), cursor.keyLength()));
        ByteBuffer hash = ByteBuffer.wrap(digest.digest());
        return new KeyHash(hash.getLong(), hash.getLong());
    }

    @Override
    public void failed(StorageException cause) {
        callback.failed(cause);
    }
}
