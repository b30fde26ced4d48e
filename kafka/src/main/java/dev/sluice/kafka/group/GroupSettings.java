package dev.sluice.kafka.group;

/**
 * What operators choose for all groups. Immutable.
 *
 * @param offsetsRetentionMinutes for how long what a group has committed is kept once it has no members
 * @param initialRebalanceDelayMs how long the first member of a group waits for others, so that an application that starts is not given its partitions again for each of its processes
 */
public record GroupSettings(int offsetsRetentionMinutes, int initialRebalanceDelayMs) {
    /** Seven days, as Kafka, and no delay, as in the configuration that comes with Kafka. */
    public static final GroupSettings DEFAULT = new GroupSettings(7 * 24 * 60, 0);

    public GroupSettings {
        if (offsetsRetentionMinutes < 1 || initialRebalanceDelayMs < 0) {
            throw new IllegalArgumentException("offsets cannot be kept for " + offsetsRetentionMinutes
                    + " minutes with an initial rebalance delay of " + initialRebalanceDelayMs + " ms");
        }
    }
}
