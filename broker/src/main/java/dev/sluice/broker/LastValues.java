package dev.sluice.broker;

import dev.sluice.log.OffsetSet;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which record of a topic's partition is the last of its key, and which were: those are superseded as soon as a later one is durable, and their storage is given back. Follows the log by reading it, from its beginning after a start, so
 * that nothing has to be stored. An empty value says that its key is gone; it stays for a day, so that every reader can see it, and its storage until all before it is given up. Records without a key are never superseded. Confined to the partition's owner; about 100 bytes a key.
 */
final class LastValues {
    /** Records of further keys are kept, whatever follows them. */
    static final int MOST_KEYS = 16_000_000;

    static final long EMPTY_VALUE_STAYS_MS = 24 * 60 * 60 * 1000L;

    private static final int MOST_AT_ONCE = 4096;
    private static final Logger LOG = LoggerFactory.getLogger(LastValues.class);

    private final PartitionLog log;
    private final Runnable more;
    private final Consumer<Runnable> whenNoted;
    private final int mostKeys;
    private final LogReader reader;
    private final MessageDigest digest = sha256();
    private final Map<KeyHash, Long> last = new HashMap<>();
    private final OffsetSet superseded = new OffsetSet();
    private OffsetSet toDiscard = new OffsetSet();
    private final ArrayDeque<EmptyValue> emptyValues = new ArrayDeque<>(0);
    private long next;
    /** Where the log began when {@link #last} was cleared last of what it does not have any more. */
    private long clearedBelow;

    /** The first half of the SHA-256 of a key: equal if and only if the keys are. */
    private record KeyHash(long high, long low) {}

    private record EmptyValue(KeyHash key, long offset, long timestampMs) {}

    /** Those of a partition of a topic; null if it keeps others too. */
    static @Nullable LastValues of(Queue queue, Partition partition) {
        return queue.spec().isTopic() && queue.spec().settings().keep() == TopicKeeping.Keep.LAST_PER_KEY
                ? new LastValues(partition.log(), queue::wake, partition::whenNoted, MOST_KEYS)
                : null;
    }

    /** {@code more}: runs when {@link #follow} is to be called again; {@code whenNoted}: runs what gives up records once that may be. */
    LastValues(PartitionLog log, Runnable more, Consumer<Runnable> whenNoted, int mostKeys) {
        this.log = log;
        this.more = more;
        this.whenNoted = whenNoted;
        this.mostKeys = mostKeys;
        this.reader = new LogReader(log, more);
        this.next = log.startOffset();
    }

    /** Which records are not the last of their keys any more; those of others are in no set. */
    OffsetSet superseded() {
        return superseded;
    }

    /** Looks at what has become durable, within a turn's measure. */
    void follow() {
        read();
        discardSuperseded();
    }

    private void read() {
        for (int i = 0; i < MOST_AT_ONCE; i++) {
            next = Math.max(next, log.startOffset());
            switch (reader.seek(next)) {
                case AT -> {
                    add(reader.record());
                    next = reader.record().offset() + 1;
                }
                case MISSING -> next = reader.missingBelow();
                case PENDING, END -> {
                    return;
                }
                case FAILED -> {
                    LOG.warn(
                            "log {} cannot be read for its last values: {}",
                            log.id(),
                            String.valueOf(reader.failure()));
                    reader.retry();
                    return;
                }
            }
        }
        more.run();
    }

    private void add(RecordCursor record) {
        if (record.keyLength() < 0) {
            return;
        }
        KeyHash key = hash(record);
        Long before = last.get(key);
        if (before == null && last.size() >= mostKeys) {
            return;
        }
        long offset = record.offset();
        last.put(key, offset);
        if (record.valueLength() <= 0) {
            emptyValues.addLast(new EmptyValue(key, offset, record.timestampMs()));
        }
        if (before != null) {
            supersede(before);
        }
    }

    private void supersede(long offset) {
        superseded.add(offset, offset);
        toDiscard.add(offset, offset);
    }

    private void discardSuperseded() {
        if (!toDiscard.isEmpty()) {
            OffsetSet going = toDiscard;
            toDiscard = new OffsetSet();
            whenNoted.accept(() -> going.forEachRange(log::discard));
        }
    }

    /** Forgets keys that are gone for a day, and what the log has given up; returns the first offset that is still needed. */
    long neededFrom(long nowMs) {
        for (EmptyValue oldest = emptyValues.peekFirst();
                oldest != null && oldest.timestampMs <= nowMs - EMPTY_VALUE_STAYS_MS;
                oldest = emptyValues.peekFirst()) {
            emptyValues.removeFirst();
            if (last.remove(oldest.key, oldest.offset)) {
                // Its storage is given back only with all that is before it: a start could find an earlier value of the
                // key there.
                superseded.add(oldest.offset, oldest.offset);
            }
        }
        long from = superseded.firstAbsent(log.startOffset());
        superseded.removeBelow(from);
        forgetGone(from);
        return from;
    }

    /** Walks all keys, but not before so many records are gone. */
    private void forgetGone(long from) {
        if (from - clearedBelow > 2L * last.size() + MOST_AT_ONCE) {
            clearedBelow = from;
            last.values().removeIf(offset -> offset < from);
        }
    }

    /** How many records there are without the superseded ones. */
    long kept() {
        return log.endOffset() - log.startOffset() - superseded.cardinality();
    }

    /** From where on there are at most so many records without the superseded ones. */
    long newestFrom(long most) {
        long from = superseded.firstAbsent(log.startOffset());
        for (long tooMany = kept() - most; tooMany > 0; tooMany--) {
            from = superseded.firstAbsent(from + 1);
        }
        return from;
    }

    /** When {@link #neededFrom} has something to forget; {@link Long#MAX_VALUE} if no time comes. */
    long firstDueMs() {
        EmptyValue oldest = emptyValues.peekFirst();
        return oldest == null ? Long.MAX_VALUE : oldest.timestampMs + EMPTY_VALUE_STAYS_MS;
    }

    /** Keys that have a last value. */
    int keys() {
        return last.size();
    }

    private KeyHash hash(RecordCursor record) {
        digest.update(ByteBufUtil.getBytes(record.buffer(), record.keyIndex(), record.keyLength()));
        ByteBuffer hash = ByteBuffer.wrap(digest.digest());
        return new KeyHash(hash.getLong(), hash.getLong());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    void close() {
        reader.close();
    }
}
