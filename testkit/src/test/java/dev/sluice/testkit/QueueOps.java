package dev.sluice.testkit;

import dev.sluice.broker.Binding;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueSpec;
import dev.sluice.broker.Refusal;
import java.util.List;
import java.util.Map;

/** Stateless. What is done with queues as a whole. */
final class QueueOps {
    private static final int MOST_QUEUES = 6;

    static final List<SimOp> ALL = List.of(
            new SimOp("declare", 6, QueueOps::declare),
            new SimOp("delete", 1, sim -> delete(sim, any(sim))),
            new SimOp("purge", 1, QueueOps::purge),
            new SimOp("bind", 3, sim -> bind(sim, any(sim))),
            new SimOp("unbind", 1, sim -> unbind(sim, any(sim).name)));

    private QueueOps() {}

    /** One of the queues; a new one where there is none. */
    static QueueModel any(BrokerSim sim) {
        List<QueueModel> there = sim.model.queuesThere();
        return there.isEmpty() ? declareNew(sim) : sim.random.pick(there);
    }

    private static void declare(BrokerSim sim) {
        if (sim.model.queuesThere().size() < MOST_QUEUES) {
            declareNew(sim);
        }
    }

    private static QueueModel declareNew(BrokerSim sim) {
        int shard = sim.random.below(sim.shardCount());
        QueueSpec spec = RandomQueues.next(sim.random, "q" + sim.model.queues.size(), sim.model.queuesThere());
        String target = spec.settings().deadLetterRoutingKey();
        QueueModel letters = target == null ? null : sim.model.queues.get(target);
        var queue = new QueueModel(spec, letters, shard, sim.shardCount());
        sim.model.queues.put(queue.name, queue);
        sim.on(shard, view -> {
            sim.trace.add("declare " + queue + " on " + shard);
            view.declareQueue(
                    spec,
                    0,
                    outcome -> sim.hears(() -> {
                        sim.trace.add("declared " + queue.name + ": " + outcome);
                        boolean isMade = outcome instanceof Outcome.Done;
                        BrokerModel.require(
                                isMade || isRefusedByStorage(sim, outcome), queue + " is not made: " + outcome);
                        queue.state = isMade ? QueueModel.State.THERE : QueueModel.State.DECLARING;
                    }));
        });
        return queue;
    }

    static void delete(BrokerSim sim, QueueModel queue) {
        sim.on(sim.random.below(sim.shardCount()), view -> {
            if (queue.state == QueueModel.State.DECLARING || queue.state == QueueModel.State.GONE) {
                return;
            }
            sim.trace.add("delete " + queue.name);
            sim.model.deleting(queue);
            view.deleteQueue(
                    queue.name,
                    false,
                    false,
                    0,
                    outcome -> sim.hears(() -> {
                        if (isRefusedByStorage(sim, outcome)) {
                            sim.trace.add("not deleted " + queue.name);
                            return;
                        }
                        boolean wasThere = !(outcome instanceof Outcome.Refused<Long>(Refusal refusal))
                                || refusal.reason() == Refusal.Reason.QUEUE_NOT_FOUND;
                        BrokerModel.require(wasThere, queue + " is not deleted: " + outcome);
                        sim.trace.add("deleted " + queue.name);
                        sim.model.deleted(queue);
                    }));
        });
    }

    /** What somebody wanted to delete while the disk did not take it. */
    static void deleteAgain(BrokerSim sim) {
        for (QueueModel queue : List.copyOf(sim.model.queues.values())) {
            if (queue.state == QueueModel.State.DELETING) {
                delete(sim, queue);
            }
        }
    }

    private static boolean isRefusedByStorage(BrokerSim sim, Outcome<?> outcome) {
        return sim.model.isDisturbed()
                && outcome instanceof Outcome.Refused<?>(Refusal refusal)
                && refusal.reason() == Refusal.Reason.STORAGE;
    }

    private static void purge(BrokerSim sim) {
        QueueModel queue = any(sim);
        sim.on(sim.random.below(sim.shardCount()), view -> {
            if (!queue.isThere()) {
                return;
            }
            sim.trace.add("purge " + queue.name);
            List<CopyModel> ready =
                    queue.copies.stream().filter(copy -> copy.ready).toList();
            sim.model.purging(queue);
            view.purgeQueue(
                    queue.name,
                    0,
                    outcome -> sim.hears(() -> {
                        sim.trace.add("purged " + queue.name + ": " + outcome);
                        sim.model.purged(queue, ready);
                        if (queue.isThere()) {
                            BrokerModel.require(outcome instanceof Outcome.Done, queue + " is not purged: " + outcome);
                        }
                    }));
        });
    }

    private static Binding binding(String queue) {
        return new Binding(BrokerSim.EXCHANGE, new Binding.Destination.ToQueue(queue), "", Map.of());
    }

    private static void bind(BrokerSim sim, QueueModel queue) {
        sim.on(sim.random.below(sim.shardCount()), view -> {
            if (!queue.isThere() || !sim.model.perhapsBound.add(queue.name)) {
                return;
            }
            sim.trace.add("bind " + queue.name);
            view.bind(
                    binding(queue.name),
                    0,
                    outcome -> sim.hears(() -> {
                        sim.trace.add("bound " + queue.name + ": " + outcome);
                        sim.model.perhapsBound.remove(queue.name);
                        if (isRefusedByStorage(sim, outcome)) {
                            sim.model.perhapsBoundLater.add(queue.name);
                        } else if (queue.isThere()) {
                            BrokerModel.require(
                                    outcome instanceof Outcome.Done<Boolean>(Boolean isNew)
                                            && isNew != sim.model.bound.contains(queue.name),
                                    queue.name + " is bound: " + outcome);
                            sim.model.bound.add(queue.name);
                        }
                    }));
        });
    }

    private static void unbind(BrokerSim sim, String queue) {
        sim.on(sim.random.below(sim.shardCount()), view -> {
            if (sim.model.perhapsBound.add(queue)) {
                unbind(sim, view, queue, true);
            }
        });
    }

    private static boolean isThere(BrokerSim sim, String queue) {
        QueueModel model = sim.model.queues.get(queue);
        return model != null && model.isThere();
    }

    /** After a start nobody knows whether it is bound; then it is not. */
    static void unbindUncertain(BrokerSim sim) {
        for (String queue : sim.model.perhapsBound) {
            sim.on(0, view -> unbind(sim, view, queue, false));
        }
    }

    private static void unbind(BrokerSim sim, BrokerShard view, String queue, boolean isCertain) {
        sim.trace.add("unbind " + queue);
        view.unbind(
                binding(queue),
                0,
                outcome -> sim.hears(() -> {
                    sim.trace.add("unbound " + queue + ": " + outcome);
                    sim.model.perhapsBound.remove(queue);
                    if (isRefusedByStorage(sim, outcome)) {
                        sim.model.perhapsBoundLater.add(queue);
                        return;
                    }
                    boolean wasBound = sim.model.bound.remove(queue);
                    BrokerModel.require(
                            !isCertain || !isThere(sim, queue) || outcome.equals(Outcome.done(wasBound)),
                            queue + " was bound: " + wasBound + ", but " + outcome);
                }));
    }
}
