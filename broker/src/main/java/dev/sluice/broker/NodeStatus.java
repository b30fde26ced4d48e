package dev.sluice.broker;

import java.util.List;

/**
 * How the node is, as of the last second. Immutable.
 *
 * @param resources memory, then the disk as soon as it is known
 * @param blockedPublishers connections that were told to wait
 * @param alerts in force, the worst first
 */
public record NodeStatus(List<ResourceStatus> resources, int blockedPublishers, List<Alert> alerts) {
    /** Before anything is known. */
    static final NodeStatus UNKNOWN = new NodeStatus(List.of(), 0, List.of());

    public NodeStatus {
        resources = List.copyOf(resources);
        alerts = List.copyOf(alerts);
    }
}
