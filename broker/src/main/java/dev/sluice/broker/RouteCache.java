package dev.sluice.broker;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Routes found a moment ago, for publishers that take turns among some exchanges and keys. A key has one place, where it displaces what was there: so keys that come once cost a write each and nothing grows.
 * Forgets everything when the topology has changed. Confined to its shard.
 */
final class RouteCache {
    static final int PLACES = 1024;
    /** So many queues are named by all routes together at most. */
    static final int MOST_QUEUES = 1 << 18;

    private record Entry(String exchange, String routingKey, Route route) {
        boolean isFor(String itsExchange, String itsKey) {
            return routingKey.equals(itsKey) && exchange.equals(itsExchange);
        }
    }

    private final @Nullable Entry[] entries = new @Nullable Entry[PLACES];
    private int queues;
    private boolean empty = true;
    private long version;

    @Nullable
    Route get(long topologyVersion, String exchange, String routingKey) {
        if (version != topologyVersion) {
            forgetAll();
            version = topologyVersion;
        }
        Entry entry = entries[placeOf(exchange, routingKey)];
        return entry != null && entry.isFor(exchange, routingKey) ? entry.route : null;
    }

    /** For the version that was asked for last. */
    void put(String exchange, String routingKey, Route route) {
        int place = placeOf(exchange, routingKey);
        Entry displaced = entries[place];
        queues += route.queueCount() - (displaced == null ? 0 : displaced.route.queueCount());
        entries[place] = new Entry(exchange, routingKey, route);
        empty = false;
        if (queues > MOST_QUEUES) {
            forgetAll();
        }
    }

    private void forgetAll() {
        if (!empty) {
            Arrays.fill(entries, null);
            queues = 0;
            empty = true;
        }
    }

    private static int placeOf(String exchange, String routingKey) {
        int hash = 31 * exchange.hashCode() + routingKey.hashCode();
        return (hash ^ (hash >>> 16)) & (PLACES - 1);
    }
}
