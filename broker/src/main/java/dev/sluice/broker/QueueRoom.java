package dev.sluice.broker;

import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Whether a queue has room for more, for publishers that are slowed instead of being refused: they look before each publish. What they have sent counts from then on, so all of them together go over the limit by no more than the message that each
 * was at. Thread-safe: the queue's shard says what is in the queue, the shards of publishers what is on its way there.
 */
final class QueueRoom {
    /** A pause of the publishers is made up for, up to so long. */
    private static final long BURST_MS = 1_000;

    private final String queue;
    private final long maxLength;
    private final long maxBytes;
    private final @Nullable RateLimit rate;
    private final AtomicLong coming = new AtomicLong();
    private final AtomicLong comingBytes = new AtomicLong();

    // Set by the queue's shard, read by all.
    private volatile long ready;
    private volatile long readyBytes;
    private volatile boolean tooOld;
    private volatile boolean paused;
    private volatile boolean gone;

    private QueueRoom(String queue, long maxLength, long maxBytes, @Nullable RateLimit rate) {
        this.queue = queue;
        this.maxLength = maxLength;
        this.maxBytes = maxBytes;
        this.rate = rate;
    }

    /** That of a queue; null if its publishers never wait for it. */
    static @Nullable QueueRoom of(QueueSpec spec, long nowNs) {
        QueueSettings settings = spec.settings();
        boolean blocks = settings.blocksAtLimit();
        long rate = settings.maxPublishRate();
        if (!blocks && rate < 0) {
            return null;
        }
        return new QueueRoom(
                spec.name(),
                blocks ? limit(settings.maxLength()) : Long.MAX_VALUE,
                blocks ? limit(settings.maxLengthBytes()) : Long.MAX_VALUE,
                rate < 0 ? null : new RateLimit(rate, BURST_MS, nowNs));
    }

    /** Of 0, nobody could ever publish: an empty queue takes one message. */
    private static long limit(long limit) {
        return limit < 0 ? Long.MAX_VALUE : Math.max(1, limit);
    }

    boolean isFull() {
        return free() <= 0;
    }

    /** For about how many more messages there is room; 0 or less if there is none. */
    long free() {
        if (gone) {
            return Long.MAX_VALUE;
        }
        if (tooOld || paused) {
            return 0;
        }
        long records = ready + coming.get();
        long free = maxLength - records;
        if (maxBytes == Long.MAX_VALUE) {
            return free;
        }
        long bytes = readyBytes + comingBytes.get();
        long usual = Math.max(1, bytes / Math.max(1, records));
        long freeBytes = maxBytes - bytes;
        return freeBytes <= 0 ? 0 : Math.min(free, Math.max(1, freeBytes / usual));
    }

    /** Nanoseconds until the rate allows the next publish; 0 for at once. */
    long waitNs(long nowNs) {
        return rate == null || gone ? 0 : rate.waitNs(nowNs);
    }

    boolean isPaced() {
        return rate != null;
    }

    /** A publisher sent a message. */
    void sent(int bodyBytes, long nowNs) {
        coming.incrementAndGet();
        comingBytes.addAndGet(bodyBytes);
        if (rate != null) {
            rate.take(1, nowNs);
        }
    }

    /** What was sent has arrived, and whatever of it is in the queue now was {@linkplain #set counted} there. */
    void arrived(int count, long bodyBytes) {
        coming.addAndGet(-count);
        comingBytes.addAndGet(-bodyBytes);
    }

    /** What is in the queue. */
    void set(long nowReady, long nowReadyBytes, boolean isTooOld) {
        ready = nowReady;
        readyBytes = nowReadyBytes;
        tooOld = isTooOld;
    }

    /** Whether nobody may publish, whatever room there is. */
    void pause(boolean isPaused) {
        paused = isPaused;
    }

    /** The queue is deleted: nobody waits for it. */
    void close() {
        gone = true;
    }

    /** For a publisher that waits. */
    String reason() {
        if (paused) {
            return "an operator has paused publishing to queue " + queue;
        }
        var text = new StringJoiner(
                ", ", "queue " + queue + " is full: ", "; publishing goes on as its consumers make room");
        if (tooOld) {
            text.add("its oldest message waits for too long");
        }
        if (maxLength != Long.MAX_VALUE) {
            text.add("it holds " + ready + " of " + maxLength + " messages");
        }
        if (maxBytes != Long.MAX_VALUE) {
            text.add("it holds " + readyBytes + " of " + maxBytes + " bytes");
        }
        return text.toString();
    }
}
