package dev.sluice.testkit;

import dev.sluice.broker.ConfirmSink;
import dev.sluice.broker.ConfirmWhen;
import dev.sluice.broker.Consumer;
import dev.sluice.broker.ConsumerSpec;
import dev.sluice.broker.DeduplicationId;
import dev.sluice.broker.DeliveryId;
import dev.sluice.broker.DeliverySink;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatistics;
import dev.sluice.broker.RecordAttributes;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Route;
import dev.sluice.broker.RouteHeader;
import dev.sluice.broker.Settlement;
import dev.sluice.broker.ShardTransaction;
import dev.sluice.log.RecordCursor;
import dev.sluice.log.RecordHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Confined to one thread. Numbers are published with ids, again and again, by publishers of both shards and in transactions, to a queue that remembers ids, on a machine that crashes at random. A consumer takes them meanwhile. Each number
 * has one place in the queue, for ever; none that was confirmed is missing.
 */
final class DeduplicationSim {
    private static final int NUMBERS = 60;
    private static final int PRIORITIES = 2;
    private static final int QUIET_STEPS = 400;
    private static final long NOWHERE = -1;

    private final Seeded random;
    final SimTrace trace = new SimTrace();
    private final BrokerMachine machine;
    /** Where each number was seen. */
    private final long[] places = new long[NUMBERS];

    private final BitSet confirmed = new BitSet();
    private final BitSet settled = new BitSet();
    private final List<Held> held = new ArrayList<>();
    private int duplicates;

    private record Held(Consumer consumer, long delivery, int number) {}

    DeduplicationSim(long seed) {
        random = new Seeded(seed);
        machine = new BrokerMachine(random, trace);
        Arrays.fill(places, NOWHERE);
    }

    void begin() {
        machine.begin();
        var spec = new QueueSpec(
                "once",
                true,
                false,
                false,
                QueueSettings.DEFAULT
                        .with(QueueProperty.DELIVERY_LIMIT, -1)
                        .with(QueueProperty.MAX_PRIORITY, PRIORITIES - 1)
                        .with(QueueProperty.DEDUPLICATION_WINDOW, NUMBERS));
        boolean[] made = {false};
        machine.on(home(), view -> view.declareQueue(spec, 0, outcome -> made[0] = true));
        machine.runUntil(() -> made[0], "the queue is not made");
    }

    private SimShard home() {
        return machine.shards().getFirst();
    }

    /** Publishers and a consumer are busy until the machine goes down, or the broker stops. */
    void live(int actions) {
        held.clear();
        consume();
        machine.crashSoon(20 + 4 * actions);
        for (int i = 0; i < actions && machine.isUp(); i++) {
            act();
            machine.steps(random.below(60));
        }
        machine.steps(QUIET_STEPS);
        countDuplicates();
        machine.restart();
        held.clear();
        verify();
    }

    private void act() {
        switch (random.below(6)) {
            case 0, 1 -> publish(random.pick(machine.shards()), random.below(NUMBERS));
            case 2 -> publishAFew(random.pick(machine.shards()));
            case 3 -> transact();
            default -> settle();
        }
    }

    private void publishAFew(SimShard from) {
        for (int i = random.between(2, 5); i > 0; i--) {
            publish(from, random.below(NUMBERS));
        }
    }

    private void publish(SimShard from, int number) {
        var attributes = RecordAttributes.NONE.withPriority(random.below(PRIORITIES));
        machine.on(from, view -> {
            Route route = view.route("", "once", null);
            view.publish(
                    route, attributes, null, body(number), headers(number), ConfirmWhen.STORED, confirming(), number);
        });
    }

    /** On the shard of the queue, where nothing comes between the check and the append. */
    private void transact() {
        machine.on(home(), view -> {
            ShardTransaction tx = view.beginTransaction();
            var numbers = new ArrayList<Integer>();
            for (int i = random.between(1, 4); i > 0; i--) {
                int number = random.below(NUMBERS);
                numbers.add(number);
                tx.publish(
                        view.route("", "once", null),
                        RecordAttributes.NONE.withPriority(random.below(PRIORITIES)),
                        null,
                        body(number),
                        headers(number));
            }
            tx.commit(outcome -> {
                if (outcome instanceof Outcome.Done && machine.isUp()) {
                    numbers.forEach(this::confirmed);
                }
            });
        });
    }

    private ConfirmSink confirming() {
        return new ConfirmSink() {
            @Override
            public void stored(long first, long last) {
                if (machine.isUp()) {
                    for (long number = first; number <= last; number++) {
                        DeduplicationSim.this.confirmed((int) number);
                    }
                }
            }

            @Override
            public void refused(long first, long last, Refusal refusal) {
                trace.add("refused " + first + " to " + last + ": " + refusal);
            }
        };
    }

    private void confirmed(int number) {
        trace.add("confirmed " + number);
        confirmed.set(number);
    }

    private void consume() {
        machine.on(
                home(),
                view -> view.subscribe(
                        "once", new ConsumerSpec(false, false, 5, null), new Taking(null), 0, outcome -> {}));
    }

    private void settle() {
        machine.on(home(), view -> {
            if (!held.isEmpty()) {
                Held next = held.remove(random.below(held.size()));
                boolean ack = random.percent(70);
                next.consumer().settle(next.delivery(), ack ? Settlement.ACK : Settlement.RELEASE);
                if (ack) {
                    settled.set(next.number());
                }
            }
        });
    }

    /** What it is sent has its place, or gets it now. */
    private final class Taking implements DeliverySink {
        private final @Nullable BitSet seen;

        Taking(@Nullable BitSet seen) {
            this.seen = seen;
        }

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(Consumer from, long delivery, RecordCursor record, int count, boolean redelivered) {
            if (!machine.isUp()) {
                return; // nobody is there to receive it
            }
            int number = record.buffer().getInt(record.valueIndex());
            long place = DeliveryId.lane(delivery) * 1_000_000L + DeliveryId.offset(delivery);
            trace.add("delivered " + number + " at " + place);
            BrokerMachine.require(
                    places[number] == NOWHERE || places[number] == place,
                    "number " + number + " is at " + places[number] + " and at " + place);
            places[number] = place;
            if (seen == null) {
                held.add(new Held(from, delivery, number));
            } else {
                seen.set(number);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void cancelled(Consumer cancelled) {}
    }

    private void countDuplicates() {
        if (machine.isUp()) {
            boolean[] answered = {false};
            machine.on(
                    home(),
                    view -> view.queueStatistics("once", 0, outcome -> {
                        if (outcome instanceof Outcome.Done<QueueStatistics> done) {
                            duplicates += (int) done.value().duplicates();
                        }
                        answered[0] = true;
                    }));
            machine.runUntil(() -> answered[0] || !machine.isUp(), "the queue does not answer");
        }
    }

    int duplicates() {
        return duplicates;
    }

    /** All that was confirmed is there, or was settled. */
    private void verify() {
        var seen = new BitSet();
        Consumer[] consumer = {null};
        long[] ready = {-1};
        machine.on(
                home(),
                view -> view.queueStatistics("once", 0, outcome -> {
                    if (outcome instanceof Outcome.Done<QueueStatistics> done) {
                        ready[0] = done.value().ready();
                    }
                }));
        machine.runUntil(() -> ready[0] >= 0, "the queue does not answer");
        machine.on(
                home(),
                view -> view.subscribe(
                        "once", new ConsumerSpec(false, false, 0, null), new Taking(seen), 0, outcome -> {
                            if (outcome instanceof Outcome.Done<Consumer>(Consumer made)) {
                                consumer[0] = made;
                            }
                        }));
        machine.runUntil(
                () -> consumer[0] != null && seen.cardinality() == ready[0],
                "the queue does not deliver " + ready[0] + " different numbers");
        machine.on(home(), view -> consumer[0].close());
        machine.steps(QUIET_STEPS);
        for (int number = confirmed.nextSetBit(0); number >= 0; number = confirmed.nextSetBit(number + 1)) {
            BrokerMachine.require(
                    seen.get(number) || settled.get(number), "number " + number + " was confirmed and is not there");
        }
    }

    void close() {
        machine.close();
    }

    private static ByteBuf body(int number) {
        return Unpooled.buffer(100).writeInt(number).writeZero(60);
    }

    private static ByteBuf headers(int number) {
        ByteBuf out = Unpooled.buffer();
        RecordHeaders.writeCount(out, 2);
        RecordHeaders.write(out, RouteHeader.KEY, RouteHeader.encode("", "once"));
        RecordHeaders.write(out, DeduplicationId.KEY, DeduplicationId.encode(new byte[] {(byte) number}));
        return out;
    }
}
