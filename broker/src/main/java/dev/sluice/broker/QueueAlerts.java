package dev.sluice.broker;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What is to be known of queues for now: one alert for each that is at its limit, or soon will be. Thread-safe. */
final class QueueAlerts {
    /** So many are shown. */
    static final int MOST_SHOWN = 20;

    private final Map<String, Alert> byQueue = new ConcurrentHashMap<>();

    void put(String queue, Alert alert) {
        byQueue.put(queue, alert);
    }

    void remove(String queue) {
        byQueue.remove(queue);
    }

    /** The worst first, and of these the oldest. */
    List<Alert> shown() {
        return byQueue.values().stream()
                .sorted(Comparator.comparing(Alert::step).reversed().thenComparingLong(Alert::sinceMs))
                .limit(MOST_SHOWN)
                .toList();
    }
}
