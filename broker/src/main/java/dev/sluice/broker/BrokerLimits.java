package dev.sluice.broker;

import io.netty.util.internal.PlatformDependent;

/**
 * When the node warns, slows publishers and stops them, and how fast they may be at all. Immutable.
 *
 * @param memoryBytes what records in memory may take; publishers are stopped there
 * @param memoryWarnPercent of {@code memoryBytes}, where people are warned
 * @param memorySlowPercent of {@code memoryBytes}, where slowing begins
 * @param diskFreeWarn people are warned when the disk has less room than this
 * @param diskFreeSlow publishers are slowed when it has less than this
 * @param diskFreeLimit publishers are stopped when it has less than this; 0 bytes for never
 * @param warnBeforeFullMs people are warned when the disk will be at its limit so soon; 0 for never
 * @param rates how much may be published a second
 */
public record BrokerLimits(
        long memoryBytes,
        int memoryWarnPercent,
        int memorySlowPercent,
        DiskAmount diskFreeWarn,
        DiskAmount diskFreeSlow,
        DiskAmount diskFreeLimit,
        long warnBeforeFullMs,
        PublishRates rates) {
    public static final int MEMORY_WARN_PERCENT = 75;
    public static final int MEMORY_SLOW_PERCENT = 85;
    public static final long WARN_BEFORE_FULL_MS = 30 * 60_000;

    /** Below where the storage's defaults refuse more: publishers are slowed before. */
    private static final long MOST_MEMORY_BYTES = 3L << 29;

    /** Room for three files of the journal, with which it comes to rest. */
    private static final long DISK_LIMIT_BYTES = 200L << 20;

    private static final int DISK_LIMIT_SHARE = 50;
    private static final int DISK_SLOW_TIMES = 4;
    private static final int DISK_WARN_TIMES = 8;
    private static final int HUNDRED = 100;

    public BrokerLimits {
        require(memoryBytes > 0, "memoryBytes must be positive");
        require(
                memoryWarnPercent > 0 && memoryWarnPercent <= memorySlowPercent && memorySlowPercent <= HUNDRED,
                "memoryWarnPercent and memorySlowPercent must ascend, from 1 to 100");
        require(warnBeforeFullMs >= 0, "warnBeforeFullMs cannot be negative");
    }

    /** What suits this process and its disk, whatever they are. */
    public static BrokerLimits defaults() {
        return new BrokerLimits(
                Math.min(PlatformDependent.maxDirectMemory() / 5 * 2, MOST_MEMORY_BYTES),
                MEMORY_WARN_PERCENT,
                MEMORY_SLOW_PERCENT,
                DiskAmount.Auto.AUTO,
                DiskAmount.Auto.AUTO,
                DiskAmount.Auto.AUTO,
                WARN_BEFORE_FULL_MS,
                PublishRates.UNLIMITED);
    }

    public BrokerLimits withMemoryBytes(long bytes) {
        return new BrokerLimits(
                bytes,
                memoryWarnPercent,
                memorySlowPercent,
                diskFreeWarn,
                diskFreeSlow,
                diskFreeLimit,
                warnBeforeFullMs,
                rates);
    }

    public BrokerLimits withDiskFreeLimit(DiskAmount limit) {
        return new BrokerLimits(
                memoryBytes,
                memoryWarnPercent,
                memorySlowPercent,
                diskFreeWarn,
                diskFreeSlow,
                limit,
                warnBeforeFullMs,
                rates);
    }

    public BrokerLimits withRates(PublishRates itsRates) {
        return new BrokerLimits(
                memoryBytes,
                memoryWarnPercent,
                memorySlowPercent,
                diskFreeWarn,
                diskFreeSlow,
                diskFreeLimit,
                warnBeforeFullMs,
                itsRates);
    }

    Watermarks memory() {
        return new Watermarks(
                (long) (memoryBytes / (double) HUNDRED * memoryWarnPercent),
                (long) (memoryBytes / (double) HUNDRED * memorySlowPercent),
                memoryBytes);
    }

    /** In bytes used of a disk of this size. What is nearer to a full disk than the step after it counts as that one. */
    Watermarks disk(long diskBytes) {
        long limit = diskFreeLimit.of(diskBytes, Math.min(DISK_LIMIT_BYTES, diskBytes / DISK_LIMIT_SHARE));
        if (limit == 0 || diskBytes <= 0) {
            return Watermarks.NONE;
        }
        long slow = Math.max(limit, diskFreeSlow.of(diskBytes, Math.min(diskBytes, DISK_SLOW_TIMES * limit)));
        long warn = Math.max(slow, diskFreeWarn.of(diskBytes, Math.min(diskBytes, DISK_WARN_TIMES * limit)));
        return new Watermarks(diskBytes - warn, diskBytes - slow, diskBytes - limit);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
