package dev.sluice.broker;

import dev.sluice.log.PartitionLog;
import dev.sluice.log.Retention;
import java.util.Arrays;
import java.util.List;
import java.util.function.ObjLongConsumer;
import org.jspecify.annotations.Nullable;

/** Which records a topic gives up, whoever has read them or not. Confined to the topic's shard. */
final class TopicKeeping {
    /** What is too old goes this part of its age later at the most, within these bounds. */
    private static final int AGE_PARTS = 20;

    private static final long LEAST_LOOK_MS = 100;
    private static final long MOST_LOOK_MS = 60_000;

    private final Partition[] partitions;
    private final Keep keep;
    /** Records in each partition. */
    private final long maxLength;
    /** In each partition; null if neither bytes nor age are limited. */
    private final @Nullable Retention retention;

    /** What is kept, within the topic's limits. */
    enum Keep {
        /** Everything. */
        ALL("all"),
        /** What a subscription has still to settle; without a subscription nothing. */
        UNSETTLED("unsettled"),
        /** Of the records with the same key the last. */
        LAST_PER_KEY("last-per-key");

        private final String word;

        Keep(String word) {
            this.word = word;
        }

        /** The value of {@link QueueProperty#KEEP}. */
        String word() {
            return word;
        }

        static List<String> words() {
            return Arrays.stream(values()).map(Keep::word).toList();
        }

        static Keep of(String word) {
            return Arrays.stream(values())
                    .filter(keep -> keep.word.equals(word))
                    .findFirst()
                    .orElseThrow();
        }
    }

    TopicKeeping(QueueSettings settings, Partition[] partitions) {
        this.partitions = partitions;
        this.keep = settings.keep();
        this.maxLength = settings.overflow().isDrop() ? share(settings.maxLength()) : QueueSettings.UNLIMITED;
        this.retention = settings.maxLengthBytes() < 0 && settings.maxAgeMs() < 0
                ? null
                : new Retention(settings.maxAgeMs(), share(settings.maxLengthBytes()));
    }

    private long share(long limit) {
        return limit < 0 ? limit : (limit + partitions.length - 1) / partitions.length;
    }

    /** Once in a turn in which something came or was settled; returns when to look again, {@link Long#MAX_VALUE} if no time comes by itself. */
    long giveUp(long nowMs) {
        boolean isEmpty = true;
        long dueMs = Long.MAX_VALUE;
        for (Partition partition : partitions) {
            PartitionLog log = partition.log();
            LastValues lastValues = partition.lastValues();
            if (lastValues != null) {
                lastValues.follow();
                giveUp(partition, log.startOffset(), lastValues.neededFrom(nowMs), Lane::passOverSuperseded);
                dueMs = Math.min(dueMs, lastValues.firstDueMs());
            }
            long before = log.startOffset();
            if (retention != null) {
                partition.whenNoted(() -> log.retain(retention, nowMs));
            }
            long from = Math.max(log.startOffset(), keptFrom(partition, log));
            giveUp(partition, before, from, Lane::passOver);
            isEmpty &= log.startOffset() == log.endOffset();
        }
        return isEmpty || retention == null || retention.maxAgeMs() < 0
                ? dueMs
                : nowMs + Math.clamp(retention.maxAgeMs() / AGE_PARTS, LEAST_LOOK_MS, MOST_LOOK_MS);
    }

    /** {@code from}: where the log began before. */
    private static void giveUp(Partition partition, long from, long below, ObjLongConsumer<Lane> passOver) {
        if (Math.min(below, partition.log().durableOffset()) > from) {
            partition.giveUp(below, passOver);
        }
    }

    private long keptFrom(Partition partition, PartitionLog log) {
        LastValues lastValues = partition.lastValues();
        long from = lastValues == null ? log.endOffset() - maxLength : lastValues.newestFrom(maxLength);
        long withinLength = maxLength < 0 ? 0 : from;
        return keep == Keep.UNSETTLED ? Math.max(withinLength, unsettledFrom(partition, log)) : withinLength;
    }

    private static long unsettledFrom(Partition partition, PartitionLog log) {
        long from = log.endOffset();
        for (Lane reader : partition.readers()) {
            from = Math.min(from, reader.settledBelow());
        }
        return from;
    }

    /** Of all partitions together. */
    long stored() {
        long stored = 0;
        for (Partition partition : partitions) {
            PartitionLog log = partition.log();
            LastValues lastValues = partition.lastValues();
            stored += lastValues == null ? log.endOffset() - log.startOffset() : lastValues.kept();
        }
        return stored;
    }
}
