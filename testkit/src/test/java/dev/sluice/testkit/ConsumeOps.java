package dev.sluice.testkit;

import dev.sluice.broker.Consumer;
import dev.sluice.broker.ConsumerSpec;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.Settlement;
import java.util.List;
import java.util.function.BiConsumer;

/** Stateless. What clients do that take records. */
final class ConsumeOps {
    private static final int MOST_CONSUMERS = 12;
    private static final int MOST_PREFETCH = 8;
    private static final int MOST_MS = 2_000;

    static final List<SimOp> ALL = List.of(
            new SimOp("subscribe", 8, sim -> take(sim, false)),
            new SimOp("open getter", 3, sim -> take(sim, true)),
            new SimOp("get", 8, sim -> one(sim, consumer -> consumer.isGetter, ConsumeOps::get)),
            new SimOp("ack", 20, sim -> settle(sim, Settlement.ACK)),
            new SimOp("release", 6, sim -> settle(sim, Settlement.RELEASE)),
            new SimOp("reject", 5, sim -> settle(sim, Settlement.REJECT)),
            new SimOp("renew", 2, ConsumeOps::renew),
            new SimOp("turn", 2, sim -> one(sim, consumer -> !consumer.isGetter, (its, consumer) -> consumer.turn())),
            new SimOp("cancel", 1, sim -> one(sim, consumer -> true, (its, consumer) -> consumer.cancel())),
            new SimOp("close", 3, sim -> one(sim, consumer -> true, ConsumeOps::close)));

    private ConsumeOps() {}

    private interface Choice {
        boolean isRight(SimConsumer consumer);
    }

    private static void one(BrokerSim sim, Choice choice, BiConsumer<BrokerSim, SimConsumer> action) {
        List<SimConsumer> right = sim.consumers.stream()
                .filter(SimConsumer::isOpen)
                .filter(choice::isRight)
                .toList();
        if (!right.isEmpty()) {
            SimConsumer consumer = sim.random.pick(right);
            sim.on(consumer.home, () -> action.accept(sim, consumer));
        }
    }

    private static void take(BrokerSim sim, boolean isGetter) {
        if (sim.consumers.size() >= MOST_CONSUMERS) {
            return;
        }
        QueueModel queue = QueueOps.any(sim);
        int home = queue.home(sim.shardCount());
        int shard = home >= 0 && sim.random.percent(70) ? home : sim.random.below(sim.shardCount());
        boolean noAck = !isGetter && sim.random.oneIn(8);
        int prefetch = isGetter || sim.random.oneIn(8) ? 0 : sim.random.between(1, MOST_PREFETCH);
        int priority = sim.random.oneIn(4) ? sim.random.below(3) : 0;
        take(sim, new SimConsumer(sim, queue, shard, isGetter, noAck, prefetch, priority));
    }

    /** The consumer begins to take records of its queue. */
    static void take(BrokerSim sim, SimConsumer consumer) {
        QueueModel queue = consumer.queue;
        sim.on(consumer.home, view -> {
            if (!queue.isThere()) {
                return;
            }
            sim.add(consumer);
            sim.trace.add(consumer + " comes to shard " + consumer.home + (consumer.noAck ? " without ack" : ""));
            Outcome.Reply<Consumer> reply = outcome -> sim.hears(() -> {
                switch (outcome) {
                    case Outcome.Done<Consumer>(Consumer handle) -> consumer.subscribed(handle);
                    case Outcome.Refused<Consumer> refused -> {
                        BrokerModel.require(!queue.isThere(), consumer + " is refused: " + refused);
                        sim.consumers.remove(consumer);
                    }
                }
            });
            if (consumer.isGetter) {
                view.openGetter(queue.name, 0, reply);
            } else {
                consumer.takes(consumer.noAck);
                var spec = new ConsumerSpec(consumer.noAck, false, consumer.prefetch, null)
                        .withPriority(consumer.priority);
                view.subscribe(queue.name, spec, consumer, 0, reply);
            }
        });
    }

    private static void get(BrokerSim sim, SimConsumer consumer) {
        consumer.get(sim.random.oneIn(6));
    }

    private static void close(BrokerSim sim, SimConsumer consumer) {
        consumer.close();
        sim.consumers.remove(consumer);
    }

    private static void settle(BrokerSim sim, Settlement settlement) {
        one(sim, consumer -> !consumer.held().isEmpty(), (its, consumer) -> {
            int most = 1 + sim.random.size(MOST_PREFETCH);
            for (int i = 0; i < most && !consumer.held().isEmpty(); i++) {
                boolean waits = settlement == Settlement.RELEASE && sim.random.oneIn(3);
                SimConsumer.Held held =
                        sim.random.oneIn(2) ? consumer.held().getFirst() : sim.random.pick(consumer.held());
                consumer.settle(held, settlement, waits ? sim.random.between(1, MOST_MS) : 0);
            }
        });
    }

    private static void renew(BrokerSim sim) {
        one(sim, consumer -> !consumer.held().isEmpty(), (its, consumer) -> {
            if (!consumer.held().isEmpty()) {
                consumer.renew(sim.random.pick(consumer.held()), sim.random.between(1, MOST_MS));
            }
        });
    }
}
