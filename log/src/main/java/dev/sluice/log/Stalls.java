package dev.sluice.log;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
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
            if (raised.put(cause, reason) != null) {
                return;
            }
            LOG.warn("Storage takes no more: {}", reason);
        }
        tellAll();
    }

    void clear(Cause cause) {
        synchronized (this) {
            if (raised.remove(cause) == null) {
                return;
            }
            if (raised.isEmpty()) {
                LOG.info("Storage takes appends again");
            }
        }
        tellAll();
    }

    private void tellAll() {
        for (OwnerLane lane : lanes) {
            lane.execute(() -> List.copyOf(lane.logs()).forEach(this::tell));
        }
    }

    /**
     * Tells the log how it is now, not how it was when somebody asked for that: so what a log hears last is true, in whatever
     * order threads raise and clear. On its owner's thread.
     */
    void tell(PartitionLog log) {
        String reason = reasonFor(log);
        if (reason == null) {
            log.onResumed();
        } else {
            log.onStalled(reason);
        }
    }

    private synchronized @Nullable String reasonFor(PartitionLog log) {
        for (Map.Entry<Cause, String> one : raised.entrySet()) {
            if (isHeldUp(log, one.getKey())) {
                return one.getValue();
            }
        }
        return null;
    }

    private static boolean isHeldUp(PartitionLog log, Cause cause) {
        if (log.isState()) {
            // For the rest there is the reserve.
            return cause == Cause.JOURNAL_DEVICE || cause == Cause.FOLDER_GONE;
        }
        // What is in memory only takes more as long as there is memory.
        return cause == Cause.MEMORY || !log.isInMemoryOnly();
    }
}
