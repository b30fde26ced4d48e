package dev.sluice.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MemoryGateTest {
    private final AtomicLong used = new AtomicLong();
    private final ArrayList<Runnable> scheduled = new ArrayList<>();
    private final MemoryGate gate = new MemoryGate(new StillShard(), used::get, 100);
    private int resumed;

    @Test
    void closesAboveTheLimitAndOpensAgainWellBelowIt() {
        used.set(101);
        gate.check();
        assertThat(gate.isClosed()).isTrue();
        gate.whenOpen(() -> resumed++);

        used.set(95);
        scheduled.removeFirst().run();
        assertThat(resumed).as("still too near to the limit").isZero();

        used.set(89);
        scheduled.removeFirst().run();
        assertThat(gate.isClosed()).isFalse();
        assertThat(resumed).isEqualTo(1);
        assertThat(scheduled).as("no timer is left behind").isEmpty();
    }

    /** Keeps what is scheduled for the test to run. */
    private final class StillShard implements Shard {
        @Override
        public int index() {
            return 0;
        }

        @Override
        public boolean isOwner() {
            return true;
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public Timer schedule(Runnable task, long delayMs) {
            scheduled.add(task);
            return () -> scheduled.remove(task);
        }

        @Override
        public long nowMs() {
            return 0;
        }
    }
}
