package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.Shard;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PublishBrakeTest {
    private final List<String> events = new ArrayList<>();
    private final List<Runnable> whenFree = new ArrayList<>();
    private final List<Runnable> scheduled = new ArrayList<>();
    private boolean full;
    private boolean consumes;
    private final PublishBrake brake = new PublishBrake(new RecordedConnection(), new SetMemory(), new StillShard());

    @Test
    void doesNothingWhileThereIsRoom() {
        brake.published(1_000_000);
        assertThat(events).isEmpty();
    }

    @Test
    void aPublisherWaitsUntilThereIsRoom() {
        full = true;
        brake.published(10);
        assertThat(events).containsExactly("hold", "blocked");
        assertThat(scheduled).isEmpty();

        full = false;
        whenFree.removeFirst().run();
        assertThat(events).containsExactly("hold", "blocked", "unblocked", "goOn");
        brake.published(10);
        assertThat(events).hasSize(4);
    }

    @Test
    void aConnectionThatAlsoConsumesGoesOnInLittleBits() {
        full = true;
        consumes = true;
        brake.published(10);
        scheduled.removeFirst().run();
        brake.published(PublishBrake.TRICKLE_BYTES - 1);
        assertThat(events).containsExactly("hold", "blocked", "goOn");

        brake.published(1);
        assertThat(events).containsExactly("hold", "blocked", "goOn", "hold");
        assertThat(whenFree).as("asked for once").hasSize(1);

        whenFree.removeFirst().run();
        scheduled.removeFirst().run();
        assertThat(events).containsExactly("hold", "blocked", "goOn", "hold", "unblocked", "goOn");
    }

    private final class RecordedConnection implements PublishBrake.Connection {
        @Override
        public void hold() {
            events.add("hold");
        }

        @Override
        public void goOn() {
            events.add("goOn");
        }

        @Override
        public boolean consumes() {
            return consumes;
        }

        @Override
        public void blocked() {
            events.add("blocked");
        }

        @Override
        public void unblocked() {
            events.add("unblocked");
        }
    }

    private final class SetMemory implements PublishBrake.Memory {
        @Override
        public boolean isFull() {
            return full;
        }

        @Override
        public void whenFree(Runnable action) {
            whenFree.add(action);
        }
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
