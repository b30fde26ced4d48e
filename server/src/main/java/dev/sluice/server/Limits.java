package dev.sluice.server;

import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.DiskAmount;
import dev.sluice.broker.PublishRates;
import dev.sluice.log.StorageConfig;

/**
 * Immutable. What is configured of when people are warned and publishers are slowed and stopped; {@link BrokerLimits} says what each means.
 *
 * @param warnBeforeFullMinutes 0 for never
 */
record Limits(
        int memoryWarnPercent,
        int memorySlowPercent,
        DiskAmount diskFreeWarn,
        DiskAmount diskFreeSlow,
        DiskAmount diskFreeLimit,
        int warnBeforeFullMinutes,
        PublishRates rates) {
    static final Limits DEFAULT = new Limits(
            BrokerLimits.MEMORY_WARN_PERCENT,
            BrokerLimits.MEMORY_SLOW_PERCENT,
            DiskAmount.Auto.AUTO,
            DiskAmount.Auto.AUTO,
            DiskAmount.Auto.AUTO,
            (int) (BrokerLimits.WARN_BEFORE_FULL_MS / Limits.MINUTE_MS),
            PublishRates.UNLIMITED);

    private static final long MINUTE_MS = 60_000;

    BrokerLimits of(StorageConfig storage) {
        return new BrokerLimits(
                MessageMemory.publishersWaitAt(storage),
                memoryWarnPercent,
                memorySlowPercent,
                diskFreeWarn,
                diskFreeSlow,
                diskFreeLimit,
                warnBeforeFullMinutes * MINUTE_MS,
                rates);
    }
}
