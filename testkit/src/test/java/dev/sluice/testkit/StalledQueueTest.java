package dev.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.ConfirmWhen;
import dev.sluice.broker.Consumer;
import dev.sluice.broker.ConsumerSpec;
import dev.sluice.broker.DeliverySink;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatistics;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.RouteHeader;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a queue does while the disk takes nothing. */
final class StalledQueueTest {
    private static final int STEPS = 5_000;

    private final BrokerMachine machine = new BrokerMachine(new Seeded(1), new SimTrace());

    @Test
    void dropsNothingUrgentWhileSomethingLessUrgentWaitsForTheDisk() {
        machine.begin();
        boolean[] made = {false};
        QueueSettings settings = QueueSettings.DEFAULT
                .with(QueueProperty.MAX_PRIORITY, 1)
                .withMaxLength(2, Overflow.DROP_LOWEST_PRIORITY);
        machine.on(
                machine.shards().getFirst(),
                view -> view.declareQueue(
                        new QueueSpec("q", true, false, false, settings), 0, outcome -> made[0] = true));
        machine.runUntil(() -> made[0], "the queue is not made");
        publishTwo(1, () -> {});
        machine.runUntil(() -> statistics().ready() == 2, "the urgent ones are not stored");

        publishTwo(0, () -> machine.faults().writeFailsOneIn = 1);
        machine.steps(STEPS);
        somebodyComes();
        assertThat(statistics().ready()).isEqualTo(4);
        assertThat(statistics().droppedAtLimit()).isZero();

        machine.faults().clear();
        machine.runUntil(() -> statistics().droppedAtLimit() == 2, "the limit is not kept");
        assertThat(statistics().ready()).isEqualTo(2);
        machine.close();
    }

    /** {@code then} runs when they are in the queue, and not durable. */
    private void publishTwo(int priority, Runnable then) {
        RecordAttributes attributes = RecordAttributes.NONE.withPriority(priority);
        ByteBuf headers = Unpooled.buffer();
        RecordHeaders.writeCount(headers, 1);
        RecordHeaders.write(headers, RouteHeader.KEY, RouteHeader.encode("", "q"));
        machine.on(machine.shards().getFirst(), view -> {
            for (int i = 0; i < 2; i++) {
                view.publish(
                        view.route("", "q", null),
                        attributes,
                        null,
                        Payload.of(i, Payload.LEAST_BYTES),
                        headers,
                        ConfirmWhen.STORED,
                        null,
                        i);
            }
            view.queueStatistics("q", 0, outcome -> then.run());
        });
    }

    /** And takes nothing, but the queue looks what there is to do. */
    private void somebodyComes() {
        boolean[] came = {false};
        var sink = new DeliverySink() {
            @Override
            public boolean ready() {
                return false;
            }

            @Override
            public void deliver(Consumer from, long delivery, RecordCursor record, int count, boolean redelivered) {
                throw new AssertionError("nobody takes anything");
            }

            @Override
            public void flush() {}

            @Override
            public void cancelled(Consumer cancelled) {}
        };
        machine.on(
                machine.shards().getFirst(),
                view -> view.subscribe(
                        "q", new ConsumerSpec(false, false, 0, null), sink, 0, outcome -> came[0] = true));
        machine.runUntil(() -> came[0], "nobody comes");
    }

    private QueueStatistics statistics() {
        @Nullable QueueStatistics[] found = {null};
        machine.on(
                machine.shards().getFirst(),
                view -> view.queueStatistics("q", 0, outcome -> {
                    if (outcome instanceof Outcome.Done<QueueStatistics>(QueueStatistics its)) {
                        found[0] = its;
                    }
                }));
        machine.runUntil(() -> found[0] != null, "the queue does not answer");
        return Objects.requireNonNull(found[0]);
    }
}
