package dev.sluice.broker;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** How short the node is of memory and of disk, for whoever takes something from publishers. Thread-safe. */
final class NodePressure {
    static final String MEMORY = "memory";
    static final String DISK = "disk";

    private final ResourceLevel memory;
    private final ResourceLevel disk = new ResourceLevel(Watermarks.NONE);
    private final LongSupplier memoryUsed;
    /** Set by {@link NodeWatch}, read by all. */
    private volatile long diskUsed;

    private volatile long diskTotal;
    private final AtomicInteger blocked = new AtomicInteger();

    NodePressure(LongSupplier memoryUsed, Watermarks memoryMarks) {
        this.memoryUsed = memoryUsed;
        this.memory = new ResourceLevel(memoryMarks);
    }

    /** From 0 to 1, of what is shortest. */
    double pressure() {
        double ofMemory = memory.marks().pressure(memoryUsed.getAsLong());
        double ofDisk = disk.marks().pressure(diskUsed);
        return Math.max(ofMemory, ofDisk);
    }

    /** Looks again whether publishers are to stop; costs a few reads, so once a turn is fine. */
    boolean stops() {
        boolean forMemory = memory.stopsAt(memoryUsed.getAsLong());
        return disk.stopsAt(diskUsed) || forMemory;
    }

    /** What a publisher is told that comes while publishers are stopped. */
    Refusal refusal() {
        if (disk.isStopped()) {
            Watermarks marks = disk.marks();
            return refusal(
                    DISK,
                    disk,
                    "the disk has " + Amounts.bytes(diskTotal - diskUsed) + " free, publishing stops below "
                            + Amounts.bytes(diskTotal - marks.stopBytes()) + " and goes on at "
                            + Amounts.bytes(diskTotal - marks.reopenBytes()));
        }
        Watermarks marks = memory.marks();
        return refusal(
                MEMORY,
                memory,
                "messages in memory take " + Amounts.bytes(memoryUsed.getAsLong()) + ", publishing stops at "
                        + Amounts.bytes(marks.stopBytes()) + " and goes on at " + Amounts.bytes(marks.reopenBytes()));
    }

    private static Refusal refusal(String name, ResourceLevel level, String text) {
        long retryAfterMs = level.retryAfterMs();
        String when = retryAfterMs == 0 ? "" : "; retry in about " + Amounts.duration(retryAfterMs);
        return new Refusal(Refusal.Reason.OVERLOADED, name, text + when, retryAfterMs);
    }

    ResourceLevel memory() {
        return memory;
    }

    ResourceLevel disk() {
        return disk;
    }

    long memoryUsed() {
        return memoryUsed.getAsLong();
    }

    void setDisk(long usedBytes, long totalBytes) {
        diskUsed = usedBytes;
        diskTotal = totalBytes;
    }

    /** One more publisher waits, or one less. */
    void addBlocked(int change) {
        blocked.addAndGet(change);
    }

    int blocked() {
        return blocked.get();
    }
}
