package dev.sluice.broker;

/**
 * What an operator has paused of a queue. Immutable. It is remembered as long as the queue is.
 *
 * @param publishing publishers are refused, or wait if their queue's owner wants that they wait at its limit, and what the broker itself brings, such as dead letters, waits
 * @param consuming nothing is delivered; what was delivered before can be settled, and what waits too long expires all the same
 */
public record QueuePauses(boolean publishing, boolean consuming) {
    public static final QueuePauses NONE = new QueuePauses(false, false);
    public static final QueuePauses PUBLISHING = new QueuePauses(true, false);
    public static final QueuePauses CONSUMING = new QueuePauses(false, true);
    public static final QueuePauses BOTH = new QueuePauses(true, true);

    private static final int PUBLISHING_BIT = 1;
    private static final int CONSUMING_BIT = 2;

    QueuePauses with(QueuePauses more) {
        return new QueuePauses(publishing || more.publishing, consuming || more.consuming);
    }

    QueuePauses without(QueuePauses over) {
        return new QueuePauses(publishing && !over.publishing, consuming && !over.consuming);
    }

    /** What is stored. */
    int bits() {
        return (publishing ? PUBLISHING_BIT : 0) | (consuming ? CONSUMING_BIT : 0);
    }

    static QueuePauses ofBits(int bits) {
        return new QueuePauses((bits & PUBLISHING_BIT) != 0, (bits & CONSUMING_BIT) != 0);
    }
}
