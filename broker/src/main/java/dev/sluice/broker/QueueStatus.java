package dev.sluice.broker;

/**
 * A queue at one moment. Immutable.
 *
 * @param readyCount records stored and not delivered
 * @param consumerCount subscribed consumers
 */
public record QueueStatus(String name, long readyCount, int consumerCount) {}
