package dev.sluice.broker;

import java.util.ArrayList;
import java.util.List;

/**
 * How the node is, as of the last second. Immutable.
 *
 * @param resources memory, then the disk as soon as it is known
 * @param blockedPublishers connections that were told to wait
 * @param alerts in force: of the node the worst first, then of queues
 */
public record NodeStatus(List<ResourceStatus> resources, int blockedPublishers, List<Alert> alerts) {
    /** Before anything is known. */
    static final NodeStatus UNKNOWN = new NodeStatus(List.of(), 0, List.of());

    public NodeStatus {
        resources = List.copyOf(resources);
        alerts = List.copyOf(alerts);
    }

    /** This, and more alerts behind those that there are. */
    NodeStatus with(List<Alert> more) {
        List<Alert> all = new ArrayList<>(alerts);
        all.addAll(more);
        return more.isEmpty() ? this : new NodeStatus(resources, blockedPublishers, all);
    }
}
