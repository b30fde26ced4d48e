package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.ResourceStatus.Step;
import dev.sluice.log.DiskSpace;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class NodeWatchTest {
    private static final long MIB = 1 << 20;
    private static final long DISK = 100_000 * MIB;

    private final AtomicLong memoryUsed = new AtomicLong();
    private final StillShard shard = new StillShard();
    private final BrokerLimits limits = BrokerLimits.defaults().withMemoryBytes(100 * MIB);
    private final NodePressure pressure = new NodePressure(memoryUsed::get, limits.memory());
    private long free = 50_000 * MIB;
    private final NodeWatch watch = new NodeWatch(
            shard, pressure, limits, () -> CompletableFuture.completedFuture(new DiskSpace(free, DISK)), shard::nowMs);

    @Test
    void allIsNormalWhileThereIsPlenty() {
        watch.begin();
        seconds(60, 0);
        NodeStatus status = watch.status();
        assertThat(status.resources()).extracting(ResourceStatus::name).containsExactly("memory", "disk");
        assertThat(status.resources()).extracting(ResourceStatus::step).containsOnly(Step.NORMAL);
        assertThat(status.alerts()).isEmpty();
        assertThat(disk().use()).isEqualTo("disk: 49 GiB of 98 GiB free");
    }

    @Test
    void warnsOfADiskThatWillBeFullLongBeforeItIs() {
        watch.begin();
        seconds(120, 40 * MIB); // 50,000 MiB last for 20 minutes
        assertThat(watch.status().alerts()).singleElement().satisfies(alert -> {
            assertThat(alert.subject()).isEqualTo("disk");
            assertThat(alert.step()).isEqualTo(Step.WARN);
            assertThat(alert.text()).contains("at its limit in 21 min at 40 MiB/s");
        });
        assertThat(pressure.pressure()).as("nobody is slowed yet").isZero();

        seconds(30, 0);
        assertThat(watch.status().alerts())
                .as("the rate is gone, and so is the warning")
                .isEmpty();
    }

    @Test
    void oneLargeFileIsNoTrend() {
        watch.begin();
        seconds(60, 0);
        free -= 20_000 * MIB;
        for (int i = 0; i < 60; i++) {
            seconds(1, 0);
            assertThat(watch.status().alerts()).isEmpty();
        }
    }

    @Test
    void goesThroughAllStepsAndBack() {
        watch.begin();
        seconds(5, 0);
        free = 1_500 * MIB;
        seconds(1, 0);
        assertThat(step()).isEqualTo(Step.WARN);
        free = 500 * MIB;
        seconds(1, 0);
        assertThat(step()).isEqualTo(Step.SLOW);
        assertThat(disk().slowedPercent()).isEqualTo(50);
        free = 100 * MIB;
        seconds(1, 0);
        assertThat(step()).isEqualTo(Step.STOP);
        assertThat(pressure.stops()).isTrue();
        assertThat(pressure.refusal().detail())
                .isEqualTo("the disk has 100 MiB free, publishing stops below 200 MiB and goes on at 500 MiB");

        free = 600 * MIB;
        seconds(2, 0);
        assertThat(pressure.stops()).as("at once").isFalse();
        assertThat(step()).as("people are told when it has lasted").isEqualTo(Step.STOP);
        seconds(10, 0);
        assertThat(step()).isEqualTo(Step.SLOW);
        free = 50_000 * MIB;
        seconds(12, 0);
        assertThat(watch.status().alerts()).isEmpty();
    }

    @Test
    void aStopTooShortForASampleIsToldAllTheSame() {
        watch.begin();
        memoryUsed.set(100 * MIB);
        assertThat(pressure.stops()).isTrue();
        memoryUsed.set(0);
        assertThat(pressure.stops()).isFalse();
        seconds(1, 0);
        assertThat(step()).isEqualTo(Step.STOP);
    }

    @Test
    void saysWhenPublishersMayTryAgainWhileItDrains() {
        free = 100 * MIB;
        watch.begin();
        seconds(120, 0);
        assertThat(pressure.refusal().retryAfterMs()).as("nobody knows yet").isZero();
        seconds(40, -5 * MIB); // 300 MiB free, 500 are needed
        assertThat(pressure.refusal().retryAfterMs()).isBetween(35_000L, 45_000L);
    }

    @Test
    void aDiskThatDoesNotAnswerIsAskedOnceAndStopsNobody() {
        var never = new CompletableFuture<DiskSpace>();
        int[] asked = {0};
        var silent = new NodeWatch(
                shard,
                pressure,
                limits,
                () -> {
                    asked[0]++;
                    return never;
                },
                shard::nowMs);
        silent.begin();
        seconds(10, 0);
        assertThat(asked[0]).isEqualTo(1);
        assertThat(silent.status().resources()).extracting(ResourceStatus::name).containsExactly("memory");
        assertThat(pressure.stops()).isFalse();
    }

    @Test
    void theLimitIsNeverMoreThanAFewHundredthsOfADisk() {
        for (long disk : new long[] {100 * MIB, 400 * MIB, 10_000 * MIB, 10_000_000 * MIB}) {
            long limit = disk - limits.disk(disk).stopBytes();
            assertThat(limit).isBetween(1L, Math.min(200 * MIB, disk / 40));
        }
        var off = limits.withDiskFreeLimit(new DiskAmount.Bytes(0));
        assertThat(off.disk(DISK)).isEqualTo(Watermarks.NONE);
        var large = limits.withDiskFreeLimit(new DiskAmount.Percent(90));
        assertThat(large.disk(DISK).stopBytes()).isEqualTo(DISK / 10);
    }

    @Test
    void endsWithItsTimer() {
        watch.begin();
        watch.end();
        assertThat(shard.scheduled()).isZero();
    }

    private Step step() {
        return watch.status().alerts().getFirst().step();
    }

    private ResourceStatus disk() {
        return watch.status().resources().get(1);
    }

    private void seconds(int count, long bytesASecond) {
        for (int i = 0; i < count; i++) {
            free -= bytesASecond;
            shard.pass(NodeWatch.INTERVAL_MS);
        }
    }
}
