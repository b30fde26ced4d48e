package dev.sluice.broker;

/**
 * How much may be published a second. Immutable. 0 is no limit.
 *
 * @param connectionMessages messages of one connection
 * @param connectionBytes bytes of their bodies
 * @param userMessages messages of all connections of one user together
 * @param userBytes bytes of their bodies
 */
public record PublishRates(long connectionMessages, long connectionBytes, long userMessages, long userBytes) {
    public static final PublishRates UNLIMITED = new PublishRates(0, 0, 0, 0);

    public PublishRates {
        if (Math.min(Math.min(connectionMessages, connectionBytes), Math.min(userMessages, userBytes)) < 0) {
            throw new IllegalArgumentException("a rate cannot be below 0");
        }
    }

    PublishQuota ofConnection(long nowNs) {
        return PublishQuota.of(connectionMessages, connectionBytes, nowNs);
    }

    PublishQuota ofUser(long nowNs) {
        return PublishQuota.of(userMessages, userBytes, nowNs);
    }
}
