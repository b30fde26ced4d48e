package dev.sluice.testkit;

import java.util.List;

/** Stateless. What happens to the machine and its process. */
final class MachineOps {
    private static final int MOST_MS = 1_500;

    static final List<SimOp> ALL = List.of(
            new SimOp("rest", 6, BrokerSim::quiet),
            new SimOp("time", 6, sim -> sim.pass(1 + sim.random.size(MOST_MS))),
            new SimOp("slow", 3, sim -> sim.passWhileBusy(sim.random.between(1, 20))),
            new SimOp("crash", 1, sim -> sim.crash(kind(sim))),
            new SimOp("crash soon", 2, sim -> sim.crashSoon(kind(sim))),
            new SimOp("stop", 1, MachineOps::stop));

    private MachineOps() {}

    private static SimDisk.Crash kind(BrokerSim sim) {
        return sim.random.oneIn(4) ? SimDisk.Crash.KILL : SimDisk.Crash.POWER;
    }

    private static void stop(BrokerSim sim) {
        sim.stopCleanly();
        sim.start();
    }
}
