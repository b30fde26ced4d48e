package dev.sluice.testkit;

import dev.sluice.broker.Broker;
import dev.sluice.broker.BrokerLimits;
import dev.sluice.broker.BrokerShard;
import dev.sluice.broker.DiskAmount;
import dev.sluice.broker.ExchangeSpec;
import dev.sluice.broker.ExchangeType;
import dev.sluice.broker.Outcome;
import dev.sluice.broker.QueueTools;
import dev.sluice.broker.Shard;
import dev.sluice.broker.Shards;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Confined to one thread. A broker on a simulated machine, used at random by clients, that crashes at random and is started again on the same disk; everything it does is compared with a {@link BrokerModel}. The same seed gives the same
 * lives.
 */
final class BrokerSim {
    /** The exchange that publishers use, besides the default one. */
    static final String EXCHANGE = "fan";

    private static final int MAX_STEPS = 200_000;
    private static final int MOST_STEPS_AT_FAULT = 3_000;
    private static final int BLOCK_BYTES = 4096;
    private static final long TAIL_BUDGET_BYTES = 4 << 20;
    private static final int MOST_SHARDS = 3;
    private static final int MOST_STEPS_BETWEEN = 60;
    /** So long after the disk is in order again everything goes on. */
    private static final long RECOVERY_MS = 5_000;
    /** Longer than anything has to wait. */
    private static final long LONGEST_WAIT_MS = 30_000;

    final Seeded random;
    final SimTrace trace = new SimTrace();
    final BrokerModel model = new BrokerModel();
    final List<SimConsumer> consumers = new ArrayList<>();
    /** Publishers that wait until there is room. */
    final List<SimSender> senders = new ArrayList<>();

    private final List<SimConsumer> allConsumers = new ArrayList<>();
    private final StorageConfig config;
    private final StatisticsCheck statistics = new StatisticsCheck();
    private final LimitCheck limits = new LimitCheck();
    private final boolean changesShards;
    private final boolean hasFaults;

    private SimDisk disk;
    private SimScheduler scheduler;
    private List<SimPublisher> publishers = List.of();
    private List<SimShard> shards = List.of();
    private @Nullable Storage storage;
    private @Nullable CompletableFuture<Broker> broker;
    private int shardCount;
    private int busyMs;
    /** Something may go wrong with the disk, or did so a moment ago. */
    private boolean isFaulty;
    /** Nobody hears any more what the broker says. */
    private boolean isEnding;

    private @Nullable AssertionError failure;

    BrokerSim(long seed) {
        random = new Seeded(seed);
        config = config(random);
        disk = new SimDisk(random.fork());
        scheduler = new SimScheduler(random.fork());
        shardCount = random.between(1, MOST_SHARDS);
        changesShards = random.oneIn(4);
        hasFaults = random.oneIn(3);
    }

    /** Small files, and room in a group for what a turn moves. */
    private static StorageConfig config(Seeded random) {
        StorageConfig small = LogSim.config(random);
        int journalFileBytes = BLOCK_BYTES * random.between(24, 64);
        return new StorageConfig(
                journalFileBytes,
                random.oneIn(2) ? journalFileBytes : BLOCK_BYTES * random.between(2, 8),
                (long) journalFileBytes * random.between(4, 6),
                small.writeBufferBytes(),
                small.segmentBytes(),
                small.chunkBytes(),
                TAIL_BUDGET_BYTES,
                small.logTailBytes(),
                small.metadataBytes());
    }

    // ---- lives ----

    /** Starts the broker on the disk as it is, again and again while that is planned to crash. */
    void start() {
        while (!startOnce()) {
            trace.add("start again");
        }
    }

    private boolean startOnce() {
        isEnding = false;
        shardCount = changesShards ? random.between(1, MOST_SHARDS) : shardCount;
        scheduler = new SimScheduler(random.fork(), scheduler.clock().nowMs() + random.below(2_000));
        disk.onPause(scheduler::pause);
        var threads = new SimThreads(scheduler);
        shards = new ArrayList<>();
        publishers = new ArrayList<>();
        for (int i = 0; i < shardCount; i++) {
            shards.add(new SimShard(i, scheduler));
            publishers.add(new SimPublisher(this, i));
        }
        Storage opened = scheduler.blocking(() -> Storage.open(disk, config, threads));
        storage = opened;
        CompletableFuture<Broker> starting = Broker.start(
                opened, new Shards(List.<Shard>copyOf(shards)), limits(), new SplittableRandom(random.nextLong()));
        broker = starting;
        runUntil(() -> starting.isDone() || disk.image() != null, "the broker does not start");
        if (disk.image() != null) {
            takeUpImage();
            return false;
        }
        starting.join();
        model.begun(scheduler.clock().nowMs());
        statistics.begun();
        limits.begun();
        trace.add("started with " + shardCount + " shards at " + model.nowMs());
        lookForQueues();
        return !cameDown();
    }

    private static BrokerLimits limits() {
        return BrokerLimits.defaults().withDiskFreeLimit(new DiskAmount.Bytes(0));
    }

    /** What was declared is there, and what was deleted is not. */
    private void lookForQueues() {
        on(
                0,
                view -> view.declareExchange(
                        new ExchangeSpec(EXCHANGE, ExchangeType.FANOUT, true, false, false, null),
                        outcome -> hears(() ->
                                BrokerModel.require(outcome instanceof Outcome.Done, "no exchange: " + outcome))));
        QueueOps.unbindUncertain(this);
        for (QueueModel queue : model.queues.values()) {
            if (queue.spec.durable()) {
                on(0, view -> view.checkQueue(queue.name, 0, outcome -> hears(() -> found(queue, outcome))));
            }
        }
        rest();
    }

    private void found(QueueModel queue, Outcome<?> outcome) {
        boolean isThere = outcome instanceof Outcome.Done;
        switch (queue.state) {
            case DECLARING -> queue.state = isThere ? QueueModel.State.THERE : QueueModel.State.GONE;
            case THERE -> BrokerModel.require(isThere, queue + " is gone: " + outcome);
            case GONE -> BrokerModel.require(!isThere, queue + " is back");
            case DELETING -> {
                if (isThere) {
                    QueueOps.delete(this, queue);
                } else {
                    model.deleted(queue);
                }
            }
        }
    }

    private void takeUpImage() {
        SimDisk next = Objects.requireNonNull(disk.image());
        trace.add("crashed");
        disk.faults().clear();
        isFaulty = false;
        model.ended(true);
        shutDown();
        disk = next;
    }

    /** If a crash happened, the machine comes back. */
    boolean cameDown() {
        if (disk.image() == null) {
            return false;
        }
        takeUpImage();
        return true;
    }

    // ---- faults of the disk ----

    SimFaults faults() {
        return disk.faults();
    }

    /** Bytes that are free on a disk which holds so many. */
    long usedBytes() {
        return disk.names().stream().mapToLong(name -> disk.bytes(name).length).sum();
    }

    /** From now on something goes wrong, in the lives that are meant to have that. */
    void disturb(String what, Runnable fault) {
        if (hasFaults) {
            trace.add("fault: " + what);
            isFaulty = true;
            model.disturbed();
            fault.run();
        }
    }

    /** The disk is in order again, and soon everything goes on. */
    void heal() {
        if (isFaulty) {
            trace.add("no more faults, after " + disk.injected());
            faults().clear();
            pass(RECOVERY_MS);
            isFaulty = false;
            QueueOps.deleteAgain(this);
        }
    }

    private void upAgain() {
        if (cameDown()) {
            start();
        }
    }

    void crash(SimDisk.Crash kind) {
        trace.add("crash " + kind);
        disk.crashNow(kind);
        takeUpImage();
        start();
    }

    /** At one of the next operations of the disk. */
    void crashSoon(SimDisk.Crash kind) {
        long operation = disk.operations() + random.below(20);
        disk.crashAt(operation, kind);
    }

    /** As an operator stops it, after all clients have gone. */
    void stopCleanly() {
        trace.add("stop");
        quiet();
        for (SimConsumer consumer : List.copyOf(consumers)) {
            on(consumer.home, view -> consumer.close());
        }
        quiet();
        if (!isUp()) {
            return;
        }
        statistics.ended();
        isEnding = true;
        Broker running = Objects.requireNonNull(broker).join();
        CompletableFuture<Void> stopped = running.stop();
        runUntil(stopped::isDone, "the broker does not stop");
        stopped.join();
        broker = null;
        closeStorage();
        consumers.clear();
        senders.clear();
        SimDisk image = disk.image();
        model.ended(image != null);
        if (image != null) {
            trace.add("crashed while it stopped");
            statistics.crashed();
            disk = image;
        }
    }

    private boolean isUp() {
        return broker != null && disk.image() == null;
    }

    /** Gives back what a broker holds in memory. */
    private void shutDown() {
        isEnding = true;
        consumers.clear();
        senders.clear();
        statistics.crashed();
        CompletableFuture<Broker> open = broker;
        if (open != null) {
            runUntil(open::isDone, "the broker does not start");
            CompletableFuture<Void> stopped = open.thenCompose(Broker::stop);
            runUntil(stopped::isDone, "the broker does not stop");
            stopped.join();
            broker = null;
        }
        closeStorage();
    }

    private void closeStorage() {
        Storage closing = storage;
        if (closing == null) {
            return;
        }
        CompletableFuture<Void> ended = closing.closeLater();
        runUntil(ended::isDone, "the storage does not end");
        scheduler.blocking(() -> {
            closing.close();
            return closing;
        });
        storage = null;
    }

    void close() {
        shutDown();
    }

    // ---- time and tasks ----

    /** Steps, without moving the clock as long as there is something to do; whether a crash happened meanwhile makes no difference. */
    private void runUntil(BooleanSupplier condition, String otherwise) {
        for (int i = 0; !condition.getAsBoolean(); i++) {
            BrokerModel.require(i < MAX_STEPS, otherwise);
            if (!scheduler.stepTask() && !scheduler.passUpTo(scheduler.clock().nowMs() + 1_000)) {
                BrokerModel.require(i < MAX_STEPS, otherwise);
            }
        }
    }

    /** One step of a task, if there is any, and a look at what it changed. */
    private boolean step() {
        boolean wasAny = scheduler.stepTask();
        Broker running = broker == null ? null : broker.getNow(null);
        if (running != null && isUp()) {
            limits.look(running, model);
        }
        return wasAny;
    }

    /** Some steps of whatever there is to do. */
    void steps(int most) {
        for (int i = 0; i < most && disk.image() == null && step(); i++) {
            throwFailure();
        }
    }

    /** Steps until nothing goes on, or a crash happens. With a disk that fails that may be never: what is tried in vain is tried again. */
    private void rest() {
        int most = isFaulty ? MOST_STEPS_AT_FAULT : MAX_STEPS;
        for (int i = 0; i < most && disk.image() == null && step(); i++) {
            throwFailure();
            BrokerModel.require(i < MAX_STEPS - 1, "the broker does not come to rest");
        }
        if (isUp()) {
            busyMs = 0;
            model.at(scheduler.clock().nowMs());
            if (!isFaulty) {
                model.quiet();
            }
        }
    }

    /** Lets everything come to rest, and compares. */
    void quiet() {
        heal();
        rest();
        if (isUp()) {
            trace.add("quiet at " + model.nowMs());
            statistics.ask(this);
            rest();
            if (isUp()) {
                statistics.compare(model, consumers);
            }
        }
        upAgain();
    }

    /** Lets time pass; what has to be done meanwhile is done at its time. */
    void pass(long ms) {
        rest();
        long endMs = scheduler.clock().nowMs() + ms;
        boolean more = true;
        while (more && isUp()) {
            more = scheduler.passUpTo(endMs);
            model.at(scheduler.clock().nowMs());
            rest();
        }
        upAgain();
    }

    /** The machine is slow: a little time passes while there is something to do. */
    void passWhileBusy(int ms) {
        int most = Math.min(ms, BrokerModel.MOST_BUSY_MS - busyMs);
        if (most > 0) {
            busyMs += most;
            scheduler.passUpTo(scheduler.clock().nowMs() + most);
            model.at(scheduler.clock().nowMs());
        }
    }

    private void throwFailure() {
        AssertionError found = failure;
        if (found != null) {
            throw found;
        }
    }

    // ---- clients ----

    int shardCount() {
        return shardCount;
    }

    QueueTools tools() {
        return Objects.requireNonNull(broker).join().tools();
    }

    SimPublisher publisher(int shard) {
        return publishers.get(shard);
    }

    /** Runs the action as a client's input on that shard, in a turn that others may share. */
    void on(int shard, Consumer<BrokerShard> action) {
        Broker running = Objects.requireNonNull(broker).join();
        SimShard its = shards.get(shard);
        its.execute(() -> hears(() -> action.accept(running.on(its))));
    }

    void on(int shard, Runnable action) {
        on(shard, view -> action.run());
    }

    /** Runs what listens to the broker, if anybody is there to listen. What it finds wrong ends the simulation, though the broker may go on. */
    void hears(Runnable action) {
        if (isEnding || disk.image() != null) {
            return;
        }
        model.at(scheduler.clock().nowMs());
        try {
            action.run();
        } catch (AssertionError found) {
            failure = failure == null ? found : failure;
        }
    }

    /** One operation, and some of what it sets going. */
    void act() {
        upAgain();
        SimOps.any(random).action().accept(this);
        steps(random.size(MOST_STEPS_BETWEEN));
    }

    /** Ends in good order or in a crash, begins again, and takes out all there is: then the model knows what was lost. */
    void drain() {
        if (random.oneIn(2)) {
            stopCleanly();
        } else {
            crash(SimDisk.Crash.POWER);
            stopCleanly();
        }
        disk.crashAt(Long.MAX_VALUE, SimDisk.Crash.POWER);
        start();
        PauseOps.resumeAll(this);
        quiet();
        model.draining();
        trace.add("drain");
        for (QueueModel queue : model.queuesThere()) {
            int home = Math.max(0, queue.home(shardCount));
            ConsumeOps.take(this, SimConsumer.thatAcksAll(this, queue, home));
        }
        quiet();
        pass(LONGEST_WAIT_MS);
        quiet();
        statistics.requireAllEmpty();
        LossCheck.drained(model);
    }

    void add(SimConsumer consumer) {
        consumers.add(consumer);
        allConsumers.add(consumer);
    }

    int numberOf(SimConsumer consumer) {
        return allConsumers.indexOf(consumer);
    }
}
