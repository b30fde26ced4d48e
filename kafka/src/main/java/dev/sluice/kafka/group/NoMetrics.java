package dev.sluice.kafka.group;

import java.util.function.Supplier;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntime.CoordinatorState;
import org.apache.kafka.coordinator.common.runtime.CoordinatorRuntimeMetrics;

/** Times inside the coordinator, which nobody looks at. Stateless. */
final class NoMetrics implements CoordinatorRuntimeMetrics {
    @Override
    public void recordPartitionStateChange(CoordinatorState before, CoordinatorState after) {}

    @Override
    public void recordPartitionLoadSensor(long startTimeMs, long endTimeMs) {}

    @Override
    public void recordEventQueueTime(long ms) {}

    @Override
    public void recordEventProcessingTime(long ms) {}

    @Override
    public void recordEventPurgatoryTime(long ms) {}

    @Override
    public void recordLingerTime(long ms) {}

    @Override
    public void recordFlushTime(long ms) {}

    @Override
    public void recordThreadIdleTime(double ratio) {}

    @Override
    public void recordBackgroundQueueTime(long ms) {}

    @Override
    public void recordBackgroundProcessingTime(long ms) {}

    @Override
    public void recordBackgroundThreadBusyTime(double ratio) {}

    @Override
    public void registerEventQueueSizeGauge(Supplier<Integer> size) {}

    @Override
    public void registerBufferCacheSizeGauge(Supplier<Long> size) {}

    @Override
    public void recordBufferCacheDiscarded() {}

    @Override
    public void close() {}
}
