package dev.sluice.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.Gate;
import dev.sluice.broker.Shard;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
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
    private final SetQueue queue = new SetQueue();
    private final SetQueue otherQueue = new SetQueue();
    private final PublishBrake.Queues queues = new SetQueues();
    private long queuesWaitMs;
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
        brake.publishing(queues);
        assertThat(events).containsExactly("blocked: short", "hold");
        assertThat(scheduled).isEmpty();

        open();
        assertThat(events).containsExactly("blocked: short", "hold", "unblocked", "goOn");
        publish();
        assertThat(events).hasSize(4);
    }

    @Test
    void whoeverPublishesWhenItBeginsIsToldAtOnceAndHeldWithTheNextPublish() {
        brake.publishing(queues);
        stopped = true;
        brake.published(10);
        assertThat(events).containsExactly("blocked: short");
        brake.publishing(queues);
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
        brake.publishing(queues);
        assertThat(events).endsWith("hold");
        assertThat(delays).containsExactly((long) PublishBrake.PAUSE_MS);
        scheduled.removeFirst().run();
        assertThat(events).as("however long it ought to wait").endsWith("goOn");
        assertThat(whenOpen).as("asked for once").hasSize(1);

        brake.published(10);
        brake.publishing(queues);
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
        brake.publishing(queues);
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
        brake.publishing(queues);
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
        brake.publishing(queues);
        brake.close();
        assertThat(whenOpen).isEmpty();
        brake.publishing(queues);
        brake.published(10);
        assertThat(events).containsExactly("blocked: short", "hold");
        assertThat(whenOpen).isEmpty();
    }

    @Test
    void aPauseEndsWithItsConnection() {
        reckoning = true;
        waitMs = 50;
        brake.publishing(queues);
        brake.close();
        assertThat(scheduled).isEmpty();
    }

    @Test
    void whoPublishesToAFullQueueWaitsAndIsToldAfterAMoment() {
        queue.stopped = true;
        brake.publishing(queues);
        assertThat(events).containsExactly("hold");
        assertThat(delays).containsExactly((long) PublishBrake.MOMENT_MS);
        scheduled.removeFirst().run();
        assertThat(events).containsExactly("hold", "blocked: full");
        queue.open();
        assertThat(events).endsWith("unblocked", "goOn");
        assertThat(scheduled).isEmpty();
    }

    @Test
    void aShortWaitForAQueueIsNotWorthAWord() {
        queue.stopped = true;
        brake.publishing(queues);
        queue.open();
        assertThat(events).containsExactly("hold", "goOn");
        assertThat(scheduled).isEmpty();
    }

    @Test
    void whoIsCalledGoesOnThoughTheQueueIsFullAgain() {
        queue.stopped = true;
        brake.publishing(queues);
        queue.waiting.removeFirst().run();
        assertThat(events).containsExactly("hold", "goOn");
        brake.publishing(queues);
        assertThat(events).endsWith("hold");
        assertThat(queue.waiting).hasSize(1);
    }

    @Test
    void oneQueueAfterTheOtherIsWaitedFor() {
        queue.stopped = true;
        otherQueue.stopped = true;
        brake.publishing(queues);
        queue.open();
        assertThat(events).containsExactly("hold");
        otherQueue.open();
        assertThat(events).containsExactly("hold", "goOn");
    }

    @Test
    void aConnectionThatAlsoConsumesSendsAFullQueueOneMessageInEachPause() {
        consumes = true;
        queue.stopped = true;
        brake.publishing(queues);
        assertThat(events).containsExactly("hold");
        assertThat(delays).containsExactly((long) PublishBrake.MOMENT_MS, (long) PublishBrake.PAUSE_MS);
        scheduled.removeLast().run();
        assertThat(events).containsExactly("hold", "goOn");
        brake.publishing(queues);
        scheduled.removeLast().run();
        scheduled.removeFirst().run();
        assertThat(events).containsExactly("hold", "goOn", "hold", "goOn", "blocked: full");
        assertThat(queue.waiting).as("asked for once").hasSize(1);

        brake.publishing(queues);
        queue.open();
        assertThat(events).as("at once").endsWith("hold", "unblocked", "goOn");
        assertThat(scheduled).isEmpty();
    }

    @Test
    void theRateOfAQueueIsWaitedFor() {
        queuesWaitMs = 150;
        brake.publishing(queues);
        queuesWaitMs = 50;
        scheduled.removeFirst().run();
        queuesWaitMs = 0;
        scheduled.removeFirst().run();
        assertThat(delays).containsExactly(100L, 50L);
        assertThat(events).containsExactly("hold", "goOn");
    }

    @Test
    void aNodeThatIsShortComesBeforeAQueueThatIsFull() {
        queue.stopped = true;
        brake.publishing(queues);
        queue.open();
        stopped = true;
        brake.published(10);
        brake.publishing(queues);
        assertThat(events).containsExactly("hold", "goOn", "blocked: short", "hold");
        assertThat(queue.waiting).isEmpty();
    }

    @Test
    void aConnectionThatIsGoneLeavesNoTraceAtAQueue() {
        queue.stopped = true;
        brake.publishing(queues);
        brake.close();
        assertThat(queue.waiting).isEmpty();
        assertThat(scheduled).isEmpty();
    }

    private void publish() {
        brake.publishing(queues);
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

    private static final class SetQueue implements Gate {
        boolean stopped;
        final List<Runnable> waiting = new ArrayList<>();

        @Override
        public boolean isStopped() {
            return stopped;
        }

        @Override
        public String reason() {
            return "full";
        }

        @Override
        public void whenOpen(Runnable action) {
            waiting.add(action);
        }

        @Override
        public void forget(Runnable action) {
            waiting.remove(action);
        }

        void open() {
            stopped = false;
            waiting.removeFirst().run();
        }
    }

    private final class SetQueues implements PublishBrake.Queues {
        @Override
        public @Nullable Gate stopped() {
            return queue.stopped ? queue : otherQueue.stopped ? otherQueue : null;
        }

        @Override
        public long waitMs() {
            return queuesWaitMs;
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
