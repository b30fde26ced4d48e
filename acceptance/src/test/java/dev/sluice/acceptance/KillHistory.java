package dev.sluice.acceptance;

import java.util.Arrays;
import java.util.BitSet;
import java.util.NavigableSet;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What one publisher of the kill test published, and what became of it: sequence numbers from 0. Thread-safe: every
 * method holds the lock of this object.
 */
final class KillHistory {
    private static final long NEVER = 0;

    private final int publisher;
    private final boolean oneConsumer;
    private final Queue<String> violations = new ConcurrentLinkedQueue<>();
    private final BitSet confirmed = new BitSet();
    private final BitSet delivered = new BitSet();
    private int published;
    private int confirmedCount;
    private int deliveredCount;
    private int newestDelivered = -1;
    private int redelivered;

    /** When each sequence number was acknowledged last, in nanoseconds. */
    private long[] acknowledgedNs = new long[1 << 16];

    private long oldestReturnedMs;

    /** @param oneConsumer whether one consumer at a time sees all messages of the publisher, and so their order */
    KillHistory(int publisher, boolean oneConsumer) {
        this.publisher = publisher;
        this.oneConsumer = oneConsumer;
    }

    synchronized int nextToPublish() {
        return published++;
    }

    synchronized void confirmed(int sequence) {
        if (!confirmed.get(sequence)) {
            confirmed.set(sequence);
            confirmedCount++;
        }
    }

    /**
     * A message arrived at a consumer.
     *
     * @param previousInSession the sequence number of this publisher that the same consumer received before, or -1
     * @param redeliveredFlag what the broker says about it
     * @param killsNs when the broker was killed, each time
     */
    synchronized void delivered(
            int sequence, int previousInSession, boolean redeliveredFlag, NavigableSet<Long> killsNs) {
        if (sequence >= published) {
            violation("was delivered " + sequence + " but has published only " + published);
        }
        boolean seenBefore = delivered.get(sequence);
        if (!redeliveredFlag && sequence <= previousInSession) {
            violation(
                    "got " + sequence + " after " + previousInSession + " on one consumer, not marked as redelivered");
        }
        if (oneConsumer && !seenBefore && sequence < newestDelivered) {
            violation("got " + sequence + " for the first time after " + newestDelivered);
        }
        if (seenBefore) {
            redelivered++;
            returned(sequence, killsNs);
        } else {
            deliveredCount++;
        }
        delivered.set(sequence);
        newestDelivered = Math.max(newestDelivered, sequence);
    }

    /** An acknowledged message may come back only where the broker was killed right after the acknowledgement. */
    private void returned(int sequence, NavigableSet<Long> killsNs) {
        long acknowledged = sequence < acknowledgedNs.length ? acknowledgedNs[sequence] : NEVER;
        if (acknowledged != NEVER) {
            // The kill that followed: until the message comes back there may be more of them.
            Long killed = killsNs.ceiling(acknowledged);
            long ageMs = killed == null ? Long.MAX_VALUE : (killed - acknowledged) / 1_000_000;
            oldestReturnedMs = Math.max(oldestReturnedMs, ageMs);
            if (ageMs > KillIT.ACKNOWLEDGED_FOR_SURE_MS) {
                violation("got " + sequence + " again, acknowledged " + ageMs + " ms before the kill that followed");
            }
        }
    }

    synchronized void acknowledged(int sequence, long nowNs) {
        if (sequence >= acknowledgedNs.length) {
            acknowledgedNs = Arrays.copyOf(acknowledgedNs, Math.max(sequence + 1, 2 * acknowledgedNs.length));
        }
        acknowledgedNs[sequence] = nowNs;
    }

    /** How many messages wait in the queue, but for those whose confirm was lost. */
    synchronized int waiting() {
        return confirmedCount - deliveredCount;
    }

    synchronized boolean isAllConfirmedDelivered() {
        return missing().isEmpty();
    }

    /** What was confirmed and has never been delivered. */
    synchronized BitSet missing() {
        BitSet missing = (BitSet) confirmed.clone();
        missing.andNot(delivered);
        return missing;
    }

    private void violation(String text) {
        if (violations.size() < 20) {
            violations.add("publisher " + publisher + " " + text);
        }
    }

    Queue<String> violations() {
        return violations;
    }

    synchronized String summary() {
        return "publisher %d: %d published, %d confirmed, %d delivered, %d again, acknowledged at most %d ms before"
                .formatted(publisher, published, confirmedCount, deliveredCount, redelivered, oldestReturnedMs);
    }
}
