package dev.sluice.testkit;

import dev.sluice.broker.BrokerException;
import dev.sluice.broker.QueuePauses;
import dev.sluice.broker.Refusal;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Stateless. Operators pause queues and let them go on. */
final class PauseOps {
    private static final List<QueuePauses> KINDS =
            List.of(QueuePauses.PUBLISHING, QueuePauses.CONSUMING, QueuePauses.BOTH);

    static final List<SimOp> ALL = List.of(
            new SimOp("pause", 1, sim -> change(sim, QueueOps.any(sim), true, sim.random.pick(KINDS))),
            new SimOp("resume", 3, sim -> change(sim, QueueOps.any(sim), false, sim.random.pick(KINDS))));

    private PauseOps() {}

    static void resumeAll(BrokerSim sim) {
        sim.model.queuesThere().forEach(queue -> change(sim, queue, false, QueuePauses.BOTH));
    }

    private static void change(BrokerSim sim, QueueModel queue, boolean isPause, QueuePauses what) {
        sim.on(sim.random.below(sim.shardCount()), view -> {
            if (!queue.isThere()) {
                return;
            }
            sim.trace.add((isPause ? "pause " : "resume ") + what + " of " + queue.name);
            sim.model.pausing(queue);
            CompletableFuture<QueuePauses> answer =
                    isPause ? sim.tools().pause(queue.name, what) : sim.tools().resume(queue.name, what);
            var _ = answer.whenComplete((now, failure) -> sim.hears(() -> changed(sim, queue, now, failure)));
        });
    }

    private static void changed(
            BrokerSim sim, QueueModel queue, @Nullable QueuePauses now, @Nullable Throwable failure) {
        sim.trace.add("paused of " + queue.name + ": " + (failure == null ? now : failure));
        if (now != null) {
            queue.pauses.changed(now, sim.model.quietPoints());
            return;
        }
        queue.pauses.failed();
        boolean isByStorage = sim.model.isDisturbed()
                && failure instanceof BrokerException refused
                && refused.refusal().reason() == Refusal.Reason.STORAGE;
        BrokerModel.require(isByStorage || !queue.isThere(), queue + " is not paused: " + failure);
    }
}
