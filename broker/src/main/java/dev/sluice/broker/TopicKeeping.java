package dev.sluice.broker;

import dev.sluice.log.PartitionLog;
import java.util.Arrays;
import java.util.List;

/** Which records a topic gives up, whoever has read them or not. Confined to the topic's shard. */
final class TopicKeeping {
    private final Partition[] partitions;
    private final Keep keep;
    /** Records in each partition. */
    private final long maxLength;

    /** What is kept, within the topic's limits. */
    enum Keep {
        /** Everything. */
        ALL("all"),
        /** What a subscription has still to settle; without a subscription nothing. */
        UNSETTLED("unsettled");

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
        long most = settings.overflow().isRefusal() ? QueueSettings.UNLIMITED : settings.maxLength();
        this.maxLength = most < 0 ? most : (most + partitions.length - 1) / partitions.length;
    }

    /** Once in a turn in which something came or was settled. */
    void giveUp() {
        for (Partition partition : partitions) {
            PartitionLog log = partition.log();
            long before = log.startOffset();
            long keptFrom = Math.min(keptFrom(partition, log), log.durableOffset());
            if (keptFrom > before) {
                partition.whenIdsAreNoted(() -> {
                    log.trim(keptFrom);
                    partition.readers().forEach(reader -> reader.passOver(keptFrom));
                });
            }
        }
    }

    private long keptFrom(Partition partition, PartitionLog log) {
        long from = maxLength < 0 ? 0 : log.endOffset() - maxLength;
        return keep == Keep.UNSETTLED ? Math.max(from, unsettledFrom(partition, log)) : from;
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
            stored += log.endOffset() - log.startOffset();
        }
        return stored;
    }
}
