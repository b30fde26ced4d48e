package dev.sluice.net;

/**
 * What a node grants its peers, whatever protocol they speak. Immutable.
 *
 * @param shards how many event loops own the connections and partitions
 * @param maxConnections how many connections the node holds at a time; more are closed at once
 * @param handshakeTimeoutMs how long a peer may take to prove who it is, in milliseconds
 */
public record NetSettings(int shards, int maxConnections, int handshakeTimeoutMs) {
    public static final int DEFAULT_MAX_CONNECTIONS = 10_000;
    public static final int DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;

    public NetSettings {
        require(shards >= 1, "shards", shards);
        require(maxConnections >= 1, "max connections", maxConnections);
        require(handshakeTimeoutMs >= 1, "handshake timeout in milliseconds", handshakeTimeoutMs);
    }

    public static NetSettings defaults() {
        return new NetSettings(defaultShards(), DEFAULT_MAX_CONNECTIONS, DEFAULT_HANDSHAKE_TIMEOUT_MS);
    }

    /** Half of the processors: the journal, the kernel and often the clients need the rest. */
    public static int defaultShards() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }

    private static void require(boolean holds, String what, int value) {
        if (!holds) {
            throw new IllegalArgumentException(what + " must be at least 1, not " + value);
        }
    }
}
