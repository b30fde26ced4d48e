package dev.sluice.log;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * What must be known before the journal is read: kept under one key of the metadata, changed by the journal thread only.
 *
 * <pre>
 *    0  format          1  1
 *    1  salt            8  random, once per data folder
 *    9  starts          8  how often the folder was opened
 *   17  begin           8  frames up to this sequence are not needed any more
 *   25  clean sequence  8  last frame at a clean end, or else at the last start; 0 if there was none
 * </pre>
 */
final class JournalState {
    static final String KEY = "log/journal";

    private static final byte FORMAT = 1;
    private static final int BYTES = 33;

    /** The value. */
    record Value(long salt, long starts, long beginAfter, long cleanSequence) {
        byte[] encode() {
            return ByteBuffer.allocate(BYTES)
                    .put(FORMAT)
                    .putLong(salt)
                    .putLong(starts)
                    .putLong(beginAfter)
                    .putLong(cleanSequence)
                    .array();
        }

        static Value decode(byte[] bytes) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            if (bytes.length == 0 || !FormatVersions.check(KEY, buffer.get(), FORMAT) || bytes.length != BYTES) {
                throw new StorageException(
                        StorageException.Kind.CORRUPT,
                        "the metadata key " + KEY + " has a length that its format does not have");
            }
            return new Value(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong());
        }
    }

    private final MetadataStore metadata;
    private Value value;

    JournalState(MetadataStore metadata, Value value) {
        this.metadata = metadata;
        this.value = value;
    }

    Value value() {
        return value;
    }

    /** The storage has opened, and the frame, which recovery made sure of, was the last. The caller makes this durable. */
    void opened(long lastSequence) {
        value = new Value(value.salt, value.starts, value.beginAfter, lastSequence);
    }

    /** Frames up to the sequence are not needed any more; durable when the future completes. */
    CompletableFuture<Void> beginAfter(long sequence) {
        return set(new Value(value.salt, value.starts, Math.max(value.beginAfter, sequence), value.cleanSequence));
    }

    /** The storage ends cleanly and the frame was the last. */
    CompletableFuture<Void> endClean(long sequence) {
        return set(new Value(value.salt, value.starts, value.beginAfter, sequence));
    }

    private CompletableFuture<Void> set(Value next) {
        value = next;
        return metadata.put(KEY, next.encode(), MetadataStore.ANY).thenAccept(version -> {});
    }
}
