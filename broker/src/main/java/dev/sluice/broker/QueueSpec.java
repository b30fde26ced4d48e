package dev.sluice.broker;

/**
 * What a queue is declared as. Immutable.
 *
 * @param durable whether the queue and its records outlive the process; a queue that does not lives in memory
 * @param exclusive whether only the connection that declared it may use it, and it goes with that connection
 * @param autoDelete whether it goes when its last consumer goes
 */
public record QueueSpec(String name, boolean durable, boolean exclusive, boolean autoDelete, QueueSettings settings) {
    /** How many lanes the queue has: one for each priority. */
    int laneCount() {
        return settings.maxPriority() + 1;
    }
}
