package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PublishGateTest {
    private static final int MIB = 1 << 20;
    private static final int INTERVAL_MS = 20;

    private final AtomicLong used = new AtomicLong();
    private final StillShard shard = new StillShard();
    private final NodePressure node = new NodePressure(used::get, new Watermarks(70 * MIB, 80 * MIB, 100 * MIB));
    private final PublishGate gate = new PublishGate(shard, node);
    private int resumed;

    @Test
    void slowsMoreAndMoreBeforeItStops() {
        used.set(80 * MIB);
        gate.check();
        assertThat(gate.pressure()).isZero();
        used.set(85 * MIB);
        gate.check();
        assertThat(gate.pressure()).isCloseTo(0.25, within(1e-9));
        used.set(99 * MIB);
        gate.check();
        assertThat(gate.pressure()).isCloseTo(0.95, within(1e-9));
        assertThat(gate.isStopped()).isFalse();
    }

    @Test
    void stopsAtTheLimitAndOpensAgainHalfWayBack() {
        used.set(100 * MIB);
        gate.check();
        assertThat(gate.isStopped()).isTrue();
        gate.whenOpen(() -> resumed++);
        assertThat(node.blocked()).isEqualTo(1);

        used.set(91 * MIB);
        shard.pass(INTERVAL_MS);
        assertThat(resumed).as("still too near to the limit").isZero();

        used.set(90 * MIB);
        shard.pass(INTERVAL_MS);
        assertThat(gate.isStopped()).isFalse();
        assertThat(resumed).isEqualTo(1);
        assertThat(node.blocked()).isZero();
        assertThat(shard.scheduled()).as("no timer is left behind").isZero();
    }

    @Test
    void aDiskThatIsShortStopsAsMemoryDoes() {
        node.disk().setMarks(new Watermarks(700, 800, 1_000));
        node.setDisk(1_000, 1_100);
        gate.check();
        assertThat(gate.isStopped()).isTrue();
        assertThat(gate.refusal().subject()).isEqualTo("disk");

        node.setDisk(900, 1_100);
        shard.pass(INTERVAL_MS);
        assertThat(gate.isStopped()).isFalse();
        assertThat(gate.pressure()).as("slowed for a while yet").isCloseTo(0.5, within(1e-9));
    }

    @Test
    void oneResourceThatRecoversDoesNotOpenWhileTheOtherIsShort() {
        node.disk().setMarks(new Watermarks(700, 800, 1_000));
        node.setDisk(1_000, 1_100);
        used.set(100 * MIB);
        gate.check();
        used.set(0);
        shard.pass(INTERVAL_MS);
        assertThat(gate.isStopped()).isTrue();
        node.setDisk(0, 1_100);
        shard.pass(INTERVAL_MS);
        assertThat(gate.isStopped()).isFalse();
    }

    @Test
    void aPublisherThatGaveUpIsNotCalledAndNotCounted() {
        used.set(100 * MIB);
        gate.check();
        Runnable action = () -> resumed++;
        gate.whenOpen(action);
        gate.whenOpen(action);
        assertThat(node.blocked()).isEqualTo(1);
        gate.forget(action);
        gate.forget(action);
        assertThat(node.blocked()).isZero();
        used.set(0);
        shard.pass(INTERVAL_MS);
        assertThat(resumed).isZero();
    }

    @Test
    void saysWhyAndWhen() {
        used.set(100 * MIB);
        gate.check();
        assertThat(gate.refusal())
                .isEqualTo(new Refusal(
                        Refusal.Reason.OVERLOADED,
                        "memory",
                        "messages in memory take 100 MiB, publishing stops at 100 MiB and goes on at 90 MiB"));
        node.memory().setRetryAfterMs(12_000);
        assertThat(gate.refusal().detail()).endsWith("; retry in about 12 s");
        assertThat(gate.refusal().retryAfterMs()).isEqualTo(12_000);
    }

    @Test
    void aPublisherIsSlowedByThePressureAndLessIfItConsumes() {
        var credit = new PublisherCredit(gate, PublishQuota.UNLIMITED, PublishQuota.UNLIMITED, 0);
        assertThat(credit.isNeeded()).isFalse();
        long before = 0;
        for (int mib = 81; mib < 100; mib += 3) {
            used.set((long) mib * MIB);
            gate.check();
            assertThat(credit.isNeeded()).isTrue();
            long wait = waitFor(32 * MIB, false);
            assertThat(wait).as("%d MiB", mib).isGreaterThan(before);
            before = wait;
        }
        assertThat(waitFor(32 * MIB, false)).as("just before the stop, ns").isGreaterThan(600_000_000_000L);
        assertThat(waitFor(32 * MIB, true)).as("ns").isLessThan(60_000_000_000L);
    }

    private long waitFor(int bytes, boolean consumes) {
        var fresh = new PublisherCredit(gate, PublishQuota.UNLIMITED, PublishQuota.UNLIMITED, 0);
        fresh.published(bytes, consumes, 0);
        return fresh.waitNs(0);
    }

    @Test
    void manyMessagesInOnePieceAreWaitedForAsManyMessages() {
        PublishQuota own = PublishQuota.of(1_000, 1_000_000, 0);
        var credit = new PublisherCredit(gate, own, PublishQuota.UNLIMITED, 0);
        credit.published(250, 1_000, false, 0);
        assertThat(credit.waitNs(0)).as("a quarter of a second is free").isZero();
        credit.published(10_000, 1_000, false, 0);
        assertThat(credit.waitNs(0)).as("more than a second's worth").isEqualTo(10_000_000_000L);
        assertThat(credit.waitForRatesNs(0)).isEqualTo(10_000_000_000L);
        assertThat(credit.waitForPressureNs(0)).isZero();
        credit.published(1, 20_000_000, false, 0);
        assertThat(credit.waitNs(0)).as("its bytes take longer").isEqualTo(19_752_000_000L);
        credit.published(Integer.MAX_VALUE, Integer.MAX_VALUE, false, 0);
        credit.published(Integer.MAX_VALUE, Integer.MAX_VALUE, false, 0);
        assertThat(credit.waitNs(0)).as("an hour each at most").isBetween(hours(2), hours(3));
    }

    private static long hours(int hours) {
        return hours * 3_600_000_000_000L;
    }

    @Test
    void theRateOfAUserIsSharedByItsConnections() {
        PublishQuota user = PublishQuota.of(1_000, 0, 0);
        var one = new PublisherCredit(gate, PublishQuota.of(0, 1_000_000, 0), user, 0);
        var other = new PublisherCredit(gate, PublishQuota.UNLIMITED, user, 0);
        for (int i = 0; i < 250; i++) {
            one.published(10, false, 0);
        }
        assertThat(one.waitNs(0)).as("a quarter of a second is free").isZero();
        other.published(10, false, 0);
        assertThat(one.waitNs(0)).isEqualTo(1_000_000);
        assertThat(other.waitNs(0)).isEqualTo(1_000_000);
        one.published(500_000, false, 0);
        assertThat(one.waitNs(0)).as("its bytes").isGreaterThan(other.waitNs(0));
    }
}
