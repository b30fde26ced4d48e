package dev.sluice.kafka;

import dev.sluice.kafka.group.GroupSettings;
import io.netty.util.internal.PlatformDependent;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the gateway offers to and takes from its clients. Immutable.
 *
 * @param maxRequestBytes the largest request
 * @param maxBatchBytes the largest batch of records, compressed or not, with its header
 * @param autoCreateTopics whether a topic that a client asks for by name is made
 * @param defaultPartitions how many partitions a topic gets whose maker does not say
 * @param advertised where clients are told to connect to; null for the address that each of them has connected to
 * @param unfinishedRequestBytes what the requests of which the rest is still to come may take, over all connections
 * @param groups how groups are kept
 */
public record KafkaSettings(
        int maxRequestBytes,
        int maxBatchBytes,
        boolean autoCreateTopics,
        int defaultPartitions,
        @Nullable InetSocketAddress advertised,
        long unfinishedRequestBytes,
        GroupSettings groups) {
    private static final int MIB = 1 << 20;
    /** As Kafka's {@code message.max.bytes}. */
    public static final int DEFAULT_MAX_BATCH_BYTES = MIB + 12;

    /** Kafka's defaults. */
    public static final KafkaSettings DEFAULT = new KafkaSettings(
            100 * MIB,
            DEFAULT_MAX_BATCH_BYTES,
            true,
            1,
            null,
            Math.max(128L * MIB, PlatformDependent.maxDirectMemory() / 8),
            GroupSettings.DEFAULT);

    public KafkaSettings {
        require(maxRequestBytes >= 1, "max request size", maxRequestBytes);
        require(maxBatchBytes >= 1, "max batch size", maxBatchBytes);
        require(defaultPartitions >= 1, "default number of partitions", defaultPartitions);
        require(unfinishedRequestBytes >= maxRequestBytes, "memory for unfinished requests", unfinishedRequestBytes);
    }

    public KafkaSettings withMaxBatchBytes(int bytes) {
        return new KafkaSettings(
                maxRequestBytes,
                bytes,
                autoCreateTopics,
                defaultPartitions,
                advertised,
                unfinishedRequestBytes,
                groups);
    }

    public KafkaSettings withTopics(boolean autoCreate, int partitions) {
        return new KafkaSettings(
                maxRequestBytes, maxBatchBytes, autoCreate, partitions, advertised, unfinishedRequestBytes, groups);
    }

    public KafkaSettings withAdvertised(@Nullable InetSocketAddress address) {
        return new KafkaSettings(
                maxRequestBytes,
                maxBatchBytes,
                autoCreateTopics,
                defaultPartitions,
                address,
                unfinishedRequestBytes,
                groups);
    }

    public KafkaSettings withGroups(GroupSettings itsGroups) {
        return new KafkaSettings(
                maxRequestBytes,
                maxBatchBytes,
                autoCreateTopics,
                defaultPartitions,
                advertised,
                unfinishedRequestBytes,
                itsGroups);
    }

    private static void require(boolean holds, String what, long value) {
        if (!holds) {
            throw new IllegalArgumentException(what + " cannot be " + value);
        }
    }
}
