package dev.sluice.broker;

import dev.sluice.log.PartitionLog;
import dev.sluice.log.StorageException;

/** For a log of which nobody wants to hear, as long as all goes well. Stateless. */
final class SilentListener implements PartitionLog.Listener {
    @Override
    public void durable(long durableOffset) {}

    @Override
    public void stalled(String reason) {}

    @Override
    public void resumed() {}

    @Override
    public void lost(StorageException cause) {
        throw cause;
    }
}
