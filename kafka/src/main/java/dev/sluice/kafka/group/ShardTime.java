package dev.sluice.kafka.group;

import dev.sluice.broker.Shard;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.utils.Time;

/** The clock of a shard, as Kafka's classes want it. Thread-safe. */
record ShardTime(Shard shard) implements Time {
    @Override
    public long milliseconds() {
        return shard.nowMs();
    }

    @Override
    public long nanoseconds() {
        return TimeUnit.MILLISECONDS.toNanos(shard.nowMs());
    }

    @Override
    public void sleep(long ms) {
        throw new UnsupportedOperationException("nobody sleeps on a shard");
    }
}
