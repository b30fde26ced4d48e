package dev.sluice.log;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Why the storage takes no more, if so, told to every open log. Thread-safe: one lock, held for a few instructions. */
final class Stalls {
    private static final Logger LOG = LoggerFactory.getLogger(Stalls.class);

    /** What can hold the storage up. */
    enum Cause {
        FOLDER_GONE,
        JOURNAL_SPACE,
        JOURNAL_DEVICE,
        SEGMENT_SPACE,
        GROUPS,
        MEMORY
    }

    private final Map<Cause, String> raised = new EnumMap<>(Cause.class);
    private final List<OwnerLane> lanes = new CopyOnWriteArrayList<>();

    void add(OwnerLane lane) {
        lanes.add(lane);
    }

    synchronized boolean isRaised(Cause cause) {
        return raised.containsKey(cause);
    }

    void raise(Cause cause, String reason) {
        synchronized (this) {
            if (raised.put(cause, reason) == null) {
                LOG.warn("Storage takes no more: {}", reason);
            } else {
                return;
            }
        }
        tellAll(log -> {
            // What is in memory only takes more as long as there is memory.
            if (isHeldUp(log, cause)) {
                log.onStalled(reason);
            }
        });
    }

    private static boolean isHeldUp(PartitionLog log, Cause cause) {
        if (log.isState()) {
            // For the rest there is the reserve.
            return cause == Cause.JOURNAL_DEVICE || cause == Cause.FOLDER_GONE;
        }
        return cause == Cause.MEMORY || !log.isInMemoryOnly();
    }

    /** Tells a log that has just been opened. On its owner's thread. */
    void tell(PartitionLog log) {
        String reason;
        synchronized (this) {
            reason = raised.entrySet().stream()
                    .filter(one -> isHeldUp(log, one.getKey()))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElse(null);
        }
        if (reason != null) {
            log.onStalled(reason);
        }
    }

    void clear(Cause cause) {
        synchronized (this) {
            if (raised.remove(cause) == null || !raised.isEmpty()) {
                return;
            }
        }
        LOG.info("Storage takes appends again");
        tellAll(PartitionLog::onResumed);
    }

    private void tellAll(Consumer<PartitionLog> message) {
        for (OwnerLane lane : lanes) {
            lane.execute(() -> List.copyOf(lane.logs()).forEach(message));
        }
    }
}
