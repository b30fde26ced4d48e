package dev.sluice.broker;

import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * What a publisher asks of the broker for one record. Immutable. All but the priority, which chooses the lane, is stored in a record header, always the first of its record, so that looking for it costs one
 * comparison. The header's value, numbers big-endian:
 *
 * <pre>
 *   0  1 byte   version, 1
 *   1  8 bytes  time to live in milliseconds from the end of the delay, -1 for ever
 *   9  8 bytes  delay in milliseconds from the record's timestamp, 0 for none
 * </pre>
 *
 * @param priority 0 to 255, the highest first; a queue with fewer priorities takes it for its highest
 * @param ttlMs milliseconds that the record may wait once its delay is over, {@link QueueSettings#UNLIMITED} for as long as its queue allows
 * @param delayMs milliseconds before which it must not be delivered, 0 for none
 */
public record RecordAttributes(int priority, long ttlMs, long delayMs) {
    public static final RecordAttributes NONE = new RecordAttributes(0, QueueSettings.UNLIMITED, 0);

    /** The highest priority. */
    public static final int MOST_PRIORITY = 255;

    /** Name of the header; not to be written to. */
    @SuppressWarnings("MutablePublicArray") // compared with bytes of every record: a copy each time is too dear
    public static final byte[] KEY = (RouteHeader.RESERVED_PREFIX + "attributes").getBytes(StandardCharsets.US_ASCII);

    private static final byte VERSION = 1;
    private static final int TTL = 1;
    private static final int DELAY = 9;
    private static final int BYTES = 17;

    public RecordAttributes {
        if (priority < 0 || priority > MOST_PRIORITY) {
            throw new IllegalArgumentException("the priority is " + priority + ", expected 0 to " + MOST_PRIORITY);
        }
        if (ttlMs < QueueSettings.UNLIMITED || delayMs < 0) {
            throw new IllegalArgumentException(
                    "times to live and delays are milliseconds and not negative, but are " + ttlMs + " and " + delayMs);
        }
    }

    public RecordAttributes withPriority(int newPriority) {
        return new RecordAttributes(newPriority, ttlMs, delayMs);
    }

    public RecordAttributes withTtlMs(long newTtlMs) {
        return new RecordAttributes(priority, newTtlMs, delayMs);
    }

    public RecordAttributes withDelayMs(long newDelayMs) {
        return new RecordAttributes(priority, ttlMs, newDelayMs);
    }

    /** Whether the record needs the header. */
    public boolean isStored() {
        return ttlMs != QueueSettings.UNLIMITED || delayMs != 0;
    }

    /** The header's value. */
    public ByteBuf encode() {
        return Unpooled.buffer(BYTES).writeByte(VERSION).writeLong(ttlMs).writeLong(delayMs);
    }

    /** What is stored with the record: everything but the priority. */
    static RecordAttributes of(RecordCursor record) {
        return isIn(record) ? new RecordAttributes(0, ttlMs(record), delayMs(record)) : NONE;
    }

    /** Whether the delay is over. */
    boolean isDue(long timestampMs, long nowMs) {
        return delayMs == 0 || Times.plus(timestampMs, delayMs) <= nowMs;
    }

    /** Whether a record has waited for longer than it may, by its own time to live and its queue's, below 0 for no limit; what may not wait at all has not. */
    boolean isOver(long timestampMs, long queueTtlMs, long nowMs) {
        long leastMs = Times.shorter(queueTtlMs, ttlMs);
        return leastMs > 0 && Times.plus(Times.plus(timestampMs, delayMs), leastMs) <= nowMs;
    }

    /** Whether the record has the header; its reading of headers stands behind it then. */
    static boolean isIn(RecordCursor record) {
        if (record.headerCount() == 0) {
            return false;
        }
        record.rewindHeaders();
        return record.nextHeader()
                && record.headerKeyEquals(KEY)
                && record.headerValueLength() >= BYTES
                && record.buffer().getByte(record.headerValueIndex()) == VERSION;
    }

    /** After {@link #isIn}. */
    static long ttlMs(RecordCursor record) {
        return record.buffer().getLong(record.headerValueIndex() + TTL);
    }

    /** After {@link #isIn}. */
    static long delayMs(RecordCursor record) {
        return record.buffer().getLong(record.headerValueIndex() + DELAY);
    }
}
