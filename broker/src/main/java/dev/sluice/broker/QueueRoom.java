package dev.sluice.broker;

import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether a queue has room for more, for publishers that are slowed instead of being refused: they look before each publish. What they have sent counts from then on, so all of them together go over the limit by no more than the message that each
 * was at. Thread-safe: the queue's shard says what is in the queue, the shards of publishers what is on its way there.
 */
final class QueueRoom {
    /** A pause of the publishers is made up for, up to so long. */
    private static final long BURST_MS = 1_000;

    private final String queue;
    private final AtomicLong coming = new AtomicLong();
    private final AtomicLong comingBytes = new AtomicLong();

    // Set by the queue's shard, read by all.
    private volatile long maxLength;
    private volatile long maxBytes;
    private volatile @Nullable RateLimit rate;
    private volatile long ready;
    private volatile long readyBytes;
    private volatile boolean tooOld;
    private volatile boolean paused;
    private volatile boolean gone;

    private QueueRoom(String queue) {
        this.queue = queue;
    }

    /** That of a queue with these settings; null if its publishers never wait for it. */
    static @Nullable QueueRoom of(String queue, QueueSettings settings, long nowNs) {
        if (!settings.blocksAtLimit() && settings.maxPublishRate() < 0) {
            return null;
        }
        var room = new QueueRoom(queue);
        room.follow(settings, nowNs);
        return room;
    }

    /** The queue has these settings now; perhaps such that nobody waits. */
    void follow(QueueSettings settings, long nowNs) {
        boolean blocks = settings.blocksAtLimit();
        maxLength = blocks ? limit(settings.maxLength()) : Long.MAX_VALUE;
        maxBytes = blocks ? limit(settings.maxLengthBytes()) : Long.MAX_VALUE;
        long newRate = settings.maxPublishRate();
        RateLimit present = rate;
        if (newRate < 0) {
            rate = null;
        } else if (present == null) {
            rate = new RateLimit((double) newRate, BURST_MS, nowNs);
        } else {
            present.setPerSecond((double) newRate);
        }
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
        RateLimit present = rate;
        return present == null || gone ? 0 : present.waitNs(nowNs);
    }

    /** A publisher sent a message; {@code clock} is asked for nanoseconds where there is a rate. */
    void sent(int bodyBytes, LongSupplier clock) {
        coming.incrementAndGet();
        comingBytes.addAndGet(bodyBytes);
        RateLimit present = rate;
        if (present != null) {
            present.take(1, clock.getAsLong());
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
