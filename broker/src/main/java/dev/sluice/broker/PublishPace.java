package dev.sluice.broker;

/**
 * How fast each publisher may go under pressure. It is the same for all, so that those who publish most are slowed first, and falls by the same factor with each percent: wherever the
 * rate is at which consumers make room, there is a pressure at which publishers go just as fast. Stateless.
 */
final class PublishPace {
    /** With hardly any pressure: faster than a connection is. */
    static final double FASTEST_BYTES_PER_SECOND = 1L << 30;

    /** Just before publishers are stopped. */
    static final double SLOWEST_BYTES_PER_SECOND = 16 << 10;

    /** What a publisher that consumes too may always publish, since acknowledgements that make room stand behind its publishes. */
    static final double MIXED_BYTES_PER_SECOND = 640 << 10;

    /** Stands for the room that any message takes besides its body. */
    static final int MESSAGE_BYTES = 256;

    private PublishPace() {}

    /** @param pressure from 0 to 1 */
    static double bytesPerSecond(double pressure) {
        return FASTEST_BYTES_PER_SECOND * Math.pow(SLOWEST_BYTES_PER_SECOND / FASTEST_BYTES_PER_SECOND, pressure);
    }
}
