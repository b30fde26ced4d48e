package dev.sluice.testkit;

import dev.sluice.log.BackupSummary;
import dev.sluice.log.Durability;
import dev.sluice.log.FetchCallback;
import dev.sluice.log.LogId;
import dev.sluice.log.LogSettings;
import dev.sluice.log.OpenCallback;
import dev.sluice.log.PartitionLog;
import dev.sluice.log.RecordBatchBuilder;
import dev.sluice.log.RecordHeaders;
import dev.sluice.log.Storage;
import dev.sluice.log.StorageCheck;
import dev.sluice.log.StorageConfig;
import dev.sluice.log.StorageException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Confined to one thread. One machine with a storage, used at random, that crashes at random; everything it answers is
 * compared with a model. The same seed gives the same life.
 */
final class LogSim implements AutoCloseable {
    static final int MANY_LOGS = 6;
    private static final int MAX_STEPS = 20_000;
    private static final int MOST_MEMBERS = 4;
    /** What a batch has besides the bytes asked for. */
    private static final int MOST_OVERHEAD_BYTES = 600;

    private static final int MOST_SMALL_BYTES = 4_000;

    final Seeded random;
    final SimTrace trace = new SimTrace();
    final StorageConfig config;
    final List<SimLog> logs = new ArrayList<>();
    final MetadataModel metadata = new MetadataModel();
    final SimGroups groups = new SimGroups();
    private final int maxLogs;
    private final int groupPercent;
    private final RecordBatchBuilder builder = new RecordBatchBuilder(PooledByteBufAllocator.DEFAULT);

    SimDisk disk;
    private SimScheduler scheduler;
    private List<SimExecutor> owners = List.of();
    private @Nullable Storage storage;
    private int lives;
    private int injectedBefore;
    private long timestampMs;
    /** The storage is asked to end: nobody appends any more. */
    private boolean isEnding;

    /** The last write of the journal before the machine went down. */
    SimDisk.@Nullable Written lastWritten;
    /** Damage was done: a log, or the storage, may refuse. */
    boolean damageIsExpected;
    /** What the storage said when it refused to open because of damage. */
    @Nullable
    StorageException refusal;

    /** @param maxLogs 0: metadata only */
    LogSim(long seed, int maxLogs) {
        this(seed, maxLogs, 0);
    }

    /** @param groupPercent of the actions begin a group of appends */
    LogSim(long seed, int maxLogs, int groupPercent) {
        this.maxLogs = maxLogs;
        this.groupPercent = groupPercent;
        random = new Seeded(seed);
        config = config(random);
        disk = new SimDisk(random.fork());
        scheduler = new SimScheduler(random.fork());
    }

    /** Small files, so that each is filled, emptied and used again many times. */
    static StorageConfig config(Seeded random) {
        int block = 4096;
        int journalFile = block * random.between(4, 16);
        int writeBuffer = block * random.between(1, journalFile / block / 2);
        int chunk = block * random.between(1, 4);
        return new StorageConfig(
                journalFile,
                random.oneIn(2) ? journalFile : block * random.between(2, 8),
                (long) journalFile * random.between(4, 6),
                writeBuffer,
                (long) chunk * random.between(1, 8),
                chunk,
                block * random.between(4L, 40L),
                block * random.between(2, 20),
                block * random.between(2, 16));
    }

    // ---- lives of the storage ----

    boolean isAlive(int life) {
        return life == lives && disk.image() == null;
    }

    private BooleanSupplier alive() {
        int life = lives;
        return () -> isAlive(life);
    }

    /** Starts the storage on the disk as it is, after as many crashes in the middle of that as are planned. */
    void start() {
        while (!startOnce()) {
            trace.add("start again");
        }
    }

    private boolean startOnce() {
        lives++;
        isEnding = false;
        groups.lifeEnded();
        injectedBefore = disk.injected();
        scheduler = new SimScheduler(random.fork());
        owners = List.of(scheduler.serial("owner 0"), scheduler.serial("owner 1"));
        disk.onPause(scheduler::pause);
        SimThreads threads = new SimThreads(scheduler);
        Storage opened;
        try {
            opened = scheduler.blocking(() -> Storage.open(disk, config, threads));
        } catch (StorageException e) {
            return refused(e);
        }
        storage = opened;
        trace.add("storage opened");
        if (disk.image() != null) {
            takeUpImage();
            return false;
        }
        metadata.opened(opened.metadata());
        checkLogs(opened.logs());
        for (SimLog log : logs) {
            if (log.exists && random.percent(80)) {
                open(log);
            }
        }
        return true;
    }

    /** Whoever may have lost what: the storage opens. */
    void openAndClose() {
        storage = scheduler.blocking(() -> Storage.open(disk, config, new SimThreads(scheduler)));
        closeStorage(storage());
    }

    /** @return whether this is the end of it */
    private boolean refused(StorageException e) {
        trace.add("storage not opened: " + e.getMessage());
        storage = null;
        require(!disk.isLocked(), "a storage that does not open holds the lock");
        require(disk.openFiles() == 0, "a storage that does not open leaves files open");
        if (disk.image() != null) {
            takeUpImage();
            return false;
        }
        if (e.kind() == StorageException.Kind.UNAVAILABLE && disk.injected() > injectedBefore) {
            disk.faults().clear();
            return false;
        }
        if (e.kind() == StorageException.Kind.CORRUPT && damageIsExpected) {
            refusal = e;
            return true;
        }
        throw new AssertionError("the storage does not open", e);
    }

    private void checkLogs(Set<LogId> found) {
        for (SimLog log : logs) {
            if (log.state == SimLog.State.DELETED) {
                require(!found.contains(log.model.id), "log " + log.model.id + " was deleted and is there again");
            } else if (log.exists && log.state != SimLog.State.DELETING && !log.deletionFailed) {
                require(found.contains(log.model.id), "log " + log.model.id + " is gone");
            }
            log.exists = found.contains(log.model.id);
            boolean wentAway = (log.state == SimLog.State.DELETING || log.deletionFailed) && !log.exists;
            if (log.state != SimLog.State.DELETED) {
                log.state = wentAway ? SimLog.State.DELETED : SimLog.State.CLOSED;
            }
        }
    }

    private void takeUpImage() {
        SimDisk next = disk.image();
        if (next == null) {
            throw new IllegalStateException("no crash happened");
        }
        trace.add("crashed");
        disk.faults().clear();
        lastWritten = disk.lastWritten();
        shutDown();
        for (SimLog log : logs) {
            if (log.state != SimLog.State.DELETED && log.state != SimLog.State.DELETING) {
                log.state = SimLog.State.CLOSED;
            }
        }
        disk = next;
    }

    /** Gives back what a storage holds in memory. */
    private void shutDown() {
        Storage closing = storage;
        if (closing == null) {
            return;
        }
        isEnding = true;
        scheduler.runUntil(() -> false, MAX_STEPS);
        for (SimLog log : logs) {
            PartitionLog open = log.log;
            if (open != null) {
                open.close(() -> {});
                log.log = null;
            }
        }
        scheduler.runUntil(() -> false, MAX_STEPS);
        closeStorage(closing);
    }

    private void closeStorage(Storage closing) {
        CompletableFuture<Void> ended = closing.closeLater();
        require(scheduler.runUntil(ended::isDone, MAX_STEPS), "the storage does not end");
        scheduler.blocking(() -> {
            closing.close();
            return closing;
        });
        storage = null;
        scheduler.runUntil(() -> false, MAX_STEPS);
        require(disk.openFiles() == 0, disk.openFiles() + " files are open after the end");
        require(!disk.isLocked(), "the lock is held after the end");
        require(closing.tailBytes() == 0, closing.tailBytes() + " bytes of tails are held after the end");
    }

    Storage storage() {
        Storage open = storage;
        if (open == null) {
            throw new IllegalStateException("the storage is not open");
        }
        return open;
    }

    boolean isUp() {
        return storage != null;
    }

    /** Whether the storage, or a log, has said that it is damaged. */
    boolean hasRefused() {
        return refusal != null || logs.stream().anyMatch(log -> log.refusal != null);
    }

    /** If a crash happened, the machine comes back. */
    boolean cameBack() {
        if (disk.image() == null) {
            return false;
        }
        takeUpImage();
        start();
        return true;
    }

    void crash(SimDisk.Crash kind) {
        trace.add("crash " + kind);
        disk.crashNow(kind);
        takeUpImage();
    }

    /** Everything works again and has time: then all that was appended must be durable. */
    void settle() {
        disk.faults().clear();
        if (!scheduler.runUntil(this::isSettled, MAX_STEPS) && disk.image() == null) {
            throw new AssertionError("the storage does not come to rest: " + unsettled());
        }
        cameBack();
    }

    /** Until there is nothing left to do: also what nobody waits for is written. */
    void rest() {
        scheduler.runUntil(() -> disk.image() != null, MAX_STEPS);
        cameBack();
    }

    private boolean isSettled() {
        return disk.image() != null || unsettled().isEmpty();
    }

    private String unsettled() {
        if (groups.isAnyIncomplete()) {
            return "a group lacks members";
        }
        for (SimLog log : logs) {
            if (log.state == SimLog.State.OPENING
                    || log.state == SimLog.State.CLOSING
                    || log.state == SimLog.State.DELETING) {
                return "log " + log.model.id + " is " + log.state;
            }
            if (log.isOpen() && (log.open().isStalled() || log.model.durableOffset() != log.model.endOffset())) {
                return "log " + log.model.id + (log.open().isStalled() ? " is stalled" : " is not durable");
            }
        }
        return "";
    }

    /** Ends the storage as an operator would. */
    void stopCleanly() {
        trace.add("stop");
        Storage closing = storage();
        boolean allGoesWell = !disk.faults().isAny() && disk.injected() == injectedBefore;
        if (random.oneIn(2)) {
            logs.stream().filter(SimLog::isOpen).forEach(this::close);
            settle();
            closing = storage();
        }
        isEnding = true;
        allGoesWell &= !groups.isAnyIncomplete();
        closeStorage(closing);
        for (SimLog log : logs) {
            log.log = null;
            if (disk.image() == null && allGoesWell && log.isOpen()) {
                log.model.allDurable();
            }
        }
        if (disk.image() != null) {
            takeUpImage();
        }
    }

    @Override
    public void close() {
        disk.faults().clear();
        shutDown();
        builder.close();
    }

    // ---- what is done with it ----

    /** A number of random actions, with crashes and faults between them. */
    void live(int actions) {
        for (int i = 0; i < actions; i++) {
            if (!cameBack()) {
                act();
            }
            int steps = random.size(60);
            for (int step = 0; step < steps && disk.image() == null && scheduler.step(); step++) {
                // Each step checks itself.
            }
        }
        cameBack();
    }

    /** Now and then something goes wrong in {@link #live}. */
    void disturb() {
        switch (random.below(16)) {
            case 0 -> {
                crash(random.oneIn(3) ? SimDisk.Crash.KILL : SimDisk.Crash.POWER);
                start();
            }
            case 1, 2, 3, 4 ->
                disk.crashAt(
                        disk.operations() + random.below(40),
                        random.oneIn(4) ? SimDisk.Crash.KILL : SimDisk.Crash.POWER);
            case 5 -> disk.faults().writeFailsOneIn = random.between(1, 20);
            case 6 -> disk.faults().forceFailsOneIn = random.between(1, 10);
            case 7 -> disk.faults().readFailsOneIn = random.between(2, 10);
            case 8 -> disk.faults().nameFailsOneIn = random.between(1, 10);
            case 9 -> disk.faults().capacityBytes = fullness();
            case 10, 11 -> disk.faults().clear();
            case 12 -> {
                stopCleanly();
                start();
            }
            default -> settle();
        }
    }

    private long fullness() {
        long used = 0;
        for (String name : disk.names()) {
            used += disk.bytes(name).length;
        }
        return used + random.size(100_000);
    }

    private void act() {
        List<SimLog> open = logs.stream().filter(SimLog::isOpen).toList();
        if (hasGroups(groupPercent)) {
            appendGroup();
            return;
        }
        int choice = random.below(100);
        if (maxLogs == 0 || choice < 4) {
            changeMetadata();
        } else if (open.isEmpty() || choice < 10) {
            openOne();
        } else if (choice < 60) {
            append(random.pick(open));
        } else if (choice < 68) {
            trim(random.pick(open));
        } else if (choice < 76) {
            discard(random.pick(open));
        } else if (choice < 90) {
            read(random.pick(open));
        } else if (choice < 93) {
            close(random.pick(open));
        } else if (choice < 95) {
            logs.stream()
                    .filter(log -> log.exists && log.state == SimLog.State.CLOSED)
                    .findFirst()
                    .ifPresent(this::delete);
        } else {
            metadata.check(storage().metadata());
        }
    }

    private void changeMetadata() {
        metadata.change(storage().metadata(), random, alive());
    }

    private void openOne() {
        List<SimLog> closed =
                logs.stream().filter(log -> log.state == SimLog.State.CLOSED).toList();
        long living =
                logs.stream().filter(log -> log.state != SimLog.State.DELETED).count();
        if (living < maxLogs && (closed.isEmpty() || random.oneIn(3))) {
            SimLog log = new SimLog(new LogId(logs.size() + 1), settings(), groups);
            logs.add(log);
            open(log);
        } else if (!closed.isEmpty()) {
            open(random.pick(closed));
        }
    }

    private LogSettings settings() {
        return switch (random.below(6)) {
            case 0, 1 -> LogSettings.STATE;
            case 2 ->
                LogSettings.DEFAULT.withDurability(
                        random.oneIn(2) ? Durability.NONE : Durability.interval(random.between(1, 300)));
            default -> LogSettings.DEFAULT;
        };
    }

    void open(SimLog log) {
        trace.add("open " + log.model.id);
        log.state = SimLog.State.OPENING;
        int failuresBefore = disk.injected();
        OpenCallback callback = log.opening(
                alive(),
                trace::add,
                damageIsExpected,
                () -> require(
                        log.refusal != null
                                || disk.injected() > failuresBefore
                                || disk.faults().isAny(),
                        "log " + log.model.id + " does not open though nothing failed"));
        PartitionLog.Listener listener = log.listener(alive(), trace::add);
        storage().openLog(log.model.id, log.settings, random.pick(owners), listener, callback);
    }

    private void append(SimLog log) {
        if (log.open().isStalled() && !random.oneIn(10)) {
            return;
        }
        append(log, batch(random.oneIn(40) ? 60_000 : 6_000));
    }

    private void append(SimLog log, ByteBuf batch) {
        append(log, batch, null);
    }

    private void append(SimLog log, ByteBuf batch, SimGroups.@Nullable Group group) {
        String to = group == null ? "" : " of " + group;
        trace.add(log.model.id + " append " + batch.readableBytes() + " bytes at " + log.model.endOffset() + to);
        long expected = log.model.appending(batch);
        long base = group == null ? log.open().append(batch) : log.open().append(batch, group.appends);
        if (group != null) {
            group.appended(log, base, log.open().endOffset() - 1);
        }
        require(base == expected, "log " + log.model.id + " appended at " + base + ", not at " + expected);
        require(log.open().endOffset() == log.model.endOffset(), "the end offset is not dense");
    }

    /** A simulation without groups makes no choice here, so that its seeds stay what they are. */
    private boolean hasGroups(int percent) {
        return groupPercent > 0 && random.percent(percent);
    }

    /** Begins a group; each owner appends its part when its turn comes, or not before the machine goes down. */
    private void appendGroup() {
        appendGroup((int) storage().maxGroupBytes());
    }

    private void appendGroup(int mostGroupBytes) {
        List<SimLog> candidates = logs.stream()
                .filter(log -> log.isOpen() && !log.settings.isState())
                .filter(log -> !log.open().isStalled() || random.oneIn(10))
                .toList();
        if (candidates.isEmpty()) {
            return;
        }
        int members = random.between(1, MOST_MEMBERS);
        SimGroups.Group group = groups.begin(storage().group(members), members);
        int mostBytes = mostGroupBytes / members - MOST_OVERHEAD_BYTES;
        BooleanSupplier alive = alive();
        for (int i = 0; i < members; i++) {
            SimLog log = random.pick(candidates);
            Runnable append = () -> {
                if (alive.getAsBoolean() && !isEnding) {
                    appendMember(log, mostBytes, group);
                }
            };
            SimExecutor owner = random.pick(owners);
            switch (random.below(6)) {
                case 0, 1, 2 -> append.run();
                case 3, 4 -> owner.execute(append);
                default -> scheduler.schedule(random.below(100), owner, append);
            }
        }
    }

    private void appendMember(SimLog log, int mostBytes, SimGroups.Group group) {
        if (log.isOpen()) {
            append(log, batch(mostBytes), group);
        } else {
            trace.add(log.model.id + " is left by " + group);
            group.left();
        }
    }

    private ByteBuf batch(int mostBytes) {
        int records = 1 + random.size(20);
        int bytes = random.size(mostBytes) / records;
        for (int i = 0; i < records; i++) {
            byte[] value = new byte[1 + bytes];
            random.fill(value);
            builder.append(++timestampMs, null, Unpooled.wrappedBuffer(value), RecordHeaders.EMPTY);
        }
        return builder.build();
    }

    private void trim(SimLog log) {
        LogModel model = log.model;
        long before = random.oneIn(8)
                ? model.endOffset()
                : model.startOffset() + random.size((int) (model.endOffset() - model.startOffset()));
        trace.add(model.id + " trim " + before);
        model.trimmed(before);
        log.open().trim(before);
    }

    private void discard(SimLog log) {
        LogModel model = log.model;
        int records = (int) (model.endOffset() - model.startOffset());
        if (records == 0) {
            return;
        }
        long first = model.startOffset() + random.below(records);
        long last = Math.min(model.endOffset() - 1, first + random.size(records));
        trace.add(model.id + " discard " + first + ".." + last);
        model.discarded(first, last);
        log.open().discard(first, last);
    }

    private void read(SimLog log) {
        LogModel model = log.model;
        long offset = model.startOffset() + random.below((int) (model.endOffset() - model.startOffset()) + 1);
        ByteBuf tail = log.open().tail(offset);
        if (tail != null) {
            model.read(offset, model.durableOffset(), tail);
        }
        BooleanSupplier alive = alive();
        long durableThen = model.durableOffset();
        int failuresBefore = disk.injected();
        PartitionLog asked = log.open();
        asked.fetch(offset, random.size(30_000), new FetchCallback() {
            @Override
            public void fetched(ByteBuf batches) {
                try {
                    if (alive.getAsBoolean()) {
                        model.read(Math.max(offset, 0), durableThen, batches);
                    }
                } finally {
                    batches.release();
                }
            }

            @Override
            public void failed(StorageException cause) {
                if (alive.getAsBoolean()) {
                    trace.add(model.id + " fetch failed: " + cause.getMessage());
                    require(
                            log.state != SimLog.State.OPEN
                                    || log.log != asked // closed meanwhile, and opened again
                                    || disk.injected() > failuresBefore,
                            "log " + model.id + " cannot be read though nothing failed: " + cause);
                }
            }
        });
    }

    void close(SimLog log) {
        trace.add("close " + log.model.id);
        log.state = SimLog.State.CLOSING;
        boolean allGoesWell = !disk.faults().isAny() && disk.injected() == injectedBefore;
        BooleanSupplier alive = alive();
        log.open().close(() -> {
            log.log = null;
            if (alive.getAsBoolean()) {
                trace.add(log.model.id + " closed");
                log.state = SimLog.State.CLOSED;
                boolean isHeldUp = isEnding && groups.isAnyIncomplete();
                if (allGoesWell && disk.injected() == injectedBefore && !isHeldUp) {
                    log.model.allDurable();
                }
            }
        });
    }

    private void delete(SimLog log) {
        trace.add("delete " + log.model.id);
        log.state = SimLog.State.DELETING;
        BooleanSupplier alive = alive();
        int failuresBefore = disk.injected();
        storage().deleteLog(log.model.id, () -> {
            if (alive.getAsBoolean()) {
                log.exists = storage().logs().contains(log.model.id);
                trace.add(log.model.id + (log.exists ? " not deleted" : " deleted"));
                require(
                        !log.exists
                                || disk.injected() > failuresBefore
                                || disk.faults().isAny(),
                        "log " + log.model.id + " is not deleted though nothing failed");
                log.state = log.exists ? SimLog.State.CLOSED : SimLog.State.DELETED;
                log.deletionFailed = log.exists;
            }
        });
    }

    // ---- checks ----

    /** Opens every log and reads all of it. Logs that refuse are left alone. */
    void verifyEverything() {
        openClosedLogs();
        settle();
        metadata.check(storage().metadata());
        for (SimLog log : logs) {
            if (log.isOpen()) {
                readAll(log);
            }
        }
    }

    private void openClosedLogs() {
        for (SimLog log : logs) {
            if (log.exists && log.state == SimLog.State.CLOSED && log.refusal == null) {
                open(log);
            }
        }
    }

    private void readAll(SimLog log) {
        LogModel model = log.model;
        long[] next = {model.startOffset()};
        boolean[] ended = {false};
        while (!ended[0] && next[0] < model.durableOffset() && log.refusal == null) {
            ByteBuf tail = log.open().tail(next[0]);
            if (tail != null && random.oneIn(2)) {
                next[0] = model.read(next[0], model.durableOffset(), tail);
                continue;
            }
            boolean[] answered = {false};
            log.open().fetch(next[0], random.size(20_000), new FetchCallback() {
                @Override
                public void fetched(ByteBuf batches) {
                    answered[0] = true;
                    try {
                        long after = model.read(next[0], model.durableOffset(), batches);
                        ended[0] = after == next[0];
                        next[0] = after;
                    } finally {
                        batches.release();
                    }
                }

                @Override
                public void failed(StorageException cause) {
                    answered[0] = true;
                    require(
                            damageIsExpected && cause.kind() == StorageException.Kind.CORRUPT,
                            "log " + model.id + " cannot be read: " + cause);
                    log.refusal = cause;
                }
            });
            require(scheduler.runUntil(() -> answered[0], MAX_STEPS), "a fetch got no answer");
        }
    }

    /** When nothing is needed any more, next to nothing may stay on disk and in memory. */
    void verifySpaceIsGivenBack() {
        for (SimLog log : logs) {
            if (log.isOpen()) {
                log.model.trimmed(log.model.endOffset());
                log.open().trim(log.model.endOffset());
            }
        }
        scheduler.runUntil(() -> false, MAX_STEPS);
        for (SimLog log : logs) {
            if (log.isOpen()) {
                require(log.open().tailBytes() == 0, "log " + log.model.id + " holds a tail of nothing");
                require(
                        log.open().segmentBytes() == 0,
                        "log " + log.model.id + " holds " + log.open().segmentBytes()
                                + " bytes of segments of nothing");
            }
        }
    }

    // ---- a backup ----

    /** Makes one while the logs are in use, puts it in the place of the disk and opens it. */
    void restoreABackupMadeWhileInUse() {
        Map<SimLog, Long> promised = new HashMap<>();
        logs.forEach(log -> promised.put(log, log.isOpen() ? log.open().durableOffset() : log.model.endOffset()));
        SimDisk backup = new SimDisk(random.fork());
        trace.add("backup begins");
        CompletableFuture<BackupSummary> done = storage().backup(backup);
        while (!done.isDone()) {
            List<SimLog> open = logs.stream().filter(SimLog::isOpen).toList();
            if (!open.isEmpty() && random.oneIn(4)) {
                use(random.pick(open));
            }
            if (hasGroups(groupPercent / 4)) {
                appendGroup();
            }
            require(scheduler.step() || done.isDone(), "the backup does not end");
        }
        trace.add("backup has " + done.join());
        List<String> damages = StorageCheck.run(backup).damages();
        require(damages.isEmpty(), "the backup is damaged: " + damages);
        shutDown();
        disk = backup;
        groups.mayBeGone();
        for (SimLog log : logs) {
            if (log.state != SimLog.State.DELETED) {
                log.state = SimLog.State.CLOSED;
            }
            log.model.fallBackTo(log.settings.durability().isSync() ? Objects.requireNonNull(promised.get(log)) : 0);
        }
        start();
    }

    private void use(SimLog log) {
        switch (random.below(8)) {
            case 0 -> trim(log);
            case 1 -> discard(log);
            case 2 -> read(log);
            default -> append(log);
        }
    }

    // ---- a full disk ----

    /** Leaves little more than what is used, and appends until no more is taken. */
    void fillTheDisk() {
        openClosedLogs(); // nobody can give up what is in a closed one
        settle();
        disk.faults().capacityBytes = fullness();
        while (logs.stream().noneMatch(log -> log.isOpen() && !log.settings.isState())) {
            addLog(false);
        }
        if (logs.stream().noneMatch(log -> log.isOpen() && log.settings.isState())) {
            addLog(true);
        }
        SimLog filled = logs.stream()
                .filter(log -> log.isOpen() && !log.settings.isState())
                .findFirst()
                .orElseThrow();
        for (int i = 0;
                i < MAX_STEPS && (groups.isAnyIncomplete() || !filled.open().isStalled());
                i++) {
            if (!groups.isAnyIncomplete()) { // a journal file has room for what has to be written at once
                append(filled, batch(6_000));
                if (hasGroups(30)) {
                    appendGroup(MOST_SMALL_BYTES);
                }
            }
            scheduler.runUntil(() -> filled.open().isStalled(), random.size(60));
        }
        require(filled.open().isStalled(), "the disk does not become full");
        trace.add("the disk is full");
    }

    private void addLog(boolean isState) {
        LogSettings settings = isState ? LogSettings.STATE : LogSettings.DEFAULT;
        SimLog log = new SimLog(new LogId(logs.size() + 1), settings, groups);
        logs.add(log);
        open(log);
        require(scheduler.runUntil(log::isOpen, MAX_STEPS), "a log does not open");
    }

    void verifyStateIsTakenOnAFullDisk() {
        SimLog state = logs.stream()
                .filter(log -> log.isOpen() && log.settings.isState())
                .findFirst()
                .orElseThrow();
        append(state, batch(6_000));
        require(
                scheduler.runUntil(() -> state.model.durableOffset() == state.model.endOffset(), MAX_STEPS),
                "what the reserve is for is not taken on a full disk");
    }

    /** As when all is consumed and acknowledged. */
    void trimEverything() {
        for (SimLog log : logs) {
            if (log.isOpen()) {
                log.model.trimmed(log.model.endOffset());
                log.open().trim(log.model.endOffset());
            }
        }
    }

    void verifyRecordsAreTakenAgain() {
        require(
                scheduler.runUntil(
                        () -> logs.stream()
                                .noneMatch(log -> log.isOpen() && log.open().isStalled()),
                        MAX_STEPS),
                "records are not taken again though all was acknowledged");
    }

    static void require(boolean condition, String found) {
        if (!condition) {
            throw new AssertionError(found);
        }
    }
}
