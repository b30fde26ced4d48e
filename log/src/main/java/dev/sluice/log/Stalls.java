package dev.sluice.log;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Why the storage takes no more, if so, told to every open log. Thread-safe: one lock, held for a few instructions. */
final class Stalls {
    private static final Logger LOG = LoggerFactory.getLogger(Stalls.class);

    /** What can hold the storage up. */
    enum Cause {
        JOURNAL_SPACE,
        JOURNAL_DEVICE,
        SEGMENT_SPACE,
        MEMORY
    }

    private final Map<Cause, String> raised = new EnumMap<>(Cause.class);
    private final List<OwnerLane> lanes = new CopyOnWriteArrayList<>();

    void add(OwnerLane lane) {
        lanes.add(lane);
    }

    /** The text of the first cause, or null if there is none. */
    synchronized @Nullable String reason() {
        return raised.isEmpty() ? null : raised.values().iterator().next();
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
            if (cause == Cause.MEMORY || !log.isInMemoryOnly()) {
                log.onStalled(reason);
            }
        });
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
