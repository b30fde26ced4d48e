package dev.sluice.testkit;

import java.util.List;

/** Stateless. What happens to the machine and its process. */
final class MachineOps {
    private static final int MOST_MS = 1_500;
    private static final int MOST_BYTES_LEFT = 200_000;

    static final List<SimOp> ALL = List.of(
            new SimOp("rest", 6, BrokerSim::quiet),
            new SimOp("time", 6, sim -> sim.pass(1 + sim.random.size(MOST_MS))),
            new SimOp("slow", 3, sim -> sim.passWhileBusy(sim.random.between(1, 20))),
            new SimOp("crash", 1, sim -> sim.crash(kind(sim))),
            new SimOp("crash soon", 2, sim -> sim.crashSoon(kind(sim))),
            new SimOp("stop", 1, MachineOps::stop),
            new SimOp("fault", 4, MachineOps::fault),
            new SimOp("heal", 2, BrokerSim::heal));

    private MachineOps() {}

    private static SimDisk.Crash kind(BrokerSim sim) {
        return sim.random.oneIn(4) ? SimDisk.Crash.KILL : SimDisk.Crash.POWER;
    }

    private static void stop(BrokerSim sim) {
        sim.stopCleanly();
        sim.start();
    }

    private static void fault(BrokerSim sim) {
        SimFaults faults = sim.faults();
        Seeded random = sim.random;
        switch (random.below(5)) {
            case 0 -> sim.disturb("writes fail", () -> faults.writeFailsOneIn = random.between(1, 10));
            case 1 -> sim.disturb("syncs fail", () -> faults.forceFailsOneIn = random.between(1, 5));
            case 2 -> sim.disturb("reads fail", () -> faults.readFailsOneIn = random.between(1, 5));
            case 3 -> sim.disturb("files cannot be made", () -> faults.nameFailsOneIn = random.between(1, 5));
            default ->
                sim.disturb(
                        "the disk is full",
                        () -> faults.capacityBytes = sim.usedBytes() + random.size(MOST_BYTES_LEFT));
        }
    }
}
