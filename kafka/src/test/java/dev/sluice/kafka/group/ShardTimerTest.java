package dev.sluice.kafka.group;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.Shard;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.server.util.timer.TimerTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ShardTimerTest {
    private final HandShard shard = new HandShard();
    private final ShardTimer timer = new ShardTimer(shard);
    private final List<String> ran = new ArrayList<>();

    @Test
    void runsWhatIsDueInTheOrderOfTheirTimes() {
        add("late", 300);
        add("early", 100);
        add("middle", 200);
        pass(250);
        assertThat(ran).containsExactly("early", "middle");
        pass(100);
        assertThat(ran).containsExactly("early", "middle", "late");
        assertThat(timer.size()).isZero();
    }

    @Test
    void whatIsCancelledDoesNotRun() {
        TimerTask first = add("first", 100);
        add("second", 100);
        first.cancel();
        pass(100);
        assertThat(ran).containsExactly("second");
    }

    @Test
    void whatWasReplacedAgainAndAgainTakesNoRoom() {
        TimerTask session = add("session", 45_000);
        for (int i = 0; i < 20 * ShardTimer.LEAST_TO_SWEEP; i++) {
            session.cancel();
            session = add("session", 45_000);
        }
        assertThat(timer.size()).isLessThanOrEqualTo(ShardTimer.LEAST_TO_SWEEP);
        pass(45_000);
        assertThat(ran).containsExactly("session");
    }

    @Test
    void aTaskMayAddAnother() {
        timer.add(new TimerTask(100) {
            @Override
            public void run() {
                add("next", 0);
            }
        });
        pass(200);
        assertThat(ran).containsExactly("next");
    }

    @Test
    void nothingRunsOnceItIsClosed() {
        add("never", 100);
        timer.close();
        add("never", 100);
        pass(200);
        assertThat(ran).isEmpty();
    }

    private TimerTask add(String name, long delayMs) {
        var task = new TimerTask(delayMs) {
            @Override
            public void run() {
                ran.add(name);
            }
        };
        timer.add(task);
        return task;
    }

    private void pass(long ms) {
        shard.pass(ms);
    }

    /** A shard whose clock the test moves, with one timer at most. */
    private static final class HandShard implements Shard {
        private long nowMs;
        private @Nullable Runnable next;
        private long nextMs;

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
            assertThat(next).isNull();
            next = task;
            nextMs = nowMs + delayMs;
            return () -> next = null;
        }

        @Override
        public long nowMs() {
            return nowMs;
        }

        void pass(long ms) {
            long untilMs = nowMs + ms;
            for (Runnable due = next; due != null && nextMs <= untilMs; due = next) {
                next = null;
                nowMs = nextMs;
                due.run();
            }
            nowMs = untilMs;
        }
    }
}
