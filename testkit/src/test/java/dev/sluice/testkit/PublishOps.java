package dev.sluice.testkit;

import dev.sluice.broker.ConfirmWhen;
import dev.sluice.broker.RecordAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Stateless. How records come in. */
final class PublishOps {
    private static final int MOST_AT_ONCE = 12;
    private static final int MOST_BYTES = 3_000;
    private static final int MOST_KEYS = 4;
    /** Of any value. */
    static final int LARGEST_BYTES = Payload.LEAST_BYTES + MOST_BYTES;

    static final List<SimOp> ALL = List.of(
            new SimOp("publish", 30, PublishOps::toQueue),
            new SimOp("publish to all", 6, PublishOps::toExchange),
            new SimOp("give up publishing", 1, PublishOps::giveUp));

    private PublishOps() {}

    private static void toQueue(BrokerSim sim) {
        QueueModel queue = QueueOps.any(sim);
        publish(sim, "", queue.name);
    }

    private static void toExchange(BrokerSim sim) {
        publish(sim, BrokerSim.EXCHANGE, "");
    }

    private static void publish(BrokerSim sim, String exchange, String routingKey) {
        int shard = sim.random.below(sim.shardCount());
        var drafts = new ArrayList<SimSender.Draft>();
        for (int i = 1 + sim.random.size(MOST_AT_ONCE); i > 0; i--) {
            int key = sim.random.oneIn(2) ? 0 : sim.random.between(1, MOST_KEYS);
            drafts.add(new SimSender.Draft(
                    attributes(sim.random), key, Payload.LEAST_BYTES + sim.random.size(MOST_BYTES)));
        }
        boolean wantsAnswer = sim.random.percent(80);
        ConfirmWhen confirm = sim.random.percent(85) ? ConfirmWhen.STORED : ConfirmWhen.TAKEN;
        sim.on(
                shard,
                view -> new SimSender(sim, shard, view, exchange, routingKey, wantsAnswer ? confirm : null, drafts)
                        .send());
    }

    private static void giveUp(BrokerSim sim) {
        if (!sim.senders.isEmpty()) {
            SimSender sender = sim.random.pick(sim.senders);
            sim.on(sender.shard(), sender::giveUp);
        }
    }

    /** None while nobody knows where the exchange leads. */
    static List<QueueModel> targets(BrokerSim sim, String exchange, String routingKey) {
        if (exchange.isEmpty()) {
            QueueModel queue = Objects.requireNonNull(sim.model.queues.get(routingKey));
            return queue.isThere() || queue.state == QueueModel.State.DELETING ? List.of(queue) : List.of();
        }
        boolean isSettled = sim.model.perhapsBound.isEmpty()
                && sim.model.queues.values().stream().noneMatch(queue -> queue.state == QueueModel.State.DELETING);
        return !isSettled
                ? List.of()
                : sim.model.bound.stream()
                        .map(name -> Objects.requireNonNull(sim.model.queues.get(name)))
                        .toList();
    }

    private static RecordAttributes attributes(Seeded random) {
        var attributes = RecordAttributes.NONE;
        if (random.oneIn(2)) {
            attributes = attributes.withPriority(random.below(5));
        }
        if (random.oneIn(12)) {
            attributes = attributes.withTtlMs(random.oneIn(5) ? 0 : random.between(1, 3_000));
        }
        if (random.oneIn(10)) {
            attributes = attributes.withDelayMs(random.between(1, 3_000));
        }
        return attributes;
    }
}
