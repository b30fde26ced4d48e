package dev.sluice.broker;

import dev.sluice.log.DiskSpace;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the node's memory and disk once a second, warns people, and passes on how full the disk is. Confined to its shard; the status is read by any thread. */
final class NodeWatch {
    private static final Logger LOG = LoggerFactory.getLogger(NodeWatch.class);
    static final int INTERVAL_MS = 1_000;

    private final Shard shard;
    private final NodePressure pressure;
    private final BrokerLimits limits;
    private final Supplier<CompletableFuture<DiskSpace>> askDisk;
    private final LongSupplier clockMs;
    private final ResourceWatch memory;
    private final ResourceWatch disk;
    private boolean asking;
    private boolean ended;
    private Shard.@Nullable Timer timer;
    private volatile NodeStatus status = NodeStatus.UNKNOWN; // written on the shard

    /**
     * @param askDisk does not block; its answer may come on any thread
     * @param clockMs never goes back
     */
    NodeWatch(
            Shard shard,
            NodePressure pressure,
            BrokerLimits limits,
            Supplier<CompletableFuture<DiskSpace>> askDisk,
            LongSupplier clockMs) {
        this.shard = shard;
        this.pressure = pressure;
        this.limits = limits;
        this.askDisk = askDisk;
        this.clockMs = clockMs;
        // Memory fills up to where segments take over, as it should, and no forecast knows that: so it is watched by
        // its watermarks only.
        this.memory = new ResourceWatch(NodePressure.MEMORY, pressure.memory(), 0);
        this.disk = new ResourceWatch(NodePressure.DISK, pressure.disk(), limits.warnBeforeFullMs());
    }

    void begin() {
        look();
    }

    private void look() {
        if (ended) {
            return;
        }
        memory.sample(clockMs.getAsLong(), shard.nowMs(), pressure.memoryUsed(), limits.memoryBytes());
        publish();
        if (!asking) {
            asking = true;
            var _ = askDisk.get().whenComplete((space, failure) -> shard.execute(() -> answered(space, failure)));
        }
        timer = shard.schedule(this::look, INTERVAL_MS);
    }

    private void answered(@Nullable DiskSpace space, @Nullable Throwable failure) {
        asking = false;
        if (space == null) {
            LOG.debug("how full the disk is stays unknown", failure);
            return;
        }
        long total = space.totalBytes();
        long used = total - space.usableBytes();
        pressure.disk().setMarks(limits.disk(total));
        pressure.setDisk(used, total);
        pressure.disk().stopsAt(used);
        disk.sample(clockMs.getAsLong(), shard.nowMs(), used, total);
        publish();
    }

    private void publish() {
        List<ResourceStatus> resources = new ArrayList<>();
        List<Alert> alerts = new ArrayList<>();
        for (ResourceWatch watch : List.of(memory, disk)) {
            ResourceStatus known = watch.status();
            if (known != null) {
                resources.add(known);
            }
            Alert alert = watch.alert();
            if (alert != null) {
                alerts.add(alert);
            }
        }
        alerts.sort(Comparator.comparing(Alert::step).reversed());
        status = new NodeStatus(resources, pressure.blocked(), alerts);
    }

    /** Memory and disk as of the last second, and how many publishers wait now. Any thread. */
    NodeStatus status() {
        NodeStatus last = status;
        return new NodeStatus(last.resources(), pressure.blocked(), last.alerts());
    }

    void end() {
        ended = true;
        if (timer != null) {
            timer.cancel();
        }
    }
}
