package dev.sluice.kafka.group;

/**
 * What operators choose for all groups. Immutable.
 *
 * @param offsetsRetentionMs for how long what a group has committed is kept once it has no members
 * @param initialRebalanceDelayMs how long an empty group waits for more members after the first one, so that an application that starts is not given its partitions again for each of its processes
 */
public record GroupSettings(long offsetsRetentionMs, int initialRebalanceDelayMs) {
    private static final long MS_PER_MINUTE = 60_000;

    /** Kafka's. */
    public static final GroupSettings DEFAULT = new GroupSettings(7 * 24 * 60 * MS_PER_MINUTE, 3000);

    public GroupSettings {
        require(offsetsRetentionMs >= MS_PER_MINUTE, "retention of offsets", offsetsRetentionMs);
        require(initialRebalanceDelayMs >= 0, "initial rebalance delay", initialRebalanceDelayMs);
    }

    /** Kafka counts in whole minutes. */
    int offsetsRetentionMinutes() {
        return Math.toIntExact(offsetsRetentionMs / MS_PER_MINUTE);
    }

    private static void require(boolean holds, String what, long value) {
        if (!holds) {
            throw new IllegalArgumentException(what + " cannot be " + value + " ms");
        }
    }
}
