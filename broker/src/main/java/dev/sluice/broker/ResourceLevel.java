package dev.sluice.broker;

/**
 * Whether publishers are stopped for one resource of the node. Thread-safe: shards and {@link NodeWatch} look at it and turn it; what two of them find differently at the same time is put right with the next look, milliseconds later.
 */
final class ResourceLevel {
    /** Changes when the resource itself does: a disk that grows. Set by {@link NodeWatch}, read by all. */
    private volatile Watermarks marks;

    /** Set by whoever crosses a watermark, read by all. */
    private volatile boolean stopped;

    /** Whether publishers were stopped since {@link NodeWatch} asked. */
    private volatile boolean wasStopped;

    /** Milliseconds, 0 for unknown. Set by {@link NodeWatch}, read by all. */
    private volatile long retryAfterMs;

    ResourceLevel(Watermarks marks) {
        this.marks = marks;
    }

    Watermarks marks() {
        return marks;
    }

    void setMarks(Watermarks newMarks) {
        marks = newMarks;
    }

    /** Takes how much is in use now; says whether publishers are to stop. Costs no write but when that changes. */
    boolean stopsAt(long usedBytes) {
        Watermarks now = marks;
        if (stopped) {
            if (usedBytes <= now.reopenBytes() && usedBytes < now.stopBytes()) {
                stopped = false;
            }
        } else if (usedBytes >= now.stopBytes()) {
            stopped = true;
            wasStopped = true;
        }
        return stopped;
    }

    boolean isStopped() {
        return stopped;
    }

    /** Whether publishers are stopped, or were for however short a time since this was asked last. One thread asks. */
    boolean takeWasStopped() {
        boolean was = wasStopped;
        wasStopped = stopped;
        return was;
    }

    long retryAfterMs() {
        return retryAfterMs;
    }

    void setRetryAfterMs(long ms) {
        retryAfterMs = ms;
    }
}
