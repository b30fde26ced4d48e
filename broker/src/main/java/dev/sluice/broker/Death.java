package dev.sluice.broker;

/**
 * That a record left a queue for one reason, once or more often. Immutable.
 *
 * @param queue which it left
 * @param exchange where it had been published when that happened first
 * @param routingKey with which it had been published then
 * @param count how often it happened
 * @param timeMs when it happened first, in milliseconds since 1970
 * @param ttlMs milliseconds that its publisher let it live, {@link QueueSettings#UNLIMITED} if that said nothing; it lost that limit then
 */
public record Death(
        String queue, DeathReason reason, String exchange, String routingKey, long count, long timeMs, long ttlMs) {
    boolean isSame(Death other) {
        return reason == other.reason && queue.equals(other.queue);
    }

    Death again() {
        return new Death(queue, reason, exchange, routingKey, count + 1, timeMs, ttlMs);
    }
}
