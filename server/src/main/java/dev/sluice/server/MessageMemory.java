package dev.sluice.server;

import dev.sluice.log.StorageConfig;
import io.netty.util.internal.PlatformDependent;

/**
 * Immutable. How much memory messages may take.
 *
 * @param mib in MiB, 0 for what suits this process
 */
record MessageMemory(int mib) {
    static final MessageMemory AUTO = new MessageMemory(0);

    private static final long MIB = 1 << 20;

    /** @throws StartRefused when the JVM does not allow so much */
    StorageConfig storage() {
        if (mib == 0) {
            return StorageConfig.defaults();
        }
        long allowedMib = PlatformDependent.maxDirectMemory() / MIB;
        if (2L * mib > allowedMib) {
            throw StartRefused.notPossibleHere("message-memory is " + mib
                    + " MiB, and needs twice as much outside the heap;"
                    + " this JVM allows " + allowedMib + " MiB: start it with SLUICE_JAVA_OPTS=-XX:MaxDirectMemorySize="
                    + 3L * mib + "m, or choose at most " + allowedMib / 2);
        }
        return StorageConfig.withTailBudget(mib * MIB);
    }

    /** Publishers wait when there is more: above what is written to segments, and below where the storage stalls. */
    static long publishersWaitAt(StorageConfig storage) {
        return storage.tailBudgetBytes() + storage.tailBudgetBytes() / 2;
    }
}
