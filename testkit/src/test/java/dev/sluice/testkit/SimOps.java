package dev.sluice.testkit;

import java.util.List;
import java.util.stream.Stream;

/** Stateless. Everything that happens to a broker in a {@link BrokerSim}; a new kind of operation is one more line in one of the lists, or one more list. */
final class SimOps {
    private static final List<SimOp> ALL = Stream.of(
                    QueueOps.ALL, PauseOps.ALL, PublishOps.ALL, ConsumeOps.ALL, MachineOps.ALL)
            .flatMap(List::stream)
            .toList();

    private static final int TOTAL = ALL.stream().mapToInt(SimOp::weight).sum();

    private SimOps() {}

    static SimOp any(Seeded random) {
        int left = random.below(TOTAL);
        for (SimOp op : ALL) {
            left -= op.weight();
            if (left < 0) {
                return op;
            }
        }
        throw new IllegalStateException("there are no operations");
    }
}
