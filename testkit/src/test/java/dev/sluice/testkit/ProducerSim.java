package dev.sluice.testkit;

import dev.sluice.broker.Consumer;
import dev.sluice.broker.ConsumerSpec;
import dev.sluice.broker.DeliveryId;
import dev.sluice.broker.DeliverySink;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.PartitionStream;
import dev.sluice.broker.QueueProperty;
import dev.sluice.broker.QueueSettings;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.QueueStatistics;
import dev.sluice.broker.Refusal;
import dev.sluice.broker.Settlement;
import dev.sluice.log.RecordBatch;
import dev.sluice.log.RecordCursor;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Confined to one thread. Producers that number their batches send them again and again, in any order, to a topic, which keeps all, and to a queue, whose consumer takes them meanwhile, on a machine that crashes at random. Each record is
 * stored once and in its producer's order; none that was confirmed is missing.
 */
final class ProducerSim {
    private static final String TOPIC = "all";
    private static final String QUEUE = "taken";
    private static final int PRODUCERS = 4;
    private static final int QUIET_STEPS = 400;
    private static final int READ_BYTES = 4096;

    private final Seeded random;
    final SimTrace trace = new SimTrace();
    private final BrokerMachine machine;
    private final List<SimNumbering> producers = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();

    private record Held(Consumer consumer, long delivery) {}

    ProducerSim(long seed) {
        random = new Seeded(seed);
        machine = new BrokerMachine(random, trace);
    }

    void begin() {
        machine.begin();
        declare(TOPIC, QueueSettings.DEFAULT.with(QueueProperty.QUEUE_TYPE, "topic"));
        declare(QUEUE, QueueSettings.DEFAULT.with(QueueProperty.DELIVERY_LIMIT, -1));
        for (int i = 0; i < PRODUCERS; i++) {
            producers.add(new SimNumbering(i, i % 2 == 0 ? TOPIC : QUEUE, machine, random, trace));
        }
    }

    private void declare(String name, QueueSettings settings) {
        boolean[] made = {false};
        machine.on(
                home(),
                view -> view.declareQueue(
                        new QueueSpec(name, true, false, false, settings), 0, outcome -> made[0] = true));
        machine.runUntil(() -> made[0], name + " is not made");
    }

    private SimShard home() {
        return machine.shards().getFirst();
    }

    /** Producers and a consumer are busy until the machine goes down, or the broker stops. */
    void live(int actions) {
        held.clear();
        consume();
        machine.crashSoon(20 + 4 * actions);
        for (int i = 0; i < actions && machine.isUp(); i++) {
            if (random.percent(70)) {
                random.pick(producers).act();
            } else {
                settle();
            }
            machine.steps(random.below(60));
        }
        machine.steps(QUIET_STEPS);
        machine.restart();
        held.clear();
        verify();
    }

    private void consume() {
        machine.on(
                home(),
                view -> view.subscribe(
                        QUEUE, new ConsumerSpec(false, false, 20, null), new Taking(), 0, outcome -> {}));
    }

    private void settle() {
        machine.on(home(), view -> {
            for (int i = random.between(1, 8); i > 0 && !held.isEmpty(); i--) {
                Held next = held.remove(random.below(held.size()));
                next.consumer().settle(next.delivery(), random.percent(80) ? Settlement.ACK : Settlement.RELEASE);
            }
        });
    }

    private final class Taking implements DeliverySink {
        private int taken;

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(Consumer from, long delivery, RecordCursor record, int count, boolean redelivered) {
            if (machine.isUp()) {
                taken++;
                see(record, DeliveryId.offset(delivery));
                held.add(new Held(from, delivery));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void cancelled(Consumer cancelled) {}
    }

    private void see(RecordCursor record, long offset) {
        int producer = record.buffer().getInt(record.valueIndex());
        int number = record.buffer().getInt(record.valueIndex() + Integer.BYTES);
        producers.get(producer).see(number, offset);
    }

    /** All that was sent is confirmed in the end, if nothing happens to the machine. */
    void settleAll() {
        for (SimNumbering producer : producers) {
            for (int attempts = 0; !producer.settles(); attempts++) {
                BrokerMachine.require(attempts < 20, "producer " + producer.index + " does not get through");
                machine.steps(QUIET_STEPS);
            }
        }
        verify();
    }

    private void verify() {
        readTopic();
        takeQueue();
        producers.forEach(SimNumbering::verify);
    }

    private void readTopic() {
        long[] next = {0};
        boolean[] ended = {false};
        while (!ended[0]) {
            boolean[] read = {false};
            machine.on(
                    home(),
                    view -> Objects.requireNonNull(view.topic(TOPIC))
                            .partition(0)
                            .read(next[0], READ_BYTES, new PartitionStream.ReadReply() {
                                @Override
                                public void read(List<ByteBuf> batches, int bytes, long startOffset, long endOffset) {
                                    batches.forEach(batch -> next[0] = see(batch));
                                    batches.forEach(ByteBuf::release);
                                    read[0] = true;
                                    ended[0] = next[0] >= endOffset;
                                }

                                @Override
                                public void refused(Refusal refusal) {
                                    throw new AssertionError(refusal);
                                }
                            }));
            machine.runUntil(() -> read[0], "the topic is not read");
        }
    }

    private long see(ByteBuf batches) {
        var cursor = new RecordCursor();
        long end = 0;
        for (int at = batches.readerIndex(); at < batches.writerIndex(); at += RecordBatch.sizeInBytes(batches, at)) {
            cursor.reset(batches, at);
            while (cursor.next()) {
                see(cursor, cursor.offset());
            }
            end = RecordBatch.lastOffset(batches, at) + 1;
        }
        return end;
    }

    /** Everything that waits, and gives it back. */
    private void takeQueue() {
        long[] ready = {-1};
        machine.on(
                home(),
                view -> view.queueStatistics(QUEUE, 0, outcome -> {
                    if (outcome instanceof Outcome.Done<QueueStatistics> done) {
                        ready[0] = done.value().ready();
                    }
                }));
        machine.runUntil(() -> ready[0] >= 0, "the queue does not answer");
        Consumer[] consumer = {null};
        var taking = new Taking();
        machine.on(
                home(),
                view -> view.subscribe(QUEUE, new ConsumerSpec(false, false, 0, null), taking, 0, outcome -> {
                    if (outcome instanceof Outcome.Done<Consumer>(Consumer made)) {
                        consumer[0] = made;
                    }
                }));
        machine.runUntil(
                () -> consumer[0] != null && taking.taken >= ready[0], "the queue does not deliver " + ready[0]);
        machine.on(home(), view -> consumer[0].close());
        machine.steps(QUIET_STEPS);
        held.clear();
    }

    int repetitions() {
        return producers.stream().mapToInt(SimNumbering::repetitions).sum();
    }

    void close() {
        machine.close();
    }
}
