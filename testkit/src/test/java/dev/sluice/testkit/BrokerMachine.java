package dev.sluice.testkit;

import dev.sluice.broker.Broker;
import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.DiskAmount;
import dev.sluice.broker.Shards;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Confined to one thread. A simulated machine with a broker of two shards, which goes down at any moment and comes back with what the disk has kept. */
final class BrokerMachine {
    private static final int MAX_STEPS = 300_000;

    private final Seeded random;
    private final SimTrace trace;
    private SimDisk disk;
    private SimScheduler scheduler;
    private List<SimShard> shards = List.of();
    private @Nullable Storage storage;
    private @Nullable CompletableFuture<Broker> broker;

    /** What somebody does with the broker, on a shard. */
    interface Use {
        void of(BrokerShard view);
    }

    BrokerMachine(Seeded random, SimTrace trace) {
        this.random = random;
        this.trace = trace;
        disk = new SimDisk(random.fork());
        scheduler = new SimScheduler(random.fork());
    }

    // ---- lives ----

    /** The first start. */
    void begin() {
        require(startOnce(), "the broker does not start");
    }

    List<SimShard> shards() {
        return shards;
    }

    SimFaults faults() {
        return disk.faults();
    }

    /** Whether nothing has happened to it. */
    boolean isUp() {
        return disk.image() == null;
    }

    /** The machine, or the process, goes down at one of so many operations of the disk, if there are as many. */
    void crashSoon(int operations) {
        disk.crashAt(
                disk.operations() + random.below(operations),
                random.oneIn(2) ? SimDisk.Crash.KILL : SimDisk.Crash.POWER);
    }

    /** Ends this life, if it has not ended already: the machine goes down, or the broker stops in good order. Then another begins. */
    void restart() {
        if (random.oneIn(3) && isUp()) {
            disk.crashNow(SimDisk.Crash.POWER);
        }
        trace.add(isUp() ? "stop" : "crashed");
        takeDisk();
        while (!startOnce()) {
            trace.add("start again");
            takeDisk();
        }
        disk.crashAt(Long.MAX_VALUE, SimDisk.Crash.POWER); // what was planned for the life that ended without it
    }

    private void takeDisk() {
        close();
        SimDisk image = disk.image();
        disk = image == null ? disk : image;
    }

    private boolean startOnce() {
        scheduler = new SimScheduler(random.fork());
        disk.onPause(scheduler::pause);
        var threads = new SimThreads(scheduler);
        shards = List.of(new SimShard(0, scheduler), new SimShard(1, scheduler));
        Storage opened = scheduler.blocking(() -> Storage.open(disk, StorageConfig.small(), threads));
        storage = opened;
        CompletableFuture<Broker> starting = Broker.start(
                opened,
                new Shards(List.copyOf(shards)),
                BrokerLimits.defaults().withDiskFreeLimit(new DiskAmount.Bytes(0)),
                new SplittableRandom(random.nextLong()));
        broker = starting;
        runUntil(() -> starting.isDone() || !isUp(), "the broker does not start");
        if (isUp()) {
            starting.join();
        }
        return isUp();
    }

    /** Gives back what a broker holds in memory, also if it is down already. */
    void close() {
        CompletableFuture<Broker> open = Objects.requireNonNull(broker);
        CompletableFuture<Void> stopped = open.thenCompose(Broker::stop);
        runUntil(stopped::isDone, "the broker does not stop");
        Storage closing = Objects.requireNonNull(storage);
        CompletableFuture<Void> ended = closing.closeLater();
        runUntil(ended::isDone, "the storage does not end");
        scheduler.blocking(() -> {
            closing.close();
            return closing;
        });
    }

    // ---- time and tasks ----

    void on(SimShard shard, Use use) {
        Broker running = Objects.requireNonNull(broker).join();
        shard.execute(() -> use.of(running.on(shard)));
    }

    void steps(int count) {
        for (int i = 0; i < count && isUp(); i++) {
            scheduler.step();
        }
    }

    void runUntil(BooleanSupplier condition, String otherwise) {
        require(scheduler.runUntil(condition, MAX_STEPS), otherwise);
    }

    static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
