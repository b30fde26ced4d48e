package dev.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.broker.ConfirmSink;
import dev.sluice.broker.ConfirmWhen;
import dev.sluice.broker.Consumer;
import dev.sluice.broker.ConsumerSpec;
import dev.sluice.broker.DeliveryId;
import dev.sluice.broker.DeliverySink;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSettings.Overflow;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatistics;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.RouteHeader;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a queue does while the disk takes nothing, or does not give back at once. */
final class QueueOnDiskTest {
    private static final int STEPS = 5_000;
    private static final int LARGE_BYTES = 3_000;
    private static final int NOBODY_NEEDS_SO_MANY = 1_000;
    private static final QueueSettings TWO_PRIORITIES = QueueSettings.DEFAULT.with(QueueProperty.MAX_PRIORITY, 1);

    /** In which order reads end is chosen by the seed. */
    private static final int SEEDS = 10;

    private BrokerMachine machine = machine(1);
    private int stored;
    private int refused;

    @Test
    void dropsNothingUrgentWhileSomethingLessUrgentWaitsForTheDisk() {
        begin(TWO_PRIORITIES.withMaxLength(2, Overflow.DROP_LOWEST_PRIORITY));
        publish(2, 1, Payload.LEAST_BYTES, () -> {});
        until(() -> stored == 2, "the urgent ones are not stored");

        publish(2, 0, Payload.LEAST_BYTES, () -> machine.faults().writeFailsOneIn = 1);
        machine.steps(STEPS);
        subscribe(new Taking(false), 0); // so that the queue looks what there is to do
        assertThat(statistics().ready()).isEqualTo(4);
        assertThat(statistics().droppedAtLimit()).isZero();

        machine.faults().clear();
        until(() -> statistics().droppedAtLimit() == 2, "the limit is not kept");
        assertThat(statistics().ready()).isEqualTo(2);
        machine.close();
    }

    @Test
    void theMostUrgentComesFirstAlsoWhereOwnersTakeTurnsAndAllHasToBeReadAgain() {
        for (int seed = 0; seed < SEEDS; seed++) {
            machine = machine(seed);
            stored = 0;
            readAllAgain();
        }
    }

    private void readAllAgain() {
        begin(TWO_PRIORITIES.with(QueueProperty.ORDERING, "fair"));
        int each = 40;
        publish(each, 0, LARGE_BYTES, () -> {});
        publish(each, 1, LARGE_BYTES, () -> {});
        until(() -> stored == 2 * each, "they are not stored");
        machine.restart();

        var first = new Taking(true);
        Consumer reader = subscribe(first, 1);
        until(() -> !first.lanes.isEmpty(), "nothing comes");
        machine.steps(STEPS);
        machine.on(shard(), view -> reader.close());
        machine.steps(STEPS);
        var all = new Taking(true);
        subscribe(all, NOBODY_NEEDS_SO_MANY);
        until(() -> all.lanes.size() == 2 * each, "not all come");
        assertThat(all.lanes.subList(0, each)).containsOnly(1);
        machine.close();
    }

    @Test
    void takesRecordsAgainWhenNothingIsLeftThatCouldNotBeRead() {
        begin(QueueSettings.DEFAULT);
        publish(80, 0, LARGE_BYTES, () -> {});
        until(() -> stored == 80, "they are not stored");
        machine.restart();
        stored = 0;

        machine.faults().readFailsOneIn = 1;
        Consumer reader = subscribe(new Taking(true), 1);
        machine.steps(STEPS);
        publish(1, 0, Payload.LEAST_BYTES, () -> {});
        until(() -> refused == 1, "what could perhaps not be read is not refused");
        machine.on(shard(), view -> {
            reader.close();
            view.purgeQueue("q", 0, outcome -> {});
        });
        machine.faults().clear();
        machine.steps(STEPS);
        publish(1, 0, Payload.LEAST_BYTES, () -> {});
        until(() -> stored + refused == 2, "nobody says what became of it");
        assertThat(stored).isEqualTo(1);
        machine.close();
    }

    private static BrokerMachine machine(int seed) {
        return new BrokerMachine(new Seeded(seed), new SimTrace());
    }

    private void begin(QueueSettings settings) {
        machine.begin();
        boolean[] made = {false};
        machine.on(
                shard(),
                view -> view.declareQueue(
                        new QueueSpec("q", true, false, false, settings), 0, outcome -> made[0] = true));
        until(() -> made[0], "the queue is not made");
    }

    private SimShard shard() {
        return machine.shards().getFirst();
    }

    private void until(BooleanSupplier condition, String otherwise) {
        machine.runUntil(condition, otherwise);
    }

    /** {@code then} runs when they are in the queue, and not durable. */
    private void publish(int count, int priority, int bytes, Runnable then) {
        ByteBuf headers = Unpooled.buffer();
        RecordHeaders.writeCount(headers, 1);
        RecordHeaders.write(headers, RouteHeader.KEY, RouteHeader.encode("", "q"));
        machine.on(shard(), view -> {
            for (int i = 0; i < count; i++) {
                view.publish(
                        view.route("", "q", null),
                        RecordAttributes.NONE.withPriority(priority),
                        null,
                        Payload.of(i, bytes),
                        headers,
                        ConfirmWhen.STORED,
                        new Counting(),
                        i);
            }
            view.queueStatistics("q", 0, outcome -> then.run());
        });
    }

    private final class Counting implements ConfirmSink {
        @Override
        public void stored(long first, long last) {
            stored += (int) (last - first + 1);
        }

        @Override
        public void refused(long first, long last, Refusal refusal) {
            refused += (int) (last - first + 1);
        }
    }

    /** Somebody who gets records, and the lanes that they came from. */
    private static final class Taking implements DeliverySink {
        private final boolean isReady;
        private final List<Integer> lanes = new ArrayList<>();

        Taking(boolean isReady) {
            this.isReady = isReady;
        }

        @Override
        public boolean ready() {
            return isReady;
        }

        @Override
        public void deliver(Consumer from, long delivery, RecordCursor record, int count, boolean redelivered) {
            lanes.add(DeliveryId.lane(delivery));
        }

        @Override
        public void flush() {}

        @Override
        public void cancelled(Consumer cancelled) {}
    }

    private Consumer subscribe(DeliverySink sink, int prefetch) {
        @Nullable Consumer[] made = {null};
        machine.on(
                shard(),
                view -> view.subscribe("q", new ConsumerSpec(false, false, prefetch, null), sink, 0, outcome -> {
                    if (outcome instanceof Outcome.Done<Consumer>(Consumer its)) {
                        made[0] = its;
                    }
                }));
        until(() -> made[0] != null, "nobody can subscribe");
        return Objects.requireNonNull(made[0]);
    }

    private QueueStatistics statistics() {
        @Nullable QueueStatistics[] found = {null};
        machine.on(
                shard(),
                view -> view.queueStatistics("q", 0, outcome -> {
                    if (outcome instanceof Outcome.Done<QueueStatistics>(QueueStatistics its)) {
                        found[0] = its;
                    }
                }));
        until(() -> found[0] != null, "the queue does not answer");
        return Objects.requireNonNull(found[0]);
    }
}
