package dev.sluice.kafka;

/** Runs an action when all parts of an answer have come. Confined to one shard. */
final class Countdown {
    private final Runnable whenDone;
    /** The parts, and that all of them are known. */
    private int left = 1;

    Countdown(Runnable whenDone) {
        this.whenDone = whenDone;
    }

    /** One more part will come. */
    void expect() {
        left++;
    }

    /** A part has come, or, called last by who knows that there are no more of them, all are known. */
    void ended() {
        if (--left == 0) {
            whenDone.run();
        }
    }
}
