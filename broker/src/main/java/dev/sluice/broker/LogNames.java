package dev.sluice.broker;

import dev.sluice.log.LogId;
import java.util.HashMap;
import java.util.Map;

/** What the logs of a data folder are for, in words, told from the folder's metadata without a broker. Immutable. */
public final class LogNames {
    private final Map<LogId, String> queues = new HashMap<>();

    /** @param metadata keys and values of the metadata store */
    public LogNames(Map<String, byte[]> metadata) {
        metadata.forEach((key, value) -> {
            if (key.startsWith(TopologyStore.QUEUES)) {
                TopologyCodec.StoredQueue queue = TopologyCodec.queue(value);
                queues.put(queue.id(), queue.spec().name());
            }
        });
    }

    /** Such as {@code queue jobs}. */
    public String of(LogId log) {
        String queue = queues.get(log);
        if (queue != null) {
            return "queue " + queue;
        }
        if (log.value() >= QueueFactory.FIRST_STORY_LOG_ID && log.value() < QueueFactory.FIRST_QUEUE_ID) {
            return "stories of shard " + (log.value() - Broker.storyLogId(0).value());
        }
        if (log.value() >= QueueFactory.FIRST_ID_LOG_ID && log.value() < QueueFactory.FIRST_QUEUE_ID) {
            return "deduplication ids and producers of shard "
                    + (log.value() - Broker.idLogId(0).value());
        }
        if (log.value() >= QueueFactory.FIRST_MOVE_LOG_ID && log.value() < QueueFactory.FIRST_QUEUE_ID) {
            return "dead letters and transactions of shard "
                    + (log.value() - Broker.moveLogId(0).value());
        }
        return log.value() < QueueFactory.FIRST_QUEUE_ID
                ? "acknowledgements of shard "
                        + (log.value() - Broker.cursorLogId(0).value())
                : "no queue";
    }
}
