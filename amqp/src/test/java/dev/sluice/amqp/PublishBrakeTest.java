package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.Shard;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PublishBrakeTest {
    private final List<String> events = new ArrayList<>();
    private final List<Runnable> whenOpen = new ArrayList<>();
    private final List<Runnable> scheduled = new ArrayList<>();
    private final List<Long> delays = new ArrayList<>();
    private boolean stopped;
    private boolean reckoning;
    private long waitMs;
    private boolean consumes;
    private final PublishBrake brake = new PublishBrake(new RecordedConnection(), new SetPressure(), new StillShard());

    @Test
    void doesNothingWhileThereIsRoom() {
        publish();
        publish();
        assertThat(events).isEmpty();
    }

    @Test
    void aPublisherWaitsUntilThereIsRoom() {
        stopped = true;
        brake.publishing();
        assertThat(events).containsExactly("blocked: short", "hold");
        assertThat(scheduled).isEmpty();

        open();
        assertThat(events).containsExactly("blocked: short", "hold", "unblocked", "goOn");
        publish();
        assertThat(events).hasSize(4);
    }

    @Test
    void whoeverPublishesWhenItBeginsIsToldAtOnceAndHeldWithTheNextPublish() {
        brake.publishing();
        stopped = true;
        brake.published(10);
        assertThat(events).containsExactly("blocked: short");
        brake.publishing();
        assertThat(events).containsExactly("blocked: short", "hold");
    }

    @Test
    void aConnectionThatAlsoConsumesGoesOnInLittleBits() {
        stopped = true;
        reckoning = true;
        consumes = true;
        publish();
        assertThat(events).containsExactly("blocked: short", "reckoned 10");

        waitMs = 5_000;
        brake.publishing();
        assertThat(events).endsWith("hold");
        assertThat(delays).containsExactly((long) PublishBrake.PAUSE_MS);
        scheduled.removeFirst().run();
        assertThat(events).as("however long it ought to wait").endsWith("goOn");
        assertThat(whenOpen).as("asked for once").hasSize(1);

        brake.published(10);
        brake.publishing();
        open();
        assertThat(events).as("a pause is waited for").endsWith("hold", "unblocked");
        scheduled.removeFirst().run();
        assertThat(events).endsWith("unblocked", "goOn");
    }

    @Test
    void aPublisherThatIsSlowedPaysItsWholeDebtInPauses() {
        reckoning = true;
        publish();
        assertThat(events).containsExactly("reckoned 10");

        waitMs = 250;
        brake.publishing();
        waitMs = 150;
        scheduled.removeFirst().run();
        waitMs = 50;
        scheduled.removeFirst().run();
        assertThat(events).containsExactly("reckoned 10", "hold");
        assertThat(delays).containsExactly(100L, 100L, 50L);
        waitMs = 0;
        scheduled.removeFirst().run();
        assertThat(events).containsExactly("reckoned 10", "hold", "goOn");
    }

    @Test
    void aShortWaitIsLeftToAddUp() {
        reckoning = true;
        waitMs = PublishBrake.LEAST_WAIT_MS - 1;
        publish();
        assertThat(events).containsExactly("reckoned 10");
    }

    @Test
    void aPublisherThatIsSlowedMayBeStoppedInItsPause() {
        reckoning = true;
        waitMs = 50;
        brake.publishing();
        stopped = true;
        scheduled.removeFirst().run();
        assertThat(events).containsExactly("hold", "blocked: short");
        assertThat(scheduled).isEmpty();
        open();
        assertThat(events).endsWith("unblocked", "goOn");
    }

    @Test
    void aConnectionThatIsGoneIsNotCalled() {
        stopped = true;
        brake.publishing();
        brake.close();
        assertThat(whenOpen).isEmpty();
        brake.publishing();
        brake.published(10);
        assertThat(events).containsExactly("blocked: short", "hold");
        assertThat(whenOpen).isEmpty();
    }

    @Test
    void aPauseEndsWithItsConnection() {
        reckoning = true;
        waitMs = 50;
        brake.publishing();
        brake.close();
        assertThat(scheduled).isEmpty();
    }

    private void publish() {
        brake.publishing();
        brake.published(10);
    }

    private void open() {
        stopped = false;
        whenOpen.removeFirst().run();
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
        public void blocked(String reason) {
            events.add("blocked: " + reason);
        }

        @Override
        public void unblocked() {
            events.add("unblocked");
        }
    }

    private final class SetPressure implements PublishBrake.Pressure {
        @Override
        public boolean isStopped() {
            return stopped;
        }

        @Override
        public String reason() {
            return "short";
        }

        @Override
        public void whenOpen(Runnable action) {
            whenOpen.add(action);
        }

        @Override
        public void forget(Runnable action) {
            whenOpen.remove(action);
        }

        @Override
        public boolean isReckoning() {
            return reckoning;
        }

        @Override
        public void published(int bodyBytes, boolean consuming) {
            events.add("reckoned " + bodyBytes);
        }

        @Override
        public long waitMs() {
            return waitMs;
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
            delays.add(delayMs);
            return () -> scheduled.remove(task);
        }

        @Override
        public long nowMs() {
            return 0;
        }
    }
}
